package io.vivarium.library;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.SnapshotSchedule;
import io.vivarium.library.SnapshotStore.Entry;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class RetentionTest {
  private static final Instant NOW = Instant.parse("2026-03-20T12:30:00Z");
  private static final SnapshotSchedule USUAL = SnapshotSchedule.DEFAULT.every(10);

  private static Entry entry(String id, Instant at, boolean automatic, boolean pinned) {
    return new Entry(id, id, null, "", at, true, automatic, pinned, "", LibraryTest.spec("web"));
  }

  private static Entry auto(String at) {
    return entry(at, Instant.parse(at), true, false);
  }

  private static List<String> going(
      SnapshotSchedule schedule, List<Entry> all, Instant now, @Nullable String current) {
    return new Retention(schedule, ZoneOffset.UTC)
        .outlived(all, now, current).stream().map(Entry::id).toList();
  }

  @Test
  void allOfTheLastHourStay() {
    List<Entry> all =
        List.of(
            auto("2026-03-20T11:30:00Z"),
            auto("2026-03-20T11:31:00Z"),
            auto("2026-03-20T12:29:59Z"));
    assertThat(going(USUAL, all, NOW, null)).isEmpty();
  }

  @Test
  void afterThatTheNewestOfEachHourStays() {
    List<Entry> all =
        List.of(
            auto("2026-03-20T10:10:00Z"),
            auto("2026-03-20T10:20:00Z"),
            auto("2026-03-20T10:50:00Z"),
            auto("2026-03-20T11:00:00Z"),
            auto("2026-03-20T11:20:00Z"));
    assertThat(going(USUAL, all, NOW, null))
        .containsExactly("2026-03-20T10:10:00Z", "2026-03-20T10:20:00Z", "2026-03-20T11:00:00Z");
  }

  @Test
  void afterADayTheNewestOfEachDayStaysAndAfterAMonthNone() {
    List<Entry> all =
        List.of(
            auto("2026-02-10T10:00:00Z"),
            auto("2026-03-01T01:00:00Z"),
            auto("2026-03-01T23:00:00Z"),
            auto("2026-03-18T09:00:00Z"),
            auto("2026-03-18T12:00:00Z"));
    assertThat(going(USUAL, all, NOW, null))
        .containsExactly("2026-02-10T10:00:00Z", "2026-03-01T01:00:00Z", "2026-03-18T09:00:00Z");
  }

  @Test
  void hoursAndDaysAreThoseOfTheUsersZone() {
    Retention tokyo = new Retention(USUAL, ZoneId.of("Asia/Tokyo"));
    List<Entry> all = List.of(auto("2026-03-15T14:00:00Z"), auto("2026-03-15T16:00:00Z"));
    assertThat(tokyo.outlived(all, NOW, null)).as("the 15th and the 16th there").isEmpty();
    assertThat(going(USUAL, all, NOW, null)).containsExactly("2026-03-15T14:00:00Z");
  }

  @Test
  void pinnedOnesAPersonsOwnAndYouAreHereStayForever() {
    Instant old = Instant.parse("2020-01-01T00:00:00Z");
    List<Entry> all =
        List.of(
            entry("pinned", old, true, true),
            entry("own", old, false, false),
            entry("here", old, true, false),
            entry("gone", old, true, false));
    assertThat(going(USUAL, all, NOW, "here")).containsExactly("gone");
    assertThat(new Retention(USUAL, ZoneOffset.UTC).oldestFirst(all, "here"))
        .extracting(Entry::id)
        .containsExactly("gone");
  }

  @Test
  void aPersonsOwnDoesNotStandForTheHour() {
    List<Entry> all =
        List.of(
            auto("2026-03-20T09:10:00Z"),
            entry("own", Instant.parse("2026-03-20T09:50:00Z"), false, false));
    assertThat(going(USUAL, all, NOW, null)).isEmpty();
  }

  @Test
  void zeroKeepsNoneOfThatKind() {
    SnapshotSchedule none = new SnapshotSchedule(10, 0, 0, 0, 0);
    List<Entry> all = List.of(auto("2026-03-20T12:30:00Z"), auto("2026-03-20T12:29:00Z"));
    assertThat(going(none, all, NOW, null)).hasSize(2);
  }

  @Test
  void aClockThatWasSetBackTakesNothing() {
    assertThat(going(USUAL, List.of(auto("2026-03-25T00:00:00Z")), NOW, null)).isEmpty();
  }

  /** Forty days of a VM that runs at random times, thinned out after each snapshot. */
  @Test
  void aMonthOfThinningOutKeepsEachHourAndDay() {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      Instant at = NOW.minus(Duration.ofDays(40));
      List<Entry> kept = new ArrayList<>();
      List<Instant> taken = new ArrayList<>();
      Retention retention = new Retention(USUAL, ZoneOffset.UTC);
      while (at.isBefore(NOW)) {
        taken.add(at);
        kept.add(entry("e" + taken.size(), at, true, false));
        Instant now = at;
        String current = kept.getLast().id();
        kept.removeAll(retention.outlived(kept, now, current));
        assertThat(retention.outlived(kept, now, current)).as("once is enough").isEmpty();
        assertThat(kept).as("seed %d", seed).hasSizeLessThan(7 + 25 + 31);
        at = at.plus(Duration.ofMinutes(random.nextInt(50) == 0 ? random.nextInt(3000) : 10));
      }
      Instant last = taken.getLast();
      Set<Instant> there = new HashSet<>();
      kept.forEach(one -> there.add(one.takenAt()));
      for (Instant one : taken) {
        Duration age = Duration.between(one, last);
        if (age.compareTo(Duration.ofHours(1)) <= 0) {
          assertThat(there).contains(one);
        }
        if (age.compareTo(Duration.ofHours(23)) <= 0) {
          assertThat(there)
              .as("seed %d: the hour of %s", seed, one)
              .anyMatch(x -> same(x, one, 3600));
        }
        if (age.compareTo(Duration.ofDays(29)) <= 0) {
          assertThat(there)
              .as("seed %d: the day of %s", seed, one)
              .anyMatch(x -> same(x, one, 86_400));
        }
      }
    }
  }

  private static boolean same(Instant a, Instant b, int seconds) {
    return a.getEpochSecond() / seconds == b.getEpochSecond() / seconds;
  }
}
