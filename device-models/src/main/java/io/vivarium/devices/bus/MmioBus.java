package io.vivarium.devices.bus;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Memory-mapped I/O: guest-physical ranges that are devices. Lookups take no lock (a binary search
 * in an array that is never changed); mapping and unmapping replace the array, so a PCI base
 * address register may move while vCPUs run.
 *
 * <p>An access that no device answers whole reads as all ones and is ignored when written.
 */
public final class MmioBus {
  private record Mapping(long base, long length, BusDevice device) {}

  private volatile Mapping[] mappings = {};

  /**
   * Maps a range.
   *
   * @throws IllegalArgumentException when it is empty, beyond 2^63, or overlaps another
   */
  public void map(long base, long length, BusDevice device) {
    if (!tryMap(base, length, device)) {
      throw new IllegalArgumentException(
          "range 0x%x, %d bytes, is empty or taken".formatted(base, length));
    }
  }

  /** As {@link #map}, for ranges that a guest chose: false, and no change, where it cannot be. */
  public synchronized boolean tryMap(long base, long length, BusDevice device) {
    if (base < 0 || length <= 0 || base > Long.MAX_VALUE - length) {
      return false;
    }
    List<Mapping> next = new ArrayList<>(List.of(mappings));
    for (Mapping other : next) {
      if (base < other.base + other.length && other.base < base + length) {
        return false;
      }
    }
    next.add(new Mapping(base, length, device));
    next.sort(Comparator.comparingLong(Mapping::base));
    mappings = next.toArray(Mapping[]::new);
    return true;
  }

  /** Removes all that is mapped to {@code device}. */
  public synchronized void unmap(BusDevice device) {
    List<Mapping> next = new ArrayList<>(List.of(mappings));
    next.removeIf(mapping -> mapping.device.equals(device));
    mappings = next.toArray(Mapping[]::new);
  }

  /** Reads; {@code size} is 1, 2, 4 or 8, anything else reads as all ones. */
  public long read(long address, int size) {
    Mapping mapping = find(address, size);
    long mask = mask(size);
    return mapping == null ? mask : mapping.device.read(address - mapping.base, size) & mask;
  }

  /** Writes the low {@code size} bytes of {@code value}. */
  public void write(long address, int size, long value) {
    Mapping mapping = find(address, size);
    if (mapping != null) {
      mapping.device.write(address - mapping.base, size, value & mask(size));
    }
  }

  /** All ones in {@code size} bytes. */
  static long mask(int size) {
    return size >= 8 || size <= 0 ? -1L : (1L << (8 * size)) - 1;
  }

  private @Nullable Mapping find(long address, int size) {
    if (address < 0 || (size != 1 && size != 2 && size != 4 && size != 8)) {
      return null;
    }
    Mapping[] all = mappings;
    int low = 0;
    int high = all.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      Mapping mapping = all[middle];
      long offset = address - mapping.base;
      if (offset < 0) {
        high = middle - 1;
      } else if (offset >= mapping.length) {
        low = middle + 1;
      } else {
        return offset + size <= mapping.length ? mapping : null;
      }
    }
    return null;
  }
}
