package io.vivarium.images.disk;

import java.util.Arrays;

/** Tells bytes that are all zero. */
public final class Zeroes {
  private static final byte[] ZEROES = new byte[1 << 16];

  private Zeroes() {}

  /** Whether a stretch holds nothing else; at most 64 KiB. */
  public static boolean only(byte[] bytes, int from, int length) {
    return Arrays.mismatch(bytes, from, from + length, ZEROES, 0, length) < 0;
  }
}
