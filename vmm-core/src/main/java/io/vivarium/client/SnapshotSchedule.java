package io.vivarium.client;

import org.jspecify.annotations.Nullable;

/**
 * When a VM is snapshotted by itself, and what is kept of that. Pinned snapshots, those that a
 * person took, and the one that the VM stands on are never thinned out.
 *
 * @param everyMinutes while the VM runs, 1 to 1,440; 0 for never
 * @param allForMinutes how long every automatic snapshot is kept, 0 to 525,600 minutes
 * @param hourlyForHours the newest of each hour is kept for so many hours, 0 to 8,760
 * @param dailyForDays the newest of each day is kept for so many days, 0 to 3,650
 * @param quotaBytes the oldest automatic ones go when all snapshots of the VM hold more than this
 *     on the host's disk; 0 for no limit
 */
public record SnapshotSchedule(
    int everyMinutes, int allForMinutes, int hourlyForHours, int dailyForDays, long quotaBytes) {
  /** Off; and what is kept once it is on, or of those before risky acts. */
  public static final SnapshotSchedule DEFAULT = new SnapshotSchedule(0, 60, 24, 30, 0);

  public static final int MAX_EVERY_MINUTES = 1440;
  public static final int MAX_ALL_MINUTES = 525_600;
  public static final int MAX_HOURS = 8760;
  public static final int MAX_DAYS = 3650;

  /** The same, at another pace. */
  public SnapshotSchedule every(int minutes) {
    return new SnapshotSchedule(minutes, allForMinutes, hourlyForHours, dailyForDays, quotaBytes);
  }

  /** What is wrong with it, in one sentence, or null. */
  public @Nullable String wrong() {
    if (everyMinutes < 0 || everyMinutes > MAX_EVERY_MINUTES) {
      return "snapshots can be taken every 1 to 1440 minutes, or 0: never";
    }
    if (allForMinutes < 0 || allForMinutes > MAX_ALL_MINUTES) {
      return "all automatic snapshots can be kept for 0 to 525600 minutes";
    }
    if (hourlyForHours < 0 || hourlyForHours > MAX_HOURS) {
      return "hourly snapshots can be kept for 0 to 8760 hours";
    }
    if (dailyForDays < 0 || dailyForDays > MAX_DAYS) {
      return "daily snapshots can be kept for 0 to 3650 days";
    }
    return quotaBytes < 0 ? "the quota of snapshots cannot be less than 0" : null;
  }
}
