package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.RawDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Merges the tables of an open chain, and what an index of its lower part says, into an index. */
final class Qcow2IndexBuilder {
  private static final short NONE = -1;

  private final Path layer;
  private final Qcow2Disk top;
  private final List<Qcow2Disk> open = new ArrayList<>();
  private final List<Qcow2Index.Layer> layers = new ArrayList<>();
  private final List<Qcow2Index.Run> runs = new ArrayList<>();
  private final @Nullable Disk below;
  private int nextRun;

  /** Of a layer that is open. */
  Qcow2IndexBuilder(Path layer, Qcow2Disk top) {
    this.layer = layer;
    this.top = top;
    Disk next = top;
    while (next instanceof Qcow2Disk one
        && one.header().clusterBits() == top.header().clusterBits()) {
      open.add(one);
      next = MergedLayers.topOf(one.backing());
    }
    this.below = next;
  }

  @Nullable Qcow2Index build() throws IOException {
    long shown = Long.MAX_VALUE;
    Path at = layer;
    for (Qcow2Disk one : open) {
      // It may be open by a name of another folder: what is beside this one counts.
      if (!Qcow2Index.isName(name(at)) || !one.file().is(at)) {
        return null;
      }
      shown = Math.min(shown, one.size());
      layers.add(Qcow2Index.Layer.of(at, shown));
      String base = one.backingFile();
      at = base == null ? at : at.resolveSibling(base);
    }
    Qcow2Index lower = below instanceof IndexedLayers indexed ? indexed.index() : null;
    Qcow2Index.Layer bottom = null;
    if (lower != null) {
      if (lower.clusterBits() != top.header().clusterBits()) {
        return null;
      }
      for (Qcow2Index.Layer one : lower.layers()) {
        layers.add(one.shownTo(shown));
      }
      bottom = lower.bottom() == null ? null : lower.bottom().shownTo(shown);
    } else if (below instanceof RawDisk raw && Qcow2Index.isName(name(at))) {
      bottom = Qcow2Index.Layer.of(at, Math.min(shown, raw.size()));
    } else if (below != null) {
      return null;
    }
    if (layers.size() > BackingFiles.MAX_DEPTH) {
      return null;
    }
    int tables = top.tables().l1Size();
    for (int l1 = 0; l1 < tables; l1++) {
      if (!merge(l1, lower)) {
        return null;
      }
    }
    return new Qcow2Index(top.header().clusterBits(), top.size(), layers, bottom, runs);
  }

  /** Whether the table's clusters can stand in an index. */
  private boolean merge(int l1, @Nullable Qcow2Index lower) throws IOException {
    int count = top.header().l2Entries();
    long[] entries = new long[count];
    short[] from = new short[count];
    Arrays.fill(from, NONE);
    for (short number = 0; number < open.size(); number++) {
      long[] table = open.get(number).tables().peek(l1);
      for (int i = 0; table != null && i < count; i++) {
        if (from[i] == NONE && !L2Entry.unallocated(table[i])) {
          from[i] = number;
          entries[i] = table[i];
        }
      }
    }
    long first = (long) l1 * count;
    int clusterSize = top.header().clusterSize();
    long clusters = Math.ceilDiv(top.size(), clusterSize);
    for (int i = 0; i < count && first + i < clusters; i++) {
      if (from[i] != NONE) {
        if (L2Entry.compressed(entries[i])) {
          return false;
        }
        add(first + i, from[i], entries[i]);
      } else if (lower != null) {
        addLower(lower, first + i);
      }
    }
    return true;
  }

  /** But for what does not show through smaller disks above: zeroes, as where nothing is. */
  private void add(long cluster, int number, long entry) {
    int clusterSize = top.header().clusterSize();
    if (cluster * clusterSize < layers.get(number).shown()) {
      Qcow2Index.add(runs, cluster, number, entry, clusterSize);
    }
  }

  private void addLower(Qcow2Index lower, long cluster) {
    while (nextRun < lower.runs().size() && lower.runs().get(nextRun).end() <= cluster) {
      nextRun++;
    }
    if (nextRun < lower.runs().size() && lower.runs().get(nextRun).first() <= cluster) {
      Qcow2Index.Run run = lower.runs().get(nextRun);
      long skipped =
          L2Entry.zero(run.entry()) ? 0 : (cluster - run.first()) * top.header().clusterSize();
      add(cluster, run.layer() + open.size(), run.entry() + skipped);
    }
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }
}
