package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.DiskFile;
import io.vivarium.images.disk.qcow2.L2Tables.Table;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What changes a qcow2 file's mapping: allocation, L2 entries, flush. All of it needs the disk's
 * exclusive lock, {@link #clean} the shared one.
 */
final class Qcow2Writer {
  /** Changed L2 tables, and clusters let go, at which a flush is due though nobody asked. */
  private static final int MAX_DIRTY_TABLES = 64;

  private static final int MAX_FREED = 1 << 16;

  private final DiskFile file;
  private final Qcow2Header header;
  private final L2Tables tables;
  private final ClusterCounts counts;
  private final Refcounts refcounts;
  private final int clusterBits;
  private final MemorySegment scratch;

  /** Host clusters whose entries are changed in memory, or on disk but not durably. */
  private final List<Long> freed = new ArrayList<>();

  private long l1Offset;
  private boolean markedDirty;

  private Qcow2Writer(
      DiskFile file, Qcow2Header header, L2Tables tables, ClusterCounts counts, Refcounts refs)
      throws IOException {
    this.file = file;
    this.header = header;
    this.tables = tables;
    this.counts = counts;
    this.refcounts = refs;
    this.clusterBits = header.clusterBits();
    this.scratch = MemorySegment.ofArray(new byte[header.clusterSize()]);
    counts.fileEnds(Math.max(counts.end(), Math.ceilDiv(file.length(), header.clusterSize())));
    this.l1Offset = header.l1Offset();
    this.markedDirty = header.dirty();
  }

  /** Counts what is in use, and makes the file's refcounts right if a crash left them wrong. */
  static Qcow2Writer open(DiskFile file, Qcow2Header header, L2Tables tables) throws IOException {
    if (header.version() != 3) {
      throw Qcow2Header.bad(
          "version 2 is read only; `qemu-img amend -o compat=1.1` makes it version 3");
    }
    if (header.corrupt()) {
      throw Qcow2Header.bad("it is marked corrupt; `qemu-img check -r all` may repair it");
    }
    if (header.snapshots() != 0) {
      throw Qcow2Header.bad("it has internal snapshots, which are not supported for writing");
    }
    ClusterCounts counts = new ClusterCounts();
    Refcounts refcounts = new Refcounts(file, header, counts);
    new UseScan(file, header, tables, counts).run();
    if (counts.highest() > refcounts.max()) {
      throw Qcow2Header.bad("its refcounts are too narrow for its compressed clusters");
    }
    refcounts.adopt();
    Qcow2Writer writer = new Qcow2Writer(file, header, tables, counts, refcounts);
    if (header.dirty() || !refcounts.clean()) {
      writer.markDirty();
      writer.settle();
    }
    return writer;
  }

  /** Whether a flush has nothing to write but data. */
  boolean clean() {
    return tables.dirtyTables() == 0 && freed.isEmpty() && refcounts.clean();
  }

  /** A cluster's worth of memory for the caller to build contents in. */
  MemorySegment scratch() {
    return scratch;
  }

  /** Flushes when much has gathered, so that memory stays bounded. */
  void makeRoom() throws IOException {
    markDirty();
    if (tables.dirtyTables() >= MAX_DIRTY_TABLES || freed.size() >= MAX_FREED) {
      flush();
    }
  }

  /** Takes a free cluster; returns its offset in the file. */
  long allocate() {
    long cluster = counts.allocate(1);
    refcounts.touch(cluster);
    return cluster << clusterBits;
  }

  /** Takes the cluster at an offset of the file, if it is free; whether it was. */
  boolean allocateAt(long host) {
    boolean free = counts.allocateAt(host >>> clusterBits);
    if (free) {
      refcounts.touch(host >>> clusterBits);
    }
    return free;
  }

  /** Clusters at and beyond this offset were never allocated or written: they read as zeroes. */
  long untouchedFrom() {
    return counts.neverUsedFrom() << clusterBits;
  }

  /** Frees a cluster that was allocated and never mapped. */
  void giveBack(long host) {
    counts.remove(host >>> clusterBits);
    refcounts.touch(host >>> clusterBits);
  }

  /** Sets the entry for a byte of the disk, in a new L2 table if there is none. */
  void map(long offset, long entry) throws IOException {
    if (entry != 0 || tables.get(tables.l1Index(offset)) != null) {
      tables.set(table(offset), tables.l2Index(offset), entry);
    }
  }

  /** The L2 table for a byte of the disk, a new one if there is none. */
  Table table(long offset) throws IOException {
    int l1Index = tables.l1Index(offset);
    Table table = tables.get(l1Index);
    return table != null ? table : tables.add(l1Index, allocate());
  }

  /** Lets go of what an entry referred to, once nothing on disk refers to it any more. */
  void free(long entry) {
    if (L2Entry.compressed(entry)) {
      long start = L2Entry.compressedOffset(entry, clusterBits);
      long last = start + L2Entry.compressedLength(entry, clusterBits) - 1;
      for (long c = start >>> clusterBits; c <= last >>> clusterBits; c++) {
        freed.add(c);
      }
    } else if (L2Entry.allocated(entry)) {
      freed.add(L2Entry.offset(entry) >>> clusterBits);
    }
  }

  /** The order that the package's documentation promises. */
  void flush() throws IOException {
    refcounts.write();
    file.sync();
    if (tables.dirtyTables() > 0) {
      tables.writeTables(l1Offset);
      file.sync();
      tables.written();
    }
    refcounts.written();
    releaseFreed();
  }

  private void releaseFreed() throws IOException {
    List<Long> gone = List.copyOf(freed);
    freed.clear();
    long from = 0;
    long to = 0;
    for (long cluster : gone) {
      refcounts.touch(cluster);
      if (counts.remove(cluster) > 0) {
        continue;
      }
      if (cluster != to) {
        punch(from, to);
        from = cluster;
      }
      to = cluster + 1;
    }
    punch(from, to);
  }

  private void punch(long from, long to) throws IOException {
    if (to > from) {
      file.giveBack(from << clusterBits, (to - from) << clusterBits);
    }
  }

  /** From the first change on the image says that its refcounts may be wrong. */
  private void markDirty() throws IOException {
    if (!markedDirty) {
      writeFeatures(Qcow2Header.INCOMPATIBLE_DIRTY);
      file.sync();
      markedDirty = true;
    }
  }

  /** Features that this code does not keep up, such as bitmaps, are cleared with "autoclear". */
  private void writeFeatures(long dirty) throws IOException {
    long others = header.zstd() ? 1 << 3 : 0;
    file.write(Qcow2Header.INCOMPATIBLE_AT, ByteBuffer.allocate(8).putLong(others | dirty).flip());
    file.write(Qcow2Header.AUTOCLEAR_AT, ByteBuffer.allocate(8));
  }

  /** Writes everything until refcounts agree with the tables, then clears the dirty bit. */
  private void settle() throws IOException {
    flush();
    while (!refcounts.clean()) {
      flush();
    }
    long end = counts.end() << clusterBits;
    if (file.length() > end) {
      file.truncate(end);
    } else {
      file.extend(end);
    }
    counts.fileEnds(counts.end());
    if (markedDirty) {
      file.sync();
      writeFeatures(0);
      file.sync();
      markedDirty = false;
    }
  }

  /** Takes a new size; needs more L1 entries, in another place of the file, for a larger one. */
  void resize(long newSize) throws IOException {
    long needed = Qcow2Header.l1SizeFor(newSize, clusterBits);
    if (needed > (32 << 20) / Long.BYTES) {
      throw new IllegalArgumentException(
          "A qcow2 disk with clusters of "
              + header.clusterSize()
              + " bytes cannot grow to "
              + newSize
              + " bytes.");
    }
    markDirty();
    flush();
    if (needed <= tables.l1Size()) {
      writeSize(newSize, tables.l1Size(), l1Offset);
      file.sync();
      return;
    }
    long oldFirst = l1Offset >>> clusterBits;
    int oldClusters = Math.ceilDiv(tables.l1Size() * Long.BYTES, header.clusterSize());
    long first = moveL1(newSize, (int) needed);
    file.sync();
    l1Offset = first << clusterBits;
    for (int i = 0; i < oldClusters; i++) {
      freed.add(oldFirst + i);
    }
    flush();
  }

  /** Writes a longer L1 table to another place, and the header that names it; returns where. */
  private long moveL1(long newSize, int entries) throws IOException {
    int clusters = Math.ceilDiv(entries * Long.BYTES, header.clusterSize());
    long first = counts.allocate(clusters);
    for (int i = 0; i < clusters; i++) {
      refcounts.touch(first + i);
    }
    boolean done = false;
    try {
      long[] longer = tables.longerL1(entries);
      new L2Tables.Entries(file).write(first << clusterBits, longer, 0, entries);
      flush();
      writeSize(newSize, entries, first << clusterBits);
      tables.growL1(longer);
      done = true;
      return first;
    } finally {
      for (int i = 0; i < clusters && !done; i++) {
        counts.remove(first + i);
        refcounts.touch(first + i);
      }
    }
  }

  /** The header's fields from size to l1_table_offset, in one write inside one sector. */
  private void writeSize(long newSize, int l1Size, long offset) throws IOException {
    ByteBuffer fields = ByteBuffer.allocate(24);
    fields.putLong(newSize).putInt(0).putInt(l1Size).putLong(offset).flip();
    file.write(Qcow2Header.SIZE_AT, fields);
  }

  void close() throws IOException {
    if (markedDirty || !clean()) {
      settle();
    } else {
      file.sync();
    }
  }
}
