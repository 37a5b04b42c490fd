package io.vivarium.desktop.timeline;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.SnapshotSchedule;
import java.util.List;

/**
 * What a schedule comes to once it has run for long: how many automatic snapshots are kept at once,
 * and about how many bytes, by what those that there are hold.
 *
 * @param count at most, of automatic ones
 * @param bytes about, on the host's disk; 0 while there is nothing to judge by
 */
record ScheduleCost(long count, long bytes) {
  static ScheduleCost of(SnapshotSchedule schedule, List<SnapshotInfo> known) {
    if (schedule.everyMinutes() == 0) {
      return new ScheduleCost(0, 0);
    }
    long every = schedule.everyMinutes();
    long all = schedule.allForMinutes() / every;
    long perHour = Math.max(1, 60 / every);
    long hourly = Math.max(0, schedule.hourlyForHours() - all / perHour) / Math.max(1, every / 60);
    long daily = Math.max(0, schedule.dailyForDays() - schedule.hourlyForHours() / 24);
    long count = Math.max(1, all + hourly + daily);
    long bytes = count * typicalBytes(known);
    return new ScheduleCost(
        count, schedule.quotaBytes() == 0 ? bytes : Math.min(bytes, schedule.quotaBytes()));
  }

  /** The median own bytes of the automatic ones, else of all. */
  private static long typicalBytes(List<SnapshotInfo> known) {
    List<Long> own =
        known.stream()
            .filter(SnapshotInfo::automatic)
            .map(SnapshotInfo::ownBytes)
            .sorted()
            .toList();
    if (own.isEmpty()) {
      own = known.stream().map(SnapshotInfo::ownBytes).sorted().toList();
    }
    return own.isEmpty() ? 0 : own.get(own.size() / 2);
  }
}
