package io.vivarium.devices.memory;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A set of pages of RAM, by their place in all of it with the holes left out. Safe to add to from
 * any thread.
 */
public final class TouchedPages {
  private static final int PAGE_SHIFT = 12;

  private final AtomicLongArray words;

  TouchedPages(long ramBytes) {
    words = new AtomicLongArray((int) (((ramBytes >>> PAGE_SHIFT) + 63) >>> 6));
  }

  /** Adds the pages that bytes {@code offset} to {@code offset + length - 1} lie on. */
  void add(long offset, long length) {
    if (length == 0) {
      return;
    }
    long last = (offset + length - 1) >>> PAGE_SHIFT;
    for (long page = offset >>> PAGE_SHIFT; page <= last; page++) {
      int word = (int) (page >>> 6);
      long bit = 1L << page;
      if ((words.getPlain(word) & bit) == 0) {
        words.getAndAccumulate(word, bit, (a, b) -> a | b);
      }
    }
  }

  void addAll(TouchedPages others) {
    for (int i = 0; i < words.length(); i++) {
      long bits = others.words.get(i);
      if (bits != 0) {
        words.getAndAccumulate(i, bits, (a, b) -> a | b);
      }
    }
  }

  /** The set as bits, 64 pages a word, the lowest page in the lowest bit. */
  public long[] bits() {
    long[] bits = new long[words.length()];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = words.get(i);
    }
    return bits;
  }
}
