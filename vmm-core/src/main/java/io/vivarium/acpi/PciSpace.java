package io.vivarium.acpi;

/** Where PCI stands in guest-physical memory: told by the tables, kept by the assembly. */
public final class PciSpace {
  /** Registers of the functions, right above the RAM below 4 GiB. */
  public static final long WINDOW = 0xc000_0000L;

  public static final long WINDOW_SIZE = 0x2000_0000L;

  /** Configuration space of bus 0 by memory (ECAM), 1 MiB. */
  public static final long ECAM = 0xe000_0000L;

  public static final long ECAM_SIZE = 0x10_0000L;

  /** Configuration space by ports: address at +0, data at +4. */
  public static final int CONFIG_PORT = 0xcf8;

  private PciSpace() {}
}
