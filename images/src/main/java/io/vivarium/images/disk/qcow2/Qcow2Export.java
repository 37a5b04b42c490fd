package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.Zeroes;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.function.DoublePredicate;

/**
 * Writes a disk as one qcow2 image without a backing file, from the first byte to the last, so that
 * a pipe will do. The disk is read twice: which clusters are zeroes decides where the others are.
 *
 * <p>The image is: header; refcount table; refcount blocks; L1 table; L2 tables; data. Each cluster
 * of it has one use.
 */
public final class Qcow2Export {
  private static final int BITS = 16;
  private static final int CLUSTER = 1 << BITS;
  private static final int PER_TABLE = CLUSTER / Long.BYTES;
  private static final int PER_BLOCK = CLUSTER / Short.BYTES;
  private static final int CHUNK = 1 << 20;

  private final Disk disk;
  private final OutputStream target;
  private final DoublePredicate goOn;
  private final BitSet data = new BitSet();

  private Qcow2Export(Disk disk, OutputStream target, DoublePredicate goOn) {
    this.disk = disk;
    this.target = target;
    this.goOn = goOn;
  }

  /**
   * Writes all of a disk that nobody changes meanwhile.
   *
   * @param goOn told after each MiB which part is done, 0.0 to 1.0; false ends it
   * @return whether all was written
   */
  public static boolean write(Disk disk, OutputStream target, DoublePredicate goOn)
      throws IOException {
    return new Qcow2Export(disk, target, goOn).run();
  }

  private boolean run() throws IOException {
    if (!findData()) {
      return false;
    }
    int l1Size = Math.toIntExact(Qcow2Header.l1SizeFor(disk.size(), BITS));
    BitSet tables = new BitSet(l1Size);
    data.stream().forEach(cluster -> tables.set(cluster / PER_TABLE));
    int l1Clusters = Math.ceilDiv(l1Size, PER_TABLE);
    long others = 1L + l1Clusters + tables.cardinality() + data.cardinality();
    int blocks = 1;
    int blockTables = 1;
    while ((long) blocks * PER_BLOCK < others + blocks + blockTables) {
      blocks++;
      blockTables = Math.ceilDiv(blocks, PER_TABLE);
    }
    long total = others + blocks + blockTables;
    long firstBlock = 1L + blockTables;
    long l1 = firstBlock + blocks;
    long firstTable = l1 + l1Clusters;
    long firstData = firstTable + tables.cardinality();
    target.write(
        new Qcow2Header(
                3,
                null,
                null,
                BITS,
                disk.size(),
                l1Size,
                l1 << BITS,
                CLUSTER,
                blockTables,
                0,
                false,
                false,
                false,
                4,
                Qcow2Header.V3_LENGTH)
            .encode()
            .array());
    writeRefcounts(blocks, blockTables, firstBlock, total);
    writeTables(l1Clusters, tables, firstTable, firstData);
    boolean all = writeData();
    target.flush();
    return all;
  }

  private interface Chunks {
    void take(byte[] bytes, int length, int firstCluster) throws IOException;
  }

  private boolean read(double from, Chunks chunks) throws IOException {
    byte[] bytes = new byte[CHUNK];
    for (long at = 0; at < disk.size(); at += CHUNK) {
      int n = (int) Math.min(CHUNK, disk.size() - at);
      int first = Math.toIntExact(at >> BITS);
      if (from == 0 || hasData(first)) {
        disk.read(at, MemorySegment.ofArray(bytes).asSlice(0, n));
        chunks.take(bytes, n, first);
      }
      if (!goOn.test(from + (at + n) * 0.5 / disk.size())) {
        return false;
      }
    }
    return true;
  }

  private boolean hasData(int first) {
    int next = data.nextSetBit(first);
    return next >= 0 && next < first + CHUNK / CLUSTER;
  }

  private boolean findData() throws IOException {
    return read(
        0,
        (bytes, length, first) -> {
          for (int i = 0; i < length; i += CLUSTER) {
            if (!Zeroes.only(bytes, i, Math.min(CLUSTER, length - i))) {
              data.set(first + i / CLUSTER);
            }
          }
        });
  }

  private void writeRefcounts(int blocks, int blockTables, long firstBlock, long total)
      throws IOException {
    ByteBuffer table = ByteBuffer.allocate(blockTables * CLUSTER);
    for (int i = 0; i < blocks; i++) {
      table.putLong((firstBlock + i) << BITS);
    }
    target.write(table.array());
    for (int i = 0; i < blocks; i++) {
      ByteBuffer block = ByteBuffer.allocate(CLUSTER);
      long used = Math.min(PER_BLOCK, total - (long) i * PER_BLOCK);
      for (long j = 0; j < used; j++) {
        block.putShort((short) 1);
      }
      target.write(block.array());
    }
  }

  private void writeTables(int l1Clusters, BitSet tables, long firstTable, long firstData)
      throws IOException {
    ByteBuffer l1 = ByteBuffer.allocate(l1Clusters * CLUSTER);
    long place = firstTable;
    for (int i = tables.nextSetBit(0); i >= 0; i = tables.nextSetBit(i + 1)) {
      l1.putLong(i * Long.BYTES, (place++ << BITS) | L2Entry.COPIED);
    }
    target.write(l1.array());
    place = firstData;
    for (int i = tables.nextSetBit(0); i >= 0; i = tables.nextSetBit(i + 1)) {
      ByteBuffer l2 = ByteBuffer.allocate(CLUSTER);
      int first = i * PER_TABLE;
      for (int j = data.nextSetBit(first); j >= 0 && j < first + PER_TABLE; ) {
        l2.putLong((j - first) * Long.BYTES, (place++ << BITS) | L2Entry.COPIED);
        j = data.nextSetBit(j + 1);
      }
      target.write(l2.array());
    }
  }

  private boolean writeData() throws IOException {
    return read(
        0.5,
        (bytes, length, first) -> {
          for (int i = 0; i < length; i += CLUSTER) {
            if (data.get(first + i / CLUSTER)) {
              int n = Math.min(CLUSTER, length - i);
              target.write(bytes, i, n);
              if (n < CLUSTER) {
                target.write(new byte[CLUSTER - n]);
              }
            }
          }
        });
  }
}
