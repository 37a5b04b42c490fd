package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.DiskFile;
import io.vivarium.images.disk.DiskRange;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.qcow2.L2Tables.Table;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A disk in a qcow2 file, perhaps on top of a backing file. Reads, and writes to clusters that are
 * there, run side by side; what changes the mapping runs alone. The package's documentation says
 * what a crash leaves.
 */
public final class Qcow2Disk implements Disk {
  /** Bytes that are allocated and written at once while others wait. */
  private static final int MAX_NEW_RUN = 1 << 20;

  private final DiskFile file;
  private final Qcow2Header header;
  private final @Nullable Disk backing;
  private final L2Tables tables;
  private final CompressedClusters compressed;
  private final @Nullable Qcow2Writer writer;
  private final int clusterSize;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private volatile long size;
  private boolean closed;

  private Qcow2Disk(
      DiskFile file,
      Qcow2Header header,
      @Nullable Disk backing,
      L2Tables tables,
      @Nullable Qcow2Writer writer) {
    this.file = file;
    this.header = header;
    this.backing = backing;
    this.tables = tables;
    this.compressed = new CompressedClusters(file, header);
    this.writer = writer;
    this.clusterSize = header.clusterSize();
    this.size = header.size();
  }

  /**
   * Opens an image and the chain of its backing files. Opening for writing repairs what a crash
   * left.
   *
   * @throws io.vivarium.images.disk.BadImageException with a sentence, when it is damaged or needs
   *     what is not supported
   */
  public static Qcow2Disk open(
      Path path, boolean readOnly, BackingFiles backingFiles, HolePunch.Factory holes)
      throws IOException {
    // The open file may be known by another name: what it stands on lies beside the one asked for.
    return open(path, DiskFile.open(path, readOnly, holes), backingFiles);
  }

  /** Repairs what a crash left in an image, without a look at what it stands on. */
  public static void repair(Path path) throws IOException {
    try (DiskFile file = DiskFile.open(path, false, HolePunch.Factory.NONE)) {
      Qcow2Header header = header(file);
      Qcow2Writer.open(file, header, new L2Tables(file, header)).close();
    }
  }

  private static Qcow2Header header(DiskFile file) throws IOException {
    ByteBuffer start = ByteBuffer.allocate((int) Math.min(file.length(), 1 << 16));
    file.read(0, MemorySegment.ofBuffer(start.duplicate()));
    return Qcow2Header.parse(start, file.length());
  }

  /** Takes over an open file, which is closed when this fails. */
  static Qcow2Disk open(DiskFile file, BackingFiles backingFiles) throws IOException {
    return open(file.path(), file, backingFiles);
  }

  private static Qcow2Disk open(Path path, DiskFile file, BackingFiles backingFiles)
      throws IOException {
    Disk backing = null;
    boolean done = false;
    try {
      Qcow2Header header = header(file);
      L2Tables tables = new L2Tables(file, header);
      Qcow2Writer writer = file.readOnly() ? null : Qcow2Writer.open(file, header, tables);
      if (header.backingFile() != null) {
        backing = backingFiles.open(path, header.backingFile(), header.backingFormat());
        if (backingFiles.outermost()) {
          backing = MergedLayers.over(backing);
        }
      }
      Qcow2Disk disk = new Qcow2Disk(file, header, backing, tables, writer);
      done = true;
      return disk;
    } finally {
      if (!done) {
        closeAll(backing, file);
      }
    }
  }

