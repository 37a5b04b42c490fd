package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.DiskFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.TreeSet;

/**
 * The refcounts as the file holds them, written from the counts in memory. Needs the disk's
 * exclusive lock.
 */
final class Refcounts {
  /** Entries of the largest table that QEMU reads, of 8 MiB. */
  private static final int MAX_TABLE = 1 << 20;

  private final DiskFile file;
  private final ClusterCounts counts;
  private final int clusterBits;
  private final int order;
  private long[] table;
  private long tableOffset;
  private final TreeSet<Integer> dirty = new TreeSet<>();

  /** The table moves: the header must name it before the old one's clusters are free. */
  private boolean moved;

  private long oldTableOffset;
  private int oldTableClusters;

  Refcounts(DiskFile file, Qcow2Header header, ClusterCounts counts) throws IOException {
    this.file = file;
    this.counts = counts;
    this.clusterBits = header.clusterBits();
    this.order = header.refcountOrder();
    this.tableOffset = header.refcountTableOffset();
    int entries = (header.refcountTableClusters() << clusterBits) / Long.BYTES;
    this.table = new L2Tables.Entries(file).read(tableOffset, entries);
  }

  private int clusterSize() {
    return 1 << clusterBits;
  }

  /** Refcounts in a block, which fills a cluster. */
  private int perBlock() {
    return (clusterSize() * 8) >> order;
  }

  /** The highest count that can be written. */
  int max() {
    return order >= 4 ? Character.MAX_VALUE : (1 << (1 << order)) - 1;
  }

  /** A cluster's count changed. */
  void touch(long cluster) {
    dirty.add((int) Math.min(cluster / perBlock(), MAX_TABLE));
  }

  boolean clean() {
    return dirty.isEmpty() && !moved;
  }

  /**
   * Takes the blocks' own clusters into the counts, after all else was counted. A block that is not
   * inside the file, or has another use, is given up, and a new one takes its place. Then compares
   * all blocks with the counts, and marks those that say something else.
   */
  void adopt() throws IOException {
    for (int i = 0; i < table.length; i++) {
      long offset = table[i];
      if (offset == 0) {
        continue;
      }
      long cluster = offset >>> clusterBits;
      boolean usable =
          offset > 0
              && (offset & (clusterSize() - 1)) == 0
              && offset < file.length()
              && counts.get(cluster) == 0;
      if (usable) {
        counts.add(cluster);
      } else {
        table[i] = 0;
        dirty.add(i);
      }
    }
    ByteBuffer block = ByteBuffer.allocate(clusterSize());
    for (int i = 0; i < table.length; i++) {
      if (table[i] != 0) {
        file.read(table[i], MemorySegment.ofBuffer(block.clear()));
        if (!block.clear().equals(encode(i))) {
          dirty.add(i);
        }
      }
    }
    counts.forEachUsed(
        cluster -> {
          long i = cluster / perBlock();
          if (i >= table.length || table[(int) i] == 0) {
            touch(cluster);
          }
        });
  }

  /** Writes changed blocks, with clusters for those that have none yet; nothing is durable yet. */
  void write() throws IOException {
    giveHomes();
    L2Tables.Entries out = new L2Tables.Entries(file);
    for (int i : dirty) {
      file.write(table[i], encode(i));
    }
    if (moved) {
      out.write(tableOffset, table, 0, table.length);
      file.sync();
      ByteBuffer where = ByteBuffer.allocate(12).putLong(tableOffset);
      where.putInt((table.length * Long.BYTES) >> clusterBits).flip();
      file.write(Qcow2Header.REFCOUNT_TABLE_AT, where);
    } else {
      for (int i : dirty) {
        out.write(tableOffset, table, i, i + 1);
      }
    }
  }

  /** What {@link #write} wrote is durable. */
  void written() {
    dirty.clear();
    if (moved) {
      moved = false;
      for (int i = 0; i < oldTableClusters; i++) {
        long cluster = (oldTableOffset >>> clusterBits) + i;
        counts.remove(cluster);
        touch(cluster);
      }
    }
  }

  /** A new block needs a cluster, whose own count may need another block: until none does. */
  private void giveHomes() throws IOException {
    if (!dirty.isEmpty() && dirty.last() >= MAX_TABLE) {
      throw Qcow2Header.bad("its file is too long for its clusters' size");
    }
    boolean changed = true;
    while (changed) {
      changed = false;
      for (int i : new TreeSet<>(dirty)) {
        if (i >= table.length) {
          growTable(i);
          changed = true;
        } else if (table[i] == 0) {
          long cluster = counts.allocate(1);
          touch(cluster);
          table[i] = cluster << clusterBits;
          changed = true;
        }
      }
    }
  }

  private void growTable(int index) {
    int perCluster = clusterSize() / Long.BYTES;
    int clusters = (index + 1 + index / 2) / perCluster + 1;
    long[] longer = java.util.Arrays.copyOf(table, clusters * perCluster);
    if (moved) {
      // It moved since the last flush, and no header names that place: free at once.
      for (int i = 0; i < table.length / perCluster; i++) {
        counts.remove((tableOffset >>> clusterBits) + i);
      }
    } else {
      oldTableOffset = tableOffset;
      oldTableClusters = table.length / perCluster;
      moved = true;
    }
    long first = counts.allocate(clusters);
    for (int i = 0; i < clusters; i++) {
      touch(first + i);
    }
    tableOffset = first << clusterBits;
    table = longer;
  }

  /** A block's bytes, from the counts: big-endian, or from the lowest bit of a byte. */
  private ByteBuffer encode(int index) {
    ByteBuffer block = ByteBuffer.allocate(clusterSize());
    long first = (long) index * perBlock();
    for (int i = 0; i < perBlock(); i++) {
      int count = counts.get(first + i);
      if (count != 0) {
        switch (order) {
          case 6 -> block.putLong(i * 8, count);
          case 5 -> block.putInt(i * 4, count);
          case 4 -> block.putShort(i * 2, (short) count);
          case 3 -> block.put(i, (byte) count);
          default -> {
            int at = (i << order) >> 3;
            int shift = (i << order) & 7;
            block.put(at, (byte) (block.get(at) | (count << shift)));
          }
        }
      }
    }
    return block;
  }
}
