package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.BadImageException;
import io.vivarium.images.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeMap;

/**
 * Looks whether an image's tables agree with one another, as {@code qemu-img check} does. Takes no
 * lock and changes nothing; of an image that is written to meanwhile the answer means nothing.
 */
public final class Qcow2Check {
  private final Path path;
  private final Qcow2Header header;
  private final long length;
  private final ClusterCounts counts = new ClusterCounts();
  private final Set<Long> compressed = new HashSet<>();

  private Qcow2Check(Path path, Qcow2Header header) throws IOException {
    this.path = path;
    this.header = header;
    this.length = Files.size(path);
  }

  /**
   * What was found.
   *
   * @param size of the disk in bytes
   * @param leaked clusters that nothing uses and that count as used: a crash leaves them, and
   *     opening the image for writing gives them back
   * @param unsettled whether the image says itself that its refcounts may be wrong
   */
  public record Report(long size, long leaked, boolean unsettled) {}

  /**
   * Checks an image.
   *
   * @throws BadImageException with a sentence, when it is damaged
   */
  public static Report check(Path path) throws IOException {
    return new Qcow2Check(path, Qcow2.header(path)).run();
  }

  private Report run() throws IOException {
    if (header.corrupt()) {
      throw Qcow2Header.bad("it is marked corrupt");
    }
    use(0, header.clusterSize(), "the header");
    use(header.l1Offset(), (long) header.l1Size() * Long.BYTES, "the L1 table");
    long tableBytes = (long) header.refcountTableClusters() << header.clusterBits();
    use(header.refcountTableOffset(), tableBytes, "the refcount table");
    ByteBuffer l1 = read(header.l1Offset(), header.l1Size() * Long.BYTES);
    for (int i = 0; i < header.l1Size(); i++) {
      long offset = L2Entry.offset(l1.getLong(i * Long.BYTES));
      if (offset != 0) {
        use(offset, header.clusterSize(), "L2 table " + i);
        ByteBuffer l2 = read(offset, header.clusterSize());
        while (l2.hasRemaining()) {
          useEntry(l2.getLong());
        }
      }
    }
    return new Report(header.size(), refcounts(tableBytes), header.dirty());
  }

  private void useEntry(long entry) throws IOException {
    if (L2Entry.compressed(entry)) {
      long start = L2Entry.compressedOffset(entry, header.clusterBits());
      int bytes = L2Entry.compressedLength(entry, header.clusterBits());
      if (start < header.clusterSize() || start >= length) {
        throw Qcow2Header.bad("compressed data is not inside the file");
      }
      long last = (start + bytes - 1) >>> header.clusterBits();
      for (long c = start >>> header.clusterBits(); c <= last; c++) {
        if (counts.add(c) > 1 && !compressed.contains(c)) {
          throw Qcow2Header.bad("compressed data shares a cluster with something else");
        }
        compressed.add(c);
      }
    } else if (L2Entry.allocated(entry)) {
      use(L2Entry.offset(entry), header.clusterSize(), "a data cluster");
    }
  }

  private void use(long offset, long bytes, String what) throws BadImageException {
    if (bytes == 0) {
      return;
    }
    if ((offset & (header.clusterSize() - 1)) != 0 || offset >= Math.max(length, 1)) {
      throw Qcow2Header.bad(what + " at 0x" + Long.toHexString(offset) + " is not inside the file");
    }
    for (long at = offset; at < offset + bytes; at += header.clusterSize()) {
      if (counts.add(at >>> header.clusterBits()) > 1) {
        throw Qcow2Header.bad(what + " at 0x" + Long.toHexString(at) + " has another use as well");
      }
    }
  }

  /** Compares the refcounts with the uses; returns how many clusters leak. */
  private long refcounts(long tableBytes) throws IOException {
    ByteBuffer table = read(header.refcountTableOffset(), (int) tableBytes);
    TreeMap<Long, Long> blocks = new TreeMap<>();
    for (long i = 0; table.hasRemaining(); i++) {
      long offset = table.getLong();
      if (offset != 0) {
        use(offset, header.clusterSize(), "refcount block " + i);
        blocks.put(i, offset);
      }
    }
    long perBlock = ((long) header.clusterSize() * 8) >> header.refcountOrder();
    long leaked = 0;
    long right = 0;
    for (var block : blocks.entrySet()) {
      ByteBuffer bytes = read(block.getValue(), header.clusterSize());
      for (int i = 0; i < perBlock; i++) {
        long uses = counts.get(block.getKey() * perBlock + i);
        long noted = refcount(bytes, i);
        if (noted < uses && !header.dirty()) {
          throw tooLow(block.getKey() * perBlock + i);
        }
        leaked += noted > uses ? 1 : 0;
        right += uses > 0 ? 1 : 0;
      }
    }
    long[] used = new long[1];
    counts.forEachUsed(cluster -> used[0]++);
    if (right < used[0] && !header.dirty()) {
      throw Qcow2Header.bad("clusters are used that no refcount block counts");
    }
    return leaked;
  }

  private static BadImageException tooLow(long cluster) {
    return Qcow2Header.bad("the refcount of cluster " + cluster + " is lower than its uses");
  }

  private long refcount(ByteBuffer block, int i) {
    return switch (header.refcountOrder()) {
      case 6 -> block.getLong(i * 8);
      case 5 -> Integer.toUnsignedLong(block.getInt(i * 4));
      case 4 -> Short.toUnsignedLong(block.getShort(i * 2));
      case 3 -> Byte.toUnsignedLong(block.get(i));
      default -> {
        int bit = i << header.refcountOrder();
        int mask = (1 << (1 << header.refcountOrder())) - 1;
        yield (block.get(bit >> 3) >> (bit & 7)) & mask;
      }
    };
  }

  /** What lies beyond the file's end is zeroes. */
  private ByteBuffer read(long offset, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    DiskFile.peek(path, offset, buffer);
    return buffer.clear();
  }
}
