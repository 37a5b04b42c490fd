package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.store.StoreFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.DoublePredicate;
import org.jspecify.annotations.Nullable;

/**
 * Several layers that stand on one another made one: an image that reads as the topmost and stands
 * on what the lowest stood on. The layers are sealed; they are read, and not changed.
 */
public final class Qcow2Merge implements AutoCloseable {
  private final List<Path> files;
  private final Qcow2Disk top;
  private final List<Qcow2Disk> layers;

  /** The clusters that the merged image holds, and those that more than one layer does. */
  private final BitSet held = new BitSet();

  private long several;

  private Qcow2Merge(List<Path> files, Qcow2Disk top, List<Qcow2Disk> layers) {
    this.files = files;
    this.top = top;
    this.layers = layers;
  }

  /**
   * Opens layers to merge them.
   *
   * @param files from the top down, at least two; each stands on the next, in one folder
   * @return null where they cannot be merged: another cluster size, or one is smaller than what it
   *     stands on
   */
  public static @Nullable Qcow2Merge open(List<Path> files) throws IOException {
    Path folder = StoreFiles.parent(files.getFirst());
    Qcow2Disk top =
        Qcow2Disk.open(
            files.getFirst(),
            true,
            BackingFiles.inside(folder).withoutIndexes(),
            HolePunch.Factory.NONE);
    boolean done = false;
    try {
      List<Qcow2Disk> layers = new ArrayList<>(List.of(top));
      Disk below = MergedLayers.topOf(top.backing());
      for (int i = 1; i < files.size(); i++) {
        if (!(below instanceof Qcow2Disk layer)
            || layer.header().clusterBits() != top.header().clusterBits()
            || layer.size() > layers.getLast().size()
            || !layer.file().is(files.get(i))) {
          return null;
        }
        layers.add(layer);
        below = layer.backing();
      }
      if ((below != null && below.size() > layers.getLast().size())
          || top.size() / top.header().clusterSize() >= Integer.MAX_VALUE) {
        return null;
      }
      Qcow2Merge merge = new Qcow2Merge(files, top, layers);
      merge.count();
      done = true;
      return merge;
    } finally {
      if (!done) {
        top.close();
      }
    }
  }

  private void count() throws IOException {
    int perTable = top.header().l2Entries();
    for (int l1 = 0; l1 < top.tables().l1Size(); l1++) {
      for (Qcow2Disk layer : layers) {
        long[] table = layer.tables().peek(l1);
        for (int i = 0; table != null && i < perTable; i++) {
          long cluster = (long) l1 * perTable + i;
          if (!L2Entry.unallocated(table[i]) && cluster * clusterSize() < layer.size()) {
            if (held.get((int) cluster)) {
              several++;
            }
            held.set((int) cluster);
          }
        }
      }
    }
  }

  private int clusterSize() {
    return top.header().clusterSize();
  }

  /** Bytes that {@link #write} copies, at most. */
  public long copied() {
    return (long) held.cardinality() * clusterSize();
  }

  /** Bytes of the layers that nobody reads any more once they are one. */
  public long freed() {
    return several * clusterSize();
  }

  /**
   * Writes the merged image, durably.
   *
   * @param file is not there yet, in the layers' folder
   * @param goOn told which part is done; false ends it
   * @return whether all was written; else the file is to be deleted
   */
  public boolean write(Path file, DoublePredicate goOn) throws IOException {
    Qcow2Header bottom = layers.getLast().header();
    Qcow2.create(file, top.size(), bottom.backingFile(), bottom.backingFormat());
    Path folder = StoreFiles.parent(files.getFirst());
    try (Qcow2Disk out =
        Qcow2Disk.open(file, false, BackingFiles.inside(folder), HolePunch.Factory.NONE)) {
      if (out.header().clusterBits() != top.header().clusterBits()) {
        return false;
      }
      long done = 0;
      byte[] bytes = new byte[clusterSize()];
      for (int c = held.nextSetBit(0); c >= 0; c = held.nextSetBit(c + 1)) {
        long at = (long) c * clusterSize();
        int n = (int) Math.min(clusterSize(), top.size() - at);
        if (zero(c)) {
          out.writeZeroes(at, n, true);
        } else {
          MemorySegment piece = MemorySegment.ofArray(bytes).asSlice(0, n);
          top.read(at, piece);
          out.write(at, piece);
        }
        done++;
        if ((done & 15) == 0 && !goOn.test((double) done / held.cardinality())) {
          return false;
        }
      }
      out.flush();
    }
    return true;
  }

  /** Whether the topmost layer that holds a cluster says that it is zeroes. */
  private boolean zero(int cluster) throws IOException {
    long at = (long) cluster * clusterSize();
    for (Qcow2Disk layer : layers) {
      L2Tables tables = layer.tables();
      L2Tables.Table table = at < layer.size() ? tables.get(tables.l1Index(at)) : null;
      long entry = table == null ? 0 : table.entries[tables.l2Index(at)];
      if (!L2Entry.unallocated(entry)) {
        return L2Entry.zero(entry);
      }
    }
    return false;
  }

  @Override
  public void close() throws IOException {
    top.close();
  }
}
