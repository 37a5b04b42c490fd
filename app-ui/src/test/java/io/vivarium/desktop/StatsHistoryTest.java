package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.VmStats;
import io.vivarium.desktop.model.StatsHistory;
import org.junit.jupiter.api.Test;

class StatsHistoryTest {
  private final StatsHistory history = new StatsHistory();

  private void reading(long second, long cpuMillis, long read) {
    history.add(
        new VmStats(
            second * 1_000_000_000L, cpuMillis * 1_000_000L, 1 << 28, -1, 1 << 20, read, 0, 0, 0),
        second);
  }

  @Test
  void makesRatesOfCounters() {
    reading(1, 100, 0);
    assertThat(history.newest()).isNull();
    reading(3, 1100, 4096);
    assertThat(history.points().getLast().cpus()).isEqualTo(0.5);
    assertThat(history.points().getLast().diskRead()).isEqualTo(2048);
  }

  @Test
  void countersThatWentBackBeginAnew() {
    reading(10, 5000, 100_000);
    reading(1, 0, 0);
    assertThat(history.points()).isEmpty();
    reading(2, 500, 10);
    assertThat(history.points().getLast().cpus()).isEqualTo(0.5);
    reading(3, 400, 5);
    assertThat(history.points().getLast().cpus()).isZero();
    assertThat(history.points().getLast().diskRead()).isZero();
  }

  @Test
  void aPauseIsNoPoint() {
    reading(1, 0, 0);
    history.pause();
    reading(100, 99_000, 0);
    assertThat(history.points()).isEmpty();
  }

  @Test
  void forgetsTheOldest() {
    for (int second = 1; second < 1000; second++) {
      reading(second, second, 0);
    }
    assertThat(history.points()).hasSize(300);
    assertThat(history.points().getLast().atNanos()).isEqualTo(999);
  }
}
