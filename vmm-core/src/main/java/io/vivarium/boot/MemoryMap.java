package io.vivarium.boot;

import io.vivarium.devices.memory.GuestMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * What the guest is told of its physical memory, in the terms of BIOS function E820.
 *
 * @param ranges by rising address; they do not overlap
 */
record MemoryMap(List<Range> ranges) {
  static final int RAM = 1;
  static final int RESERVED = 2;

  /** {@code length} bytes from {@code start}, RAM or reserved. */
  record Range(long start, long length, int type) {}

  /** All RAM, but what is kept back between 639 KiB and 1 MiB. */
  static MemoryMap of(GuestMemory memory) {
    List<Range> ranges = new ArrayList<>();
    for (GuestMemory.Region region : memory.regions()) {
      long start = region.guestAddress();
      long size = region.host().byteSize();
      if (start == 0) {
        ranges.add(new Range(0, LowMemory.EBDA, RAM));
        ranges.add(new Range(LowMemory.EBDA, LowMemory.HIGH - LowMemory.EBDA, RESERVED));
        ranges.add(new Range(LowMemory.HIGH, size - LowMemory.HIGH, RAM));
      } else {
        ranges.add(new Range(start, size, RAM));
      }
    }
    return new MemoryMap(List.copyOf(ranges));
  }
}
