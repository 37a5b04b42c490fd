package io.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vivarium.client.SnapshotSchedule;
import io.vivarium.client.VivariumException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SpansTest {
  @Test
  void spansAreReadAsTheyAreTyped() throws Exception {
    assertThat(Spans.minutes("10m")).isEqualTo(10);
    assertThat(Spans.minutes("90min")).isEqualTo(90);
    assertThat(Spans.minutes("2h")).isEqualTo(120);
    assertThat(Spans.minutes("3d")).isEqualTo(3 * 1440);
    assertThat(Spans.minutes("off")).isZero();
  }

  @Test
  void whatIsNoneIsRefusedWithAnExample() {
    for (String wrong : List.of("", "10", "m", "-5m", "10s", "1.5h", "9999999m")) {
      VivariumException e =
          catchThrowableOfType(VivariumException.class, () -> Spans.minutes(wrong));
      assertThat(e).as(wrong).isNotNull();
      assertThat(e.kind()).isEqualTo(VivariumException.Kind.USAGE);
      assertThat(e.cure()).contains("10m");
    }
  }

  @Test
  void aScheduleIsToldInASentence() {
    assertThat(TimelineCommand.sentence(SnapshotSchedule.DEFAULT.every(10)))
        .isEqualTo(
            "A snapshot every 10 min while it runs. Kept: all for 1 h, hourly for 24 h, daily for"
                + " 30 days.");
    assertThat(TimelineCommand.sentence(new SnapshotSchedule(0, 90, 0, 0, 5L << 30)))
        .startsWith("No snapshots are taken by themselves, but before risky acts. Kept: all for 90")
        .endsWith("at most 5 GiB.");
  }
}
