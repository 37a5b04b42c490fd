package io.vivarium.images.disk.qcow2;

/** L1 and L2 entries as the specification lays them out ("L2 table entry"). */
final class L2Entry {
  /** The cluster's refcount is exactly one, so it may be written in place. */
  static final long COPIED = 1L << 63;

  private static final long COMPRESSED = 1L << 62;

  /** The cluster reads as zeroes, whatever stands at its offset. */
  static final long ZERO = 1;

  /** Bits 9 to 55. */
  private static final long OFFSET = 0x00ff_ffff_ffff_fe00L;

  private L2Entry() {}

  static long offset(long entry) {
    return entry & OFFSET;
  }

  static boolean compressed(long entry) {
    return (entry & COMPRESSED) != 0;
  }

  static boolean zero(long entry) {
    return !compressed(entry) && (entry & ZERO) != 0;
  }

  /** Whether the entry names a cluster of the file, which may still read as zeroes. */
  static boolean allocated(long entry) {
    return !compressed(entry) && offset(entry) != 0;
  }

  /** Whether the entry's cluster holds the disk's bytes as they are. */
  static boolean plain(long entry) {
    return allocated(entry) && !zero(entry);
  }

  /** Whether the backing file's contents show through. */
  static boolean unallocated(long entry) {
    return !compressed(entry) && offset(entry) == 0 && (entry & ZERO) == 0;
  }

  /** Host offset of the compressed data, any byte. */
  static long compressedOffset(long entry, int clusterBits) {
    return entry & ((1L << offsetBits(clusterBits)) - 1);
  }

  /** Most bytes of compressed data: to the end of the last 512-byte sector that it touches. */
  static int compressedLength(long entry, int clusterBits) {
    int bits = offsetBits(clusterBits);
    long sectors = ((entry & ~(COPIED | COMPRESSED)) >>> bits) + 1;
    return (int) (sectors * 512 - (compressedOffset(entry, clusterBits) & 511));
  }

  private static int offsetBits(int clusterBits) {
    return 62 - (clusterBits - 8);
  }
}
