package io.vivarium.library;

import io.vivarium.client.SnapshotSchedule;
import io.vivarium.client.VivariumException;
import io.vivarium.library.SnapshotStore.Entry;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.function.DoublePredicate;
import org.jspecify.annotations.Nullable;

/**
 * Thins out a VM's automatic snapshots as its schedule says, and frees what only they held. They do
 * not wait in the trash: that nobody asked for them is why they go.
 *
 * <p>To be used by the VM's engine, or while none runs.
 */
public final class Thinning {
  private final SnapshotStore store;

  public Thinning(SnapshotStore store) {
    this.store = store;
  }

  /**
   * Does it.
   *
   * @param trim whether saved memory may be given back: no machine has more of it mapped than its
   *     note says
   * @param goOn asked again and again; false ends it early, which harms nothing
   * @return how many snapshots went
   */
  public int run(SnapshotSchedule schedule, Instant now, boolean trim, DoublePredicate goOn)
      throws VivariumException, IOException {
    Retention retention = Retention.of(schedule);
    String current = Library.current(store.machine());
    List<Entry> going = retention.outlived(store.entries(), now, current);
    store.removeForGood(going);
    free(trim, goOn);
    return going.size() + keepQuota(retention, current, trim, goOn);
  }

  /** Merges and gives back what no snapshot needs any more. */
  private void free(boolean trim, DoublePredicate goOn) throws VivariumException, IOException {
    new LayerMerge(store).run(goOn);
    if (trim) {
      new MemoryTrim(store).run();
    }
  }

  private int keepQuota(
      Retention retention, @Nullable String current, boolean trim, DoublePredicate goOn)
      throws VivariumException, IOException {
    long quota = retention.schedule().quotaBytes();
    int gone = 0;
    while (quota > 0 && goOn.test(0) && Holders.of(store).snapshotBytes() > quota) {
      List<Entry> left = retention.oldestFirst(store.entries(), current);
      if (left.isEmpty()) {
        return gone;
      }
      store.removeForGood(List.of(left.getFirst()));
      free(trim, goOn);
      gone++;
    }
    return gone;
  }
}
