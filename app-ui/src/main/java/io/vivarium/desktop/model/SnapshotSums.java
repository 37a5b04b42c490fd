package io.vivarium.desktop.model;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.Vivarium;
import io.vivarium.desktop.jobs.Jobs;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How much each VM's snapshots hold, for lists: read when a view asks, and not again before some
 * time has passed or the VM has changed. Lives on the interface thread.
 */
public final class SnapshotSums {
  private static final long FRESH_NANOS = 20_000_000_000L;

  /**
   * @param count of snapshots
   * @param ownBytes that no other stands on, added up
   * @param sharedBytes that several stand on; the largest such sum of one snapshot, which is a
   *     lower bound
   */
  public record Sum(int count, long ownBytes, long sharedBytes) {
    static Sum of(List<SnapshotInfo> snapshots) {
      return new Sum(
          snapshots.size(),
          snapshots.stream().mapToLong(SnapshotInfo::ownBytes).sum(),
          snapshots.stream().mapToLong(SnapshotInfo::sharedBytes).max().orElse(0));
    }
  }

  private final Vivarium vivarium;
  private final Jobs jobs;
  private final Map<String, Sum> sums = new HashMap<>();
  private final Map<String, Long> readAt = new HashMap<>();
  private final Map<String, String> readFor = new HashMap<>();
  private final Set<String> reading = new HashSet<>();

  public SnapshotSums(Vivarium vivarium, Jobs jobs) {
    this.vivarium = vivarium;
    this.jobs = jobs;
  }

  /** What is known, or null; reads it if need be and tells {@code then} when it is another. */
  public @Nullable Sum of(VmItem item, Runnable then) {
    String name = item.name();
    String state = item.state() + " " + item.info().snapshot();
    Long at = readAt.get(name);
    boolean fresh =
        at != null && System.nanoTime() - at < FRESH_NANOS && state.equals(readFor.get(name));
    if (!fresh && reading.add(name)) {
      readAt.put(name, System.nanoTime());
      readFor.put(name, state);
      jobs.read(
          () -> Sum.of(vivarium.snapshots(name)),
          sum -> {
            reading.remove(name);
            if (!sum.equals(sums.put(name, sum))) {
              then.run();
            }
          },
          why -> reading.remove(name));
    }
    return sums.get(name);
  }
}
