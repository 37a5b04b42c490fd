package io.vivarium.desktop.model;

import io.vivarium.client.VmStats;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** What a VM used over the last minutes: rates made of counters, oldest first. */
public final class StatsHistory {
  /** Points that are kept: ten minutes at one in two seconds. */
  static final int CAPACITY = 300;

  /**
   * One moment.
   *
   * @param atNanos of a clock that only goes forward
   * @param cpus host CPUs that the vCPUs kept busy, 0 to their number
   * @param guestUsedBytes guest RAM in use, as the guest says; 0 where it does not say
   * @param residentBytes host memory of the engine
   * @param diskRead bytes a second, likewise the others
   */
  public record Point(
      long atNanos,
      double cpus,
      double guestUsedBytes,
      double residentBytes,
      double diskRead,
      double diskWrite,
      double netIn,
      double netOut) {}

  private final List<Point> points = new ArrayList<>();
  private @Nullable VmStats last;

  /** Adds a reading. Counters that went back begin anew: the guest is another one. */
  public void add(VmStats now, long atNanos) {
    VmStats before = last;
    last = now;
    if (before == null || now.uptimeNanos() <= before.uptimeNanos()) {
      return;
    }
    double seconds = (now.uptimeNanos() - before.uptimeNanos()) / 1e9;
    if (points.size() == CAPACITY) {
      points.removeFirst();
    }
    points.add(
        new Point(
            atNanos,
            rate(before, now, seconds, VmStats::cpuNanos) / 1e9,
            Math.max(0, now.guestUsedBytes()),
            now.residentBytes(),
            rate(before, now, seconds, VmStats::diskReadBytes),
            rate(before, now, seconds, VmStats::diskWriteBytes),
            rate(before, now, seconds, VmStats::netReceiveBytes),
            rate(before, now, seconds, VmStats::netSendBytes)));
  }

  private static double rate(
      VmStats before, VmStats now, double seconds, ToLongFunction<VmStats> counter) {
    long change = counter.applyAsLong(now) - counter.applyAsLong(before);
    return Math.max(0, change) / seconds;
  }

  /** The VM does not run: the next reading has nothing to be compared with. */
  public void pause() {
    last = null;
  }

  /** The newest reading, or null. */
  public @Nullable VmStats last() {
    return last;
  }

  public List<Point> points() {
    return List.copyOf(points);
  }

  /** One of the values of all points. */
  public double[] values(ToDoubleFunction<Point> value) {
    return points.stream().mapToDouble(value).toArray();
  }

  /** The newest point, or null. */
  public @Nullable Point newest() {
    return points.isEmpty() ? null : points.getLast();
  }
}
