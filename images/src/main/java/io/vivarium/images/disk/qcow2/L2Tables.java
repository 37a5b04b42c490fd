package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.BadImageException;
import io.vivarium.images.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The L1 table and a cache of L2 tables. Loading is safe from several threads; changes need the
 * disk's exclusive lock. Changed tables stay in memory until {@link #writeTables}.
 */
final class L2Tables {
  private static final long CACHE_BYTES = 64 << 20;

  private final DiskFile file;
  private final int clusterBits;
  private final int entries;
  private long[] l1;
  private AtomicReferenceArray<@Nullable Table> cache;
  private final AtomicInteger cached = new AtomicInteger();
  private final List<Table> dirty = new ArrayList<>();

  L2Tables(DiskFile file, Qcow2Header header) throws IOException {
    this.file = file;
    this.clusterBits = header.clusterBits();
    this.entries = header.l2Entries();
    this.l1 = new Entries(file).read(header.l1Offset(), header.l1Size());
    this.cache = new AtomicReferenceArray<>(l1.length);
  }

  /** An L2 table in memory; {@code from} to {@code to} are the entries that the file lacks. */
  static final class Table {
    final int l1Index;
    final long offset;
    final long[] entries;
    private boolean isNew;
    private int from = Integer.MAX_VALUE;
    private int to;

    private Table(int l1Index, long offset, long[] entries, boolean isNew) {
      this.l1Index = l1Index;
      this.offset = offset;
      this.entries = entries;
      this.isNew = isNew;
    }

    private boolean dirty() {
      return isNew || to > from;
    }
  }

  /** L1 entries that there is room for. */
  int l1Size() {
    return l1.length;
  }

  long l1Entry(int index) {
    return l1[index];
  }

  /** Which L1 entry covers a byte of the disk. */
  int l1Index(long offset) {
    return (int) (offset >>> (2 * clusterBits - 3));
  }

  /** Which entry of its L2 table covers a byte of the disk. */
  int l2Index(long offset) {
    return (int) (offset >>> clusterBits) & (entries - 1);
  }

  /** The table, or null where there is none. */
  @Nullable Table get(int l1Index) throws IOException {
    Table table = cache.get(l1Index);
    return table != null || l1[l1Index] == 0 ? table : load(l1Index);
  }

  private @Nullable Table load(int l1Index) throws IOException {
    long[] loaded = peek(l1Index);
    if (loaded == null) {
      return null;
    }
    Table table = new Table(l1Index, L2Entry.offset(l1[l1Index]), loaded, false);
    if (!cache.compareAndSet(l1Index, null, table)) {
      return get(l1Index);
    }
    if (cached.incrementAndGet() > Math.max(16, CACHE_BYTES >> clusterBits)) {
      dropClean(table);
    }
    return table;
  }

  /** A table's entries as the file holds them, without keeping them; null where there are none. */
  long @Nullable [] peek(int l1Index) throws IOException {
    long offset = l1Index < l1.length ? L2Entry.offset(l1[l1Index]) : 0;
    if (offset == 0) {
      return null;
    }
    if ((offset & ((1L << clusterBits) - 1)) != 0 || offset >= file.length()) {
      throw new BadImageException(
          "The qcow2 image is damaged: L2 table " + l1Index + " is not inside the file.");
    }
    return new Entries(file).read(offset, entries);
  }

  /** Whoever holds a clean table meanwhile keeps reading it, and the file says the same. */
  private void dropClean(Table but) {
    for (int i = 0; i < cache.length(); i++) {
      Table table = cache.get(i);
      if (table != null && table != but && !table.dirty() && cache.compareAndSet(i, table, null)) {
        cached.decrementAndGet();
      }
    }
  }

  /** Puts a new table of zeroes at a cluster of the file; L1 names it at the next flush. */
  Table add(int l1Index, long offset) {
    Table table = new Table(l1Index, offset, new long[entries], true);
    cache.set(l1Index, table);
    cached.incrementAndGet();
    dirty.add(table);
    return table;
  }

  void set(Table table, int index, long entry) {
    if (!table.dirty()) {
      dirty.add(table);
    }
    table.entries[index] = entry;
    table.from = Math.min(table.from, index);
    table.to = Math.max(table.to, index + 1);
  }

  int dirtyTables() {
    return dirty.size();
  }

  /**
   * Writes changed entries, and has them durable before L1 names new tables. Everything is written
   * again when this failed half-way.
   */
  void writeTables(long l1Offset) throws IOException {
    Entries out = new Entries(file);
    boolean anyNew = false;
    for (Table table : dirty) {
      int from = table.isNew ? 0 : table.from;
      int to = table.isNew ? entries : table.to;
      out.write(table.offset, table.entries, from, to);
      anyNew |= table.isNew;
    }
    if (anyNew) {
      file.sync();
      for (Table table : dirty) {
        if (table.isNew) {
          l1[table.l1Index] = table.offset | L2Entry.COPIED;
          out.write(l1Offset, l1, table.l1Index, table.l1Index + 1);
        }
      }
    }
  }

  /** All that {@link #writeTables} wrote is durable. */
  void written() {
    for (Table table : dirty) {
      table.isNew = false;
      table.from = Integer.MAX_VALUE;
      table.to = 0;
    }
    dirty.clear();
  }

  /** Takes a longer L1 table; the caller has written it. */
  void growL1(long[] longer) {
    AtomicReferenceArray<@Nullable Table> bigger = new AtomicReferenceArray<>(longer.length);
    for (int i = 0; i < cache.length(); i++) {
      bigger.set(i, cache.get(i));
    }
    l1 = longer;
    cache = bigger;
  }

  /** The L1 table's entries and zeroes after them. */
  long[] longerL1(int size) {
    return java.util.Arrays.copyOf(l1, size);
  }

  /** Reads and writes tables of big-endian 64-bit entries. */
  record Entries(DiskFile file) {
    private static final int BATCH = 1 << 16;

    long[] read(long offset, int count) throws IOException {
      long[] table = new long[count];
      ByteBuffer buffer = ByteBuffer.allocate(Math.min(count * Long.BYTES, BATCH));
      for (int at = 0; at < count; ) {
        int n = Math.min(count - at, BATCH / Long.BYTES);
        buffer.clear().limit(n * Long.BYTES);
        file.read(
            offset + (long) at * Long.BYTES,
            java.lang.foreign.MemorySegment.ofBuffer(buffer.duplicate()));
        buffer.asLongBuffer().get(table, at, n);
        at += n;
      }
      return table;
    }

    void write(long offset, long[] table, int from, int to) throws IOException {
      ByteBuffer buffer = ByteBuffer.allocate((to - from) * Long.BYTES);
      buffer.asLongBuffer().put(table, from, to - from);
      file.write(offset + (long) from * Long.BYTES, buffer);
    }
  }
}
