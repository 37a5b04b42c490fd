package io.vivarium.images.disk;

/** The one place where a range is checked against a disk's size. */
public final class DiskRange {
  /** Sizes and most formats count in these. */
  public static final int SECTOR = 512;

  private DiskRange() {}

  /**
   * @throws IndexOutOfBoundsException unless {@code 0 <= offset}, {@code 0 <= length} and their sum
   *     is at most {@code size}, without overflow
   */
  public static void check(long offset, long length, long size) {
    if (offset < 0 || length < 0 || offset > size || length > size - offset) {
      throw new IndexOutOfBoundsException(
          "range of " + length + " bytes at " + offset + " is not inside a disk of " + size);
    }
  }

  /**
   * Checks the size that a disk is to grow to.
   *
   * @throws IllegalArgumentException with a sentence
   */
  public static void checkGrowth(long newSize, long size) {
    if (newSize < size) {
      throw new IllegalArgumentException(
          "A disk of " + size + " bytes cannot shrink to " + newSize + ".");
    }
    if (newSize % SECTOR != 0) {
      throw new IllegalArgumentException("A disk's size is a multiple of 512, not " + newSize);
    }
  }
}
