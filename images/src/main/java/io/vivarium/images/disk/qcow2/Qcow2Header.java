package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.BadImageException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The header as parsed, all of it checked against itself and the file's length.
 *
 * @param version 2 or 3
 * @param backingFile name of the backing file, or null
 * @param backingFormat from the header extension, or null
 * @param clusterBits 9 to 21
 * @param size of the disk in bytes, a multiple of 512
 * @param l1Size entries of the L1 table
 * @param refcountOrder 0 to 6: a refcount has {@code 1 << refcountOrder} bits
 * @param zstd whether compressed clusters are zstd's, else zlib's
 */
record Qcow2Header(
    int version,
    @Nullable String backingFile,
    @Nullable String backingFormat,
    int clusterBits,
    long size,
    int l1Size,
    long l1Offset,
    long refcountTableOffset,
    int refcountTableClusters,
    int snapshots,
    boolean dirty,
    boolean corrupt,
    boolean zstd,
    int refcountOrder,
    int headerLength) {

  static final int MAGIC = 0x514649fb; // "QFI\xfb"
  static final int V2_LENGTH = 72;
  static final int V3_LENGTH = 104;

  /** Positions of fields that are written again, and the bit of an image that is being changed. */
  static final int SIZE_AT = 24;

  static final int L1_SIZE_AT = 36;
  static final int REFCOUNT_TABLE_AT = 48;
  static final int INCOMPATIBLE_AT = 72;
  static final int AUTOCLEAR_AT = 88;
  static final long INCOMPATIBLE_DIRTY = 1;

  private static final long INCOMPATIBLE_CORRUPT = 1 << 1;
  private static final long INCOMPATIBLE_DATA_FILE = 1 << 2;
  private static final long INCOMPATIBLE_COMPRESSION = 1 << 3;
  private static final long INCOMPATIBLE_EXTENDED_L2 = 1 << 4;
  private static final int EXTENSION_BACKING_FORMAT = 0xe2792aca;

  /** QEMU's own limits, which no real image reaches. */
  private static final int MAX_L1_BYTES = 32 << 20;

  private static final int MAX_REFCOUNT_TABLE_BYTES = 8 << 20;
  private static final int MAX_NAME = 1023;
  private static final int MAX_FORMAT = 64;

  int clusterSize() {
    return 1 << clusterBits;
  }

  /** Entries of an L2 table, which fills a cluster. */
  int l2Entries() {
    return clusterSize() / Long.BYTES;
  }

  /** Entries that an L1 table needs for a disk of this size. */
  static long l1SizeFor(long size, int clusterBits) {
    int bits = 2 * clusterBits - 3; // an L2 table covers so much
    return (size >>> bits) + ((size & ((1L << bits) - 1)) == 0 ? 0 : 1);
  }

  /**
   * Parses a header.
   *
   * @param start the file's first bytes, at least the first cluster or all of a shorter file
   * @param fileLength the whole file's
   * @throws BadImageException with a sentence that says what is wrong or not supported
   */
  static Qcow2Header parse(ByteBuffer start, long fileLength) throws BadImageException {
    if (start.remaining() < V2_LENGTH || start.getInt(0) != MAGIC) {
      throw bad("it does not begin with a qcow2 header");
    }
    int version = start.getInt(4);
    if (version != 2 && version != 3) {
      throw bad("its version is " + version + ", and versions 2 and 3 are supported");
    }
    if (version == 3 && start.remaining() < V3_LENGTH) {
      throw bad("its header is cut short");
    }
    int clusterBits = start.getInt(20);
    if (clusterBits < 9 || clusterBits > 21) {
      throw bad("cluster_bits is " + clusterBits + ", and must be 9 to 21");
    }
    int clusterSize = 1 << clusterBits;
    if (start.getInt(32) != 0) {
      throw bad("it is encrypted, which is not supported");
    }
    long incompatible = version == 3 ? start.getLong(INCOMPATIBLE_AT) : 0;
    checkFeatures(incompatible);
    int headerLength = version == 3 ? start.getInt(100) : V2_LENGTH;
    if (headerLength < (version == 3 ? V3_LENGTH : V2_LENGTH)
        || headerLength % 8 != 0
        || headerLength > Math.min(clusterSize, start.remaining())) {
      throw bad("header_length is " + Integer.toUnsignedString(headerLength));
    }
    boolean typed = (incompatible & INCOMPATIBLE_COMPRESSION) != 0;
    int compression = headerLength > V3_LENGTH ? Byte.toUnsignedInt(start.get(V3_LENGTH)) : 0;
    if (compression > 1 || typed != (compression != 0)) {
      throw bad("its compression type is " + compression + ", and zlib and zstd are supported");
    }
    int refcountOrder = version == 3 ? start.getInt(96) : 4;
    if (refcountOrder < 0 || refcountOrder > 6) {
      throw bad("refcount_order is " + refcountOrder + ", and must be 0 to 6");
    }
    Qcow2Header header =
        new Qcow2Header(
            version,
            backingFile(start, clusterSize, headerLength),
            backingFormat(start, clusterSize, headerLength),
            clusterBits,
            start.getLong(SIZE_AT),
            start.getInt(L1_SIZE_AT),
            start.getLong(40),
            start.getLong(REFCOUNT_TABLE_AT),
            start.getInt(56),
            start.getInt(60),
            (incompatible & INCOMPATIBLE_DIRTY) != 0,
            (incompatible & INCOMPATIBLE_CORRUPT) != 0,
            compression == 1,
            refcountOrder,
            headerLength);
    header.checkTables(fileLength);
    return header;
  }

  private static void checkFeatures(long incompatible) throws BadImageException {
    if ((incompatible & INCOMPATIBLE_DATA_FILE) != 0) {
      throw bad("its data is in an external file, which is not supported");
    }
    if ((incompatible & INCOMPATIBLE_EXTENDED_L2) != 0) {
      throw bad("it has extended L2 entries, which are not supported");
    }
    long unknown =
        incompatible & ~(INCOMPATIBLE_DIRTY | INCOMPATIBLE_CORRUPT | INCOMPATIBLE_COMPRESSION);
    if (unknown != 0) {
      throw bad("it needs features that are not supported: bits 0x" + Long.toHexString(unknown));
    }
  }

  private void checkTables(long fileLength) throws BadImageException {
    if (size < 0 || size % 512 != 0) {
      throw bad("its size is " + Long.toUnsignedString(size) + " bytes");
    }
    if (l1Size < 0 || (long) l1Size * Long.BYTES > MAX_L1_BYTES) {
      throw bad("its L1 table has " + Integer.toUnsignedString(l1Size) + " entries");
    }
    if (l1SizeFor(size, clusterBits) > l1Size) {
      throw bad("its L1 table of " + l1Size + " entries is too small for its size");
    }
    checkTable("L1 table", l1Offset, (long) l1Size * Long.BYTES, fileLength);
    if (refcountTableClusters <= 0
        || (long) refcountTableClusters << clusterBits > MAX_REFCOUNT_TABLE_BYTES) {
      throw bad(
          "its refcount table has "
              + Integer.toUnsignedString(refcountTableClusters)
              + " clusters");
    }
    checkTable(
        "refcount table",
        refcountTableOffset,
        (long) refcountTableClusters << clusterBits,
        fileLength);
  }

  private void checkTable(String what, long offset, long length, long fileLength)
      throws BadImageException {
    if (length == 0) {
      return;
    }
    if (offset < clusterSize()
        || (offset & (clusterSize() - 1)) != 0
        || offset > fileLength
        || length > fileLength - offset) {
      throw bad("its " + what + " at 0x" + Long.toHexString(offset) + " is not inside the file");
    }
  }

  private static @Nullable String backingFile(ByteBuffer start, int clusterSize, int headerLength)
      throws BadImageException {
    long offset = start.getLong(8);
    int length = start.getInt(16);
    if (offset == 0) {
      return null;
    }
    if (length < 1
        || length > MAX_NAME
        || offset < headerLength
        || offset > Math.min(clusterSize, start.remaining()) - (long) length) {
      throw bad("the name of its backing file is not inside the first cluster");
    }
    byte[] name = new byte[length];
    start.get((int) offset, name);
    return new String(name, StandardCharsets.UTF_8);
  }

  /** Walks the header extensions; those not known are passed over, as the specification wants. */
  private static @Nullable String backingFormat(ByteBuffer start, int clusterSize, int headerLength)
      throws BadImageException {
    long backing = start.getLong(8);
    long end = Math.min(clusterSize, start.remaining());
    if (backing > headerLength) {
      end = Math.min(end, backing);
    }
    int at = headerLength;
    while (at + 8 <= end) {
      int type = start.getInt(at);
      int length = start.getInt(at + 4);
      if (type == 0) {
        return null;
      }
      if (length < 0 || length > end - at - 8) {
        throw bad("a header extension is longer than the first cluster");
      }
      if (type == EXTENSION_BACKING_FORMAT) {
        byte[] format = new byte[Math.min(length, MAX_FORMAT)];
        start.get(at + 8, format);
        return new String(format, StandardCharsets.US_ASCII);
      }
      at += 8 + Math.ceilDiv(length, 8) * 8;
    }
    return null;
  }

  /**
   * The first cluster of a new image of version 3.
   *
   * @throws IllegalArgumentException when the backing file's name is too long
   */
  ByteBuffer encode() {
    ByteBuffer out = ByteBuffer.allocate(clusterSize());
    out.putInt(0, MAGIC).putInt(4, version).putInt(20, clusterBits).putLong(SIZE_AT, size);
    out.putInt(L1_SIZE_AT, l1Size).putLong(40, l1Offset);
    out.putLong(REFCOUNT_TABLE_AT, refcountTableOffset).putInt(56, refcountTableClusters);
    out.putInt(96, refcountOrder).putInt(100, headerLength);
    int at = headerLength;
    if (backingFormat != null) {
      byte[] format = backingFormat.getBytes(StandardCharsets.US_ASCII);
      out.putInt(at, EXTENSION_BACKING_FORMAT).putInt(at + 4, format.length).put(at + 8, format);
      at += 8 + Math.ceilDiv(format.length, 8) * 8;
    }
    at += 8; // the extensions' end: type 0, length 0
    if (backingFile != null) {
      byte[] name = backingFile.getBytes(StandardCharsets.UTF_8);
      if (name.length > Math.min(MAX_NAME, clusterSize() - at)) {
        throw new IllegalArgumentException("The backing file's name is too long: " + backingFile);
      }
      out.putLong(8, at).putInt(16, name.length).put(at, name);
    }
    return out;
  }

  static BadImageException bad(String why) {
    return new BadImageException("The qcow2 image cannot be used: " + why + ".");
  }
}