  private static void closeAll(@Nullable Disk backing, DiskFile file) throws IOException {
    try (file) {
      if (backing != null) {
        backing.close();
      }
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean readOnly() {
    return writer == null;
  }

  private long entry(long offset) throws IOException {
    Table table = tables.get(tables.l1Index(offset));
    return table == null ? 0 : table.entries[tables.l2Index(offset)];
  }

  private int inCluster(long offset) {
    return (int) (offset & (clusterSize - 1));
  }

  /**
   * Bytes from here on that stand one after another in the file, at most {@code most}; the first
   * cluster's entry is plain.
   */
  private long plainRun(long offset, long entry, long most) throws IOException {
    long run = (long) clusterSize - inCluster(offset);
    long next = L2Entry.offset(entry) + clusterSize;
    while (run < most) {
      long following = entry(offset + run);
      if (!L2Entry.plain(following) || L2Entry.offset(following) != next) {
        break;
      }
      run += clusterSize;
      next += clusterSize;
    }
    return Math.min(run, most);
  }

  @Override
  public void read(long offset, MemorySegment target) throws IOException {
    long length = target.byteSize();
    DiskRange.check(offset, length, size);
    lock.readLock().lock();
    try {
      for (long done = 0; done < length; ) {
        done += readRun(offset + done, done == 0 ? target : target.asSlice(done));
      }
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Fills the front of the target from one run of clusters of one kind; returns how far. */
  private long readRun(long offset, MemorySegment target) throws IOException {
    long entry = entry(offset);
    if (L2Entry.plain(entry)) {
      long run = plainRun(offset, entry, target.byteSize());
      file.read(
          L2Entry.offset(entry) + inCluster(offset),
          run == target.byteSize() ? target : target.asSlice(0, run));
      return run;
    }
    long run = (long) clusterSize - inCluster(offset);
    if (L2Entry.unallocated(entry)) {
      while (run < target.byteSize() && L2Entry.unallocated(entry(offset + run))) {
        run += clusterSize;
      }
    }
    run = Math.min(run, target.byteSize());
    readOther(offset, entry, target.asSlice(0, run));
    return run;
  }

  /** Fills a part of one cluster that is not plain, or of several that are unallocated. */
  private void readOther(long offset, long entry, MemorySegment target) throws IOException {
    if (L2Entry.compressed(entry)) {
      compressed.read(entry, inCluster(offset), target);
    } else if (L2Entry.zero(entry) || backing == null || offset >= backing.size()) {
      target.fill((byte) 0);
    } else {
      long there = Math.min(target.byteSize(), backing.size() - offset);
      backing.read(offset, target.asSlice(0, there));
      target.asSlice(there).fill((byte) 0);
    }
  }

  /** Whether a cluster that is not plain surely reads as zeroes. */
  private boolean readsAsZeroes(long offset, long entry) {
    return L2Entry.zero(entry)
        || (L2Entry.unallocated(entry) && (backing == null || offset >= backing.size()));
  }

  @Override
  public void write(long offset, MemorySegment source) throws IOException {
    long length = source.byteSize();
    DiskRange.check(offset, length, size);
    Qcow2Writer out = writer();
    for (long done = 0; done < length; ) {
      MemorySegment rest = source.asSlice(done);
      long n = writeInPlace(offset + done, rest);
      done += n > 0 ? n : writeAllocating(out, offset + done, rest);
    }
  }

  private long writeInPlace(long offset, MemorySegment source) throws IOException {
    lock.readLock().lock();
    try {
      long entry = entry(offset);
      if (!L2Entry.plain(entry)) {
        return 0;
      }
      long run = plainRun(offset, entry, source.byteSize());
      file.write(L2Entry.offset(entry) + inCluster(offset), source.asSlice(0, run));
      return run;
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Writes into one cluster that needs a new place in the file, or its first contents. */
  private long writeAllocating(Qcow2Writer out, long offset, MemorySegment source)
      throws IOException {
    lock.writeLock().lock();
    try {
      long entry = entry(offset);
      if (L2Entry.plain(entry)) {
        return 0; // Another thread was first.
      }
      out.makeRoom();
      int from = inCluster(offset);
      if (from == 0 && source.byteSize() >= 2L * clusterSize && isNew(entry)) {
        return writeNewRun(out, offset, source);
      }
      int n = (int) Math.min(source.byteSize(), clusterSize - from);
      MemorySegment part = source.asSlice(0, n);
      long clusterStart = offset - from;
      boolean reuse = L2Entry.allocated(entry);
      long untouched = out.untouchedFrom();
      long host = reuse ? L2Entry.offset(entry) : out.allocate();
      boolean done = false;
      try {
        if (n == clusterSize) {
          file.write(host, part);
        } else if (!reuse && host >= untouched && readsAsZeroes(clusterStart, entry)) {
          file.write(host + from, part);
        } else {
          MemorySegment whole = out.scratch();
          readOther(clusterStart, entry, whole);
          MemorySegment.copy(part, 0, whole, from, n);
          file.write(host, whole);
        }
        out.map(offset, host | L2Entry.COPIED);
        done = true;
      } finally {
        if (!done && !reuse) {
          out.giveBack(host);
        }
      }
      if (L2Entry.compressed(entry)) {
        out.free(entry);
      }
      return n;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * Writes as many whole clusters as need a new place, and find one after the other, at once: the
   * host's cache, too, then holds them in large pieces.
   */
  private long writeNewRun(Qcow2Writer out, long offset, MemorySegment source) throws IOException {
    long most = Math.min(source.byteSize(), MAX_NEW_RUN) / clusterSize * clusterSize;
    out.table(offset); // before the data, so that the file's end stays free to be cut off
    long host = out.allocate();
    long run = clusterSize;
    long mapped = 0;
    try {
      while (run < most && isNew(entry(offset + run)) && out.allocateAt(host + run)) {
        run += clusterSize;
      }
      file.write(host, source.asSlice(0, run));
      while (mapped < run) {
        long old = entry(offset + mapped);
        out.map(offset + mapped, (host + mapped) | L2Entry.COPIED);
        out.free(old);
        mapped += clusterSize;
      }
    } finally {
      for (long at = mapped; at < run; at += clusterSize) {
        out.giveBack(host + at);
      }
    }
    return run;
  }

  /** Whether a write needs a new cluster of the file. */
  private static boolean isNew(long entry) {
    return !L2Entry.allocated(entry);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    DiskRange.check(offset, length, size);
    writer();
    wholeClusters(offset, length, (at, entry, out) -> zeroCluster(at, entry, out, mayUnmap), true);
  }

  private void zeroCluster(long offset, long entry, Qcow2Writer out, boolean mayUnmap)
      throws IOException {
    if (readsAsZeroes(offset, entry) && (!L2Entry.allocated(entry) || !mayUnmap)) {
      return;
    }
    if (L2Entry.allocated(entry) && !mayUnmap) {
      out.map(offset, entry | L2Entry.ZERO);
    } else {
      out.map(offset, backing == null ? 0 : L2Entry.ZERO);
      out.free(entry);
    }
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    DiskRange.check(offset, length, size);
    writer();
    wholeClusters(
        offset,
        length,
        (at, entry, out) -> {
          if (L2Entry.compressed(entry) || L2Entry.allocated(entry)) {
            out.map(at, backing == null ? 0 : L2Entry.ZERO);
            out.free(entry);
          }
        },
        false);
  }

  private interface ClusterChange {
    void apply(long offset, long entry, Qcow2Writer out) throws IOException;
  }

  /**
   * Changes every cluster that lies wholly in the range, or to the disk's end; writes zeroes to the
   * parts before and after if wanted.
   */
  private void wholeClusters(long offset, long length, ClusterChange change, boolean parts)
      throws IOException {
    Qcow2Writer out = writer();
    long end = offset + length;
    for (long at = offset; at < end; ) {
      int n = (int) Math.min(end - at, clusterSize - inCluster(at));
      if (n == clusterSize || (inCluster(at) == 0 && at + n == size)) {
        lock.writeLock().lock();
        try {
          out.makeRoom();
          change.apply(at, entry(at), out);
        } finally {
          lock.writeLock().unlock();
        }
      } else if (parts) {
        zeroPart(at, n);
      }
      at += n;
    }
  }

  private void zeroPart(long offset, int length) throws IOException {
    lock.readLock().lock();
    try {
      if (readsAsZeroes(offset - inCluster(offset), entry(offset))) {
        return;
      }
    } finally {
      lock.readLock().unlock();
    }
    write(offset, MemorySegment.ofArray(new byte[length]));
  }

  @Override
  public void flush() throws IOException {
    if (writer == null) {
      return;
    }
    lock.readLock().lock();
    try {
      if (writer.clean()) {
        file.sync();
        return;
      }
    } finally {
      lock.readLock().unlock();
    }
    lock.writeLock().lock();
    try {
      writer.flush();
    } finally {
      lock.writeLock().unlock();
    }
  }

  @Override
  public void resize(long newSize) throws IOException {
    DiskRange.checkGrowth(newSize, size);
    Qcow2Writer out = writer();
    long oldSize = size;
    lock.writeLock().lock();
    try {
      out.resize(newSize);
      size = newSize;
    } finally {
      lock.writeLock().unlock();
    }
    // What a longer backing file, or the last cluster, has behind the old end must not show.
    long showing = Math.ceilDiv(oldSize, clusterSize) * (long) clusterSize;
    showing = Math.min(newSize, Math.max(showing, backing == null ? 0 : backing.size()));
    if (showing > oldSize) {
      writeZeroes(oldSize, showing - oldSize, true);
    }
  }

  private Qcow2Writer writer() throws IOException {
    if (writer == null) {
      throw new IOException("Disk image " + file.path() + " is open read-only.");
    }
    return writer;
  }

  DiskFile file() {
    return file;
  }

  Qcow2Header header() {
    return header;
  }

  L2Tables tables() {
    return tables;
  }

  CompressedClusters compressed() {
    return compressed;
  }

  @Nullable Disk backing() {
    return backing;
  }

  /** The name that the image has for its backing file, or null. */
  public @Nullable String backingFile() {
    return header.backingFile();
  }

  @Override
  public void close() throws IOException {
    lock.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      try {
        if (writer != null) {
          writer.close();
        }
      } finally {
        closeAll(backing, file);
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
