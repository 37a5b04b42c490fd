package io.vivarium.boot;

/**
 * Where boot structures lie below 1 MiB, guest-physical. Linux reads them before it hands the
 * memory out, or, above {@link #EBDA}, finds them reserved.
 */
public final class LowMemory {
  static final long GDT = 0x500;
  static final long PVH_START_INFO = 0x6000;
  static final long BOOT_PARAMS = 0x7000;
  static final long STACK_TOP = 0x8ff0;

  /** PML4, then one page directory pointer table, then {@link PageTables#GIGABYTES} directories. */
  static final long PAGE_TABLES = 0x9000;

  static final long CMDLINE = 0x20000;
  static final int CMDLINE_SPACE = 0x10000;

  /** From here to 1 MiB is no RAM for the guest: EBDA, video memory, ROM area. */
  static final long EBDA = 0x9fc00;

  /** The ROM area, which holds the ACPI tables. */
  public static final long ACPI = 0xe0000;

  public static final long ACPI_END = 0xfffc0;

  /** 16 bytes, the virtual machine generation ID. */
  public static final long GENERATION = ACPI_END;

  /** Kernels and initrds lie from here on. */
  static final long HIGH = 0x100000;

  private LowMemory() {}
}
