package io.vivarium.assist;

/** Where each component of the extended state lies in the standard format (CPUID leaf 0DH). */
final class XsaveLayout {
  static final int LEGACY = 512;
  static final int HEADER_END = 576;
  static final long X87 = 1;
  static final long SSE = 2;
  static final long AVX = 4;

  /** Components 0 to 62; 63 is no component. */
  static final int COMPONENTS = 63;

  private final int[] offsets = new int[COMPONENTS];
  private final int[] sizes = new int[COMPONENTS];
  private long aligned;

  XsaveLayout() {
    component(0, 0, 160, false);
    component(1, 160, 256, false);
  }

  /**
   * Adds a component as CPUID leaf 0DH, subleaf {@code number}, tells of it.
   *
   * @param alignedTo64 whether the compacted format aligns it to 64 bytes (ECX bit 1)
   */
  void component(int number, int offset, int size, boolean alignedTo64) {
    offsets[number] = offset;
    sizes[number] = size;
    if (alignedTo64) {
      aligned |= 1L << number;
    }
  }

  int offset(int component) {
    return offsets[component];
  }

  /** In bytes, 0 where there is no such component. */
  int size(int component) {
    return sizes[component];
  }

  /** Bytes from the start to the end of the last component of a mask. */
  int standardSize(long mask) {
    int size = HEADER_END;
    for (int i = 2; i < COMPONENTS; i++) {
      if ((mask >>> i & 1) != 0) {
        size = Math.max(size, offsets[i] + sizes[i]);
      }
    }
    return size;
  }

  /** Where components lie in the compacted format (SDM 1, 13.4.3); component 63 is its end. */
  int compactedOffset(long mask, int component) {
    int offset = HEADER_END;
    for (int i = 2; i < COMPONENTS; i++) {
      boolean there = (mask >>> i & 1) != 0;
      if (there && (aligned >>> i & 1) != 0) {
        offset = (offset + 63) & ~63;
      }
      if (i == component) {
        return offset;
      }
      if (there) {
        offset += sizes[i];
      }
    }
    return offset;
  }
}
