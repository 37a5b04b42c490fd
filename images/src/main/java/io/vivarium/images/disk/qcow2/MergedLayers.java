package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.DiskFile;
import io.vivarium.images.disk.DiskRange;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * What a chain of sealed qcow2 layers reads as, by one merged index: which layer holds a cluster is
 * looked for once, layer by layer, and known from then on. So a read costs the same on one layer
 * and on two hundred, and memory grows with the disk, not with the number of layers.
 */
final class MergedLayers extends SealedDisk {
  /** Of an index's pieces, each of 80 KiB for 512 MiB of disk with clusters of 64 KiB. */
  private static final long MAX_INDEX_BYTES = 32 << 20;

  private static final short NONE = -1;

  private final Qcow2Disk top;

  /** From the top down. */
  private final List<Qcow2Disk> layers;

  /** Those of the layers. */
  private final DiskFile[] files;

  /** What stands below them all; not qcow2, or with clusters of another size. */
  private final @Nullable Disk bottom;

  /** How much of each layer, and of the bottom, shows through the sizes of those above. */
  private final long[] shown;

  private final int clusterSize;
  private final AtomicReferenceArray<@Nullable Piece> index;
  private final AtomicInteger pieces = new AtomicInteger();

  /** The entries of one L2 table of the merged disk, and the layers that they are from. */
  private static final class Piece {
    final long[] entries;
    final short[] layers;

    Piece(long[] entries, short[] layers) {
      this.entries = entries;
      this.layers = layers;
    }

    boolean follows(int i, int clusterSize) {
      if (i + 1 >= entries.length || layers[i + 1] != layers[i]) {
        return false;
      }
      return layers[i] == NONE
          || (L2Entry.plain(entries[i + 1])
              && L2Entry.offset(entries[i + 1]) == L2Entry.offset(entries[i]) + clusterSize);
    }
  }

  private MergedLayers(List<Qcow2Disk> layers, @Nullable Disk bottom) {
    this.top = layers.getFirst();
    this.layers = layers;
    this.files = layers.stream().map(Qcow2Disk::file).toArray(DiskFile[]::new);
    this.bottom = bottom;
    this.clusterSize = top.header().clusterSize();
    this.shown = new long[layers.size() + 1];
    long least = Long.MAX_VALUE;
    for (int i = 0; i < layers.size(); i++) {
      least = Math.min(least, layers.get(i).size());
      shown[i] = least;
    }
    shown[layers.size()] = bottom == null ? 0 : Math.min(least, bottom.size());
    this.index = new AtomicReferenceArray<>(top.tables().l1Size());
  }

  /** Takes over a disk that was opened read-only, with all below it. */
  static Disk over(Disk disk) {
    if (!(disk instanceof Qcow2Disk top)) {
      return disk;
    }
    List<Qcow2Disk> layers = new ArrayList<>();
    Disk next = top;
    while (next instanceof Qcow2Disk layer
        && layer.header().clusterBits() == top.header().clusterBits()) {
      layers.add(layer);
      next = layer.backing();
    }
    return layers.size() == 1 ? top : new MergedLayers(layers, next);
  }

  /** The uppermost layer of what was opened below an image. */
  static @Nullable Disk topOf(@Nullable Disk disk) {
    return disk instanceof MergedLayers merged ? merged.top : disk;
  }

  private Piece piece(int l1Index) throws IOException {
    Piece piece = index.get(l1Index);
    if (piece != null) {
      return piece;
    }
    piece = merge(l1Index);
    if (pieces.incrementAndGet() * (clusterSize / 8L) * 10 > MAX_INDEX_BYTES) {
      for (int i = 0; i < index.length(); i++) {
        index.set(i, null);
      }
      pieces.set(1);
    }
    index.set(l1Index, piece);
    return piece;
  }

  private Piece merge(int l1Index) throws IOException {
    int count = top.header().l2Entries();
    long[] entries = new long[count];
    short[] from = new short[count];
    Arrays.fill(from, NONE);
    int missing = count;
    for (short layer = 0; layer < layers.size() && missing > 0; layer++) {
      long[] table = layers.get(layer).tables().peek(l1Index);
      for (int i = 0; table != null && i < count; i++) {
        if (from[i] == NONE && !L2Entry.unallocated(table[i])) {
          from[i] = layer;
          entries[i] = table[i];
          missing--;
        }
      }
    }
    return new Piece(entries, from);
  }

  @Override
  public void read(long offset, MemorySegment target) throws IOException {
    DiskRange.check(offset, target.byteSize(), size());
    for (long done = 0; done < target.byteSize(); ) {
      done += readRun(offset + done, target.asSlice(done));
    }
  }

  /** Fills the front of the target from one layer; returns how far. */
  private long readRun(long offset, MemorySegment target) throws IOException {
    Piece piece = piece(top.tables().l1Index(offset));
    int i = top.tables().l2Index(offset);
    int layer = piece.layers[i];
    long entry = piece.entries[i];
    int from = (int) (offset & (clusterSize - 1));
    long most = Math.min(target.byteSize(), shown[layer == NONE ? layers.size() : layer] - offset);
    if (most <= 0 || L2Entry.zero(entry)) {
      long run = Math.min(target.byteSize(), clusterSize - from);
      target.asSlice(0, run).fill((byte) 0);
      return run;
    }
    if (L2Entry.compressed(entry)) {
      long run = Math.min(most, clusterSize - from);
      layers.get(layer).compressed().read(entry, from, target.asSlice(0, run));
      return run;
    }
    long run = (long) clusterSize - from;
    while (run < most && piece.follows(i, clusterSize)) {
      run += clusterSize;
      i++;
    }
    run = Math.min(run, most);
    if (layer != NONE) {
      files[layer].read(L2Entry.offset(entry) + from, target.asSlice(0, run));
    } else if (bottom != null) {
      bottom.read(offset, target.asSlice(0, run));
    }
    return run;
  }

  @Override
  public long size() {
    return top.size();
  }

  @Override
  Path path() {
    return top.file().path();
  }

  @Override
  public void close() throws IOException {
    top.close();
  }
}
