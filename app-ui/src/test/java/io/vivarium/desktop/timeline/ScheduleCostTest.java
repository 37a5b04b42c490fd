package io.vivarium.desktop.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.SnapshotSchedule;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScheduleCostTest {
  private static SnapshotInfo snapshot(String id, boolean automatic, long bytes) {
    return new SnapshotInfo(
        id, id, null, "", Instant.EPOCH, true, automatic, false, bytes, 0, 0, "", null);
  }

  @Test
  void offCostsNothing() {
    assertThat(ScheduleCost.of(SnapshotSchedule.DEFAULT, List.of()))
        .isEqualTo(new ScheduleCost(0, 0));
  }

  @Test
  void countsAllOfAnHourHourlyOfADayAndDailyOfAMonth() {
    // Every 10 minutes: 6 of the last hour, 23 hours more, 29 days more.
    assertThat(ScheduleCost.of(SnapshotSchedule.DEFAULT.every(10), List.of()).count())
        .isEqualTo(6 + 23 + 29);
  }

  @Test
  void judgesByTheMedianOfAutomaticOnesWithinTheQuota() {
    List<SnapshotInfo> known =
        List.of(
            snapshot("big", false, 1000),
            snapshot("a", true, 10),
            snapshot("b", true, 20),
            snapshot("c", true, 300));
    assertThat(ScheduleCost.of(SnapshotSchedule.DEFAULT.every(10), known).bytes())
        .isEqualTo(58 * 20);
    SnapshotSchedule small = new SnapshotSchedule(10, 60, 24, 30, 100);
    assertThat(ScheduleCost.of(small, known).bytes()).isEqualTo(100);
  }
}
