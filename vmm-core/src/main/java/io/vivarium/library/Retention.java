package io.vivarium.library;

import io.vivarium.client.SnapshotSchedule;
import io.vivarium.library.SnapshotStore.Entry;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which automatic snapshots go as they age: of those that are too old for all to be kept, the
 * newest of each hour of the clock stays for a while, then the newest of each day. It decides and
 * does nothing.
 *
 * @param zone whose hours and days count
 */
public record Retention(SnapshotSchedule schedule, ZoneId zone) {
  /** Of this host's time zone. */
  public static Retention of(SnapshotSchedule schedule) {
    return new Retention(schedule, ZoneId.systemDefault());
  }

  /** Those that go for their age, oldest first. */
  public List<Entry> outlived(List<Entry> all, Instant now, @Nullable String current) {
    List<Entry> candidates = candidates(all, current);
    Set<ZonedDateTime> hours = new HashSet<>();
    Set<ZonedDateTime> days = new HashSet<>();
    List<Entry> going = new ArrayList<>();
    for (Entry entry : newestFirst(all)) {
      ZonedDateTime time = entry.takenAt().atZone(zone);
      boolean newestOfHour = hours.add(time.truncatedTo(ChronoUnit.HOURS));
      boolean newestOfDay = days.add(time.truncatedTo(ChronoUnit.DAYS));
      Duration age = Duration.between(entry.takenAt(), now);
      boolean stays =
          within(age, Duration.ofMinutes(schedule.allForMinutes()))
              || (newestOfHour && within(age, Duration.ofHours(schedule.hourlyForHours())))
              || (newestOfDay && within(age, Duration.ofDays(schedule.dailyForDays())));
      if (!stays && candidates.contains(entry)) {
        going.addFirst(entry);
      }
    }
    return going;
  }

  /** Those that may go when room is wanted, in the order in which they do. */
  public List<Entry> oldestFirst(List<Entry> all, @Nullable String current) {
    return newestFirst(candidates(all, current)).reversed();
  }

  /** A clock that was set back makes none older than it is. */
  private static boolean within(Duration age, Duration span) {
    return !span.isZero() && age.compareTo(span) <= 0;
  }

  /** A person's own, pinned ones and the one that the VM stands on are never thinned out. */
  private static List<Entry> candidates(List<Entry> all, @Nullable String current) {
    return all.stream()
        .filter(
            one ->
                one.automatic()
                    && !one.pinned()
                    && !one.id().equals(current)
                    && SnapshotStore.damage(one) == null)
        .toList();
  }

  /** Only automatic ones stand for their hour and their day. */
  private static List<Entry> newestFirst(List<Entry> all) {
    return all.stream()
        .filter(Entry::automatic)
        .sorted(Comparator.comparing(Entry::takenAt).thenComparing(Entry::id).reversed())
        .toList();
  }
}
