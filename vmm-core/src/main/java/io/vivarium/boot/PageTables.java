package io.vivarium.boot;

import io.vivarium.devices.memory.GuestMemory;

/** Identity page tables and descriptor tables for entering a kernel in 64-bit or 32-bit mode. */
final class PageTables {
  /**
   * How much is mapped, as Intel's manual vol. 3A, 4.5 has it: 2 MiB pages, one directory a GiB.
   */
  static final int GIGABYTES = 4;

  static final int CODE_SELECTOR = 0x10;
  static final int DATA_SELECTOR = 0x18;
  static final int TASK_SELECTOR = 0x20;

  private static final long PRESENT_WRITABLE = 0x3;
  private static final long LARGE_PAGE = 0x80;

  /** Present, ring 0, base 0, limit 4 GiB, as the boot protocol's __BOOT_CS and __BOOT_DS. */
  private static final long CODE_64 = 0x00af_9b00_0000_ffffL;

  private static final long CODE_32 = 0x00cf_9b00_0000_ffffL;
  private static final long DATA = 0x00cf_9300_0000_ffffL;
  private static final long TASK = 0x0000_8b00_0000_0067L;

  private PageTables() {}

  static void writeIdentityMap(GuestMemory memory) {
    long pointers = LowMemory.PAGE_TABLES + 0x1000;
    memory.setU64(LowMemory.PAGE_TABLES, pointers | PRESENT_WRITABLE);
    for (int gigabyte = 0; gigabyte < GIGABYTES; gigabyte++) {
      long directory = pointers + 0x1000 + gigabyte * 0x1000L;
      memory.setU64(pointers + gigabyte * 8L, directory | PRESENT_WRITABLE);
      for (int page = 0; page < 512; page++) {
        long address = ((long) gigabyte << 30) + ((long) page << 21);
        memory.setU64(directory + page * 8L, address | PRESENT_WRITABLE | LARGE_PAGE);
      }
    }
  }

  static void writeDescriptors(GuestMemory memory, CpuEntry.Mode mode) {
    memory.setU64(LowMemory.GDT, 0);
    memory.setU64(LowMemory.GDT + 8, 0);
    memory.setU64(LowMemory.GDT + CODE_SELECTOR, mode == CpuEntry.Mode.LONG_64 ? CODE_64 : CODE_32);
    memory.setU64(LowMemory.GDT + DATA_SELECTOR, DATA);
    memory.setU64(LowMemory.GDT + TASK_SELECTOR, TASK);
  }
}
