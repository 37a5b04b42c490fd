package io.vivarium.client;

/**
 * When a VM is snapshotted by itself, and what is kept of that. Pinned snapshots and those that a
 * person took are never thinned out.
 *
 * @param everyMinutes while the VM runs, 1 to 1,440; 0 for never
 * @param allForMinutes how long every automatic snapshot is kept, in minutes
 * @param hourlyForHours after that, one an hour for so many hours
 * @param dailyForDays after that, one a day for so many days
 * @param quotaBytes the oldest automatic ones go when all snapshots of the VM hold more than this;
 *     0 for no limit
 */
public record SnapshotSchedule(
    int everyMinutes, int allForMinutes, int hourlyForHours, int dailyForDays, long quotaBytes) {
  /** Off; and what is kept once it is on, or of those before risky acts. */
  public static final SnapshotSchedule DEFAULT = new SnapshotSchedule(0, 60, 24, 30, 0);
}
