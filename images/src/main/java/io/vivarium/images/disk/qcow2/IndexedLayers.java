package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.DiskFile;
import io.vivarium.images.disk.DiskRange;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.store.StoreFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A chain of sealed layers, read as an index says. A layer's file is opened when something is first
 * read from it; when it is another file by then (layers are merged while a VM runs), the chain is
 * opened as it is now, which reads the same.
 */
final class IndexedLayers extends SealedDisk {
  private final Path layer;
  private final Qcow2Index index;
  private final @Nullable Disk bottom;
  private final long[] starts;
  private final AtomicReferenceArray<@Nullable DiskFile> files;
  private volatile @Nullable Disk whole;
  private volatile boolean fits;
  private boolean closed;

  /**
   * Takes over the bottom.
   *
   * @param layer the uppermost one
   * @param fits whether the layers are known to be those that the index was made of
   */
  IndexedLayers(Path layer, Qcow2Index index, @Nullable Disk bottom, boolean fits) {
    this.fits = fits;
    this.layer = layer;
    this.index = index;
    this.bottom = bottom;
    this.starts = index.runs().stream().mapToLong(Qcow2Index.Run::first).toArray();
    this.files = new AtomicReferenceArray<>(index.layers().size());
  }

  Qcow2Index index() {
    return index;
  }

  @Override
  public void read(long offset, MemorySegment target) throws IOException {
    DiskRange.check(offset, target.byteSize(), index.size());
    if (!fits) {
      compare();
    }
    for (long done = 0; done < target.byteSize(); ) {
      Disk instead = whole;
      if (instead != null) {
        instead.read(offset + done, target.asSlice(done));
        return;
      }
      done += readRun(offset + done, target.asSlice(done));
    }
  }

  /** Fills the front of the target; returns how far, 0 when the index has become out of date. */
  private long readRun(long offset, MemorySegment target) throws IOException {
    int bits = index.clusterBits();
    long cluster = offset >>> bits;
    int at = java.util.Arrays.binarySearch(starts, cluster);
    at = at >= 0 ? at : -at - 2;
    Qcow2Index.Run run = at < 0 ? null : index.runs().get(at);
    if (run == null || run.end() <= cluster) {
      long end = at + 1 < starts.length ? starts[at + 1] << bits : Long.MAX_VALUE;
      long length = Math.min(target.byteSize(), end - offset);
      return readBottom(offset, target.asSlice(0, length));
    }
    long length = Math.min(target.byteSize(), (run.end() << bits) - offset);
    MemorySegment part = target.asSlice(0, length);
    if (L2Entry.zero(run.entry())) {
      part.fill((byte) 0);
      return length;
    }
    DiskFile file = file(run.layer());
    if (file == null) {
      return 0;
    }
    long there = L2Entry.offset(run.entry()) + offset - (run.first() << bits);
    long shown = index.layers().get(run.layer()).shown();
    long most = Math.max(0, Math.min(length, shown - offset));
    if (most > 0) {
      file.read(there, part.asSlice(0, most));
    }
    part.asSlice(most).fill((byte) 0);
    return length;
  }

  private long readBottom(long offset, MemorySegment part) throws IOException {
    long shown = index.bottom() == null ? 0 : index.bottom().shown();
    long most = Math.max(0, Math.min(part.byteSize(), shown - offset));
    if (bottom != null && most > 0) {
      bottom.read(offset, part.asSlice(0, most));
    }
    part.asSlice(most).fill((byte) 0);
    return part.byteSize();
  }

  /**
   * A layer's file; null when the chain is not what it was, and {@link #whole} reads from now on.
   */
  private @Nullable DiskFile file(int number) throws IOException {
    DiskFile file = files.get(number);
    return file == null ? open(number) : file;
  }

  private synchronized @Nullable DiskFile open(int number) throws IOException {
    DiskFile there = files.get(number);
    if (there != null || whole != null) {
      return whole == null ? there : null;
    }
    requireOpen();
    Qcow2Index.Layer then = index.layers().get(number);
    Path path = layer.resolveSibling(then.name());
    DiskFile file = null;
    boolean same = false;
    try {
      file = DiskFile.open(path, true, HolePunch.Factory.NONE);
      same = file.is(path) && then.still(layer);
    } catch (java.nio.file.NoSuchFileException e) {
      // It was merged with another.
    } finally {
      if (file != null && !same) {
        file.close();
      }
    }
    if (same) {
      files.set(number, file);
      return file;
    }
    openWhole();
    return null;
  }

  /** Looks once whether the layers are those that the index was made of. */
  private synchronized void compare() throws IOException {
    if (!fits && whole == null) {
      requireOpen();
      if (index.fits(layer)) {
        fits = true;
      } else {
        openWhole();
      }
    }
  }

  private void requireOpen() throws IOException {
    if (closed) {
      throw new IOException("Disk image " + layer + " is closed.");
    }
  }

  private void openWhole() throws IOException {
    BackingFiles backing = BackingFiles.inside(StoreFiles.parent(layer)).withoutIndexes();
    whole = Qcow2Disk.open(layer, true, backing, HolePunch.Factory.NONE);
  }

  @Override
  public long size() {
    return index.size();
  }

  @Override
  Path path() {
    return layer;
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    IOException failure = null;
    for (int i = 0; i < files.length(); i++) {
      failure = close(files.getAndSet(i, null), failure);
    }
    failure = close(bottom, failure);
    failure = close(whole, failure);
    if (failure != null) {
      throw failure;
    }
  }

  private static @Nullable IOException close(
      @Nullable AutoCloseable one, @Nullable IOException before) {
    try {
      if (one != null) {
        one.close();
      }
      return before;
    } catch (Exception e) {
      return before == null ? new IOException(e) : before;
    }
  }
}
