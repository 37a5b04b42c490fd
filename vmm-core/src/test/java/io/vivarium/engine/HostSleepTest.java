package io.vivarium.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class HostSleepTest {
  private long awakeMillis = 5_000_000;
  private long wallMillis = 1_700_000_000_000L;
  private int woken;
  private final HostSleep sleep =
      new HostSleep(() -> awakeMillis * 1_000_000, () -> wallMillis, () -> woken++);

  private void pass(long awake, long asleep) {
    awakeMillis += awake;
    wallMillis += awake + asleep;
    sleep.look();
  }

  @Test
  void anHourAwakeIsNoSleep() {
    for (int i = 0; i < 1800; i++) {
      pass(2000, 0);
    }
    assertThat(woken).isZero();
  }

  @Test
  void aSleepIsToldOnce() {
    pass(2000, 3_600_000);
    pass(2000, 0);
    assertThat(woken).isEqualTo(1);
    pass(2000, 60_000);
    assertThat(woken).isEqualTo(2);
  }

  @Test
  void aClockThatIsSetBackIsToldToo() {
    pass(2000, -7_200_000);
    assertThat(woken).isEqualTo(1);
  }

  @Test
  void aClockThatIsCorrectedSlowlyIsNot() {
    for (int i = 0; i < 1000; i++) {
      pass(2000, 1);
    }
    assertThat(woken).isZero();
  }
}
