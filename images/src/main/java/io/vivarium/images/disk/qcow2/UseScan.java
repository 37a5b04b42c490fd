package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.DiskFile;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/**
 * Counts what an image's tables refer to, before it is opened for writing. Each cluster may have
 * one use, or several of compressed data.
 */
final class UseScan {
  private final DiskFile file;
  private final Qcow2Header header;
  private final L2Tables tables;
  private final ClusterCounts counts;
  private final long fileLength;
  private final Set<Long> compressed = new HashSet<>();

  UseScan(DiskFile file, Qcow2Header header, L2Tables tables, ClusterCounts counts)
      throws IOException {
    this.file = file;
    this.header = header;
    this.tables = tables;
    this.counts = counts;
    this.fileLength = file.length();
  }

  /**
   * @throws io.vivarium.images.disk.BadImageException when a cluster has two uses or is not inside
   *     the file
   */
  void run() throws IOException {
    use(0, header.clusterSize(), "the header");
    use(header.l1Offset(), (long) header.l1Size() * Long.BYTES, "the L1 table");
    use(
        header.refcountTableOffset(),
        (long) header.refcountTableClusters() << header.clusterBits(),
        "the refcount table");
    L2Tables.Entries in = new L2Tables.Entries(file);
    for (int i = 0; i < tables.l1Size(); i++) {
      long offset = L2Entry.offset(tables.l1Entry(i));
      if (offset != 0) {
        use(offset, header.clusterSize(), "L2 table " + i);
        for (long entry : in.read(offset, header.l2Entries())) {
          useEntry(entry);
        }
      }
    }
  }

  private void useEntry(long entry) throws IOException {
    if (L2Entry.compressed(entry)) {
      long start = L2Entry.compressedOffset(entry, header.clusterBits());
      int length = L2Entry.compressedLength(entry, header.clusterBits());
      if (start < header.clusterSize() || start >= fileLength) {
        throw Qcow2Header.bad("compressed data is not inside the file");
      }
      long last = (start + length - 1) >>> header.clusterBits();
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

  private void use(long offset, long length, String what) throws IOException {
    if (length == 0) {
      return;
    }
    if ((offset & (header.clusterSize() - 1)) != 0 || offset >= Math.max(fileLength, 1)) {
      throw Qcow2Header.bad(what + " at 0x" + Long.toHexString(offset) + " is not inside the file");
    }
    long end = offset + length;
    for (long at = offset; at < end; at += header.clusterSize()) {
      if (counts.add(at >>> header.clusterBits()) > 1) {
        throw Qcow2Header.bad(
            what + " at 0x" + Long.toHexString(at) + " has another use as well; it is corrupt");
      }
    }
  }
}
