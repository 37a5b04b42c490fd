package io.vivarium.acpi;

import static io.vivarium.acpi.Aml.bytes;
import static io.vivarium.acpi.Aml.concat;
import static io.vivarium.acpi.Aml.little;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Builds the ACPI tables of a machine: RSDP, XSDT, FADT, FACS, DSDT, MADT, and MCFG where there is
 * a PCI bus.
 *
 * <p>The platform is not "hardware-reduced", because Linux would then look for no PIC and PIT.
 */
public final class AcpiTables {
  /**
   * What the tables tell of.
   *
   * @param cpus processors, whose APIC ids are 0 to {@code cpus - 1}; at most 254
   * @param pci whether there is a PCI bus, as {@link PciSpace} says
   * @param generation guest-physical address of 16 bytes that are others after each restore
   */
  public record Platform(int cpus, boolean pci, long generation) {
    public Platform {
      if (cpus < 1 || cpus > 254) {
        throw new IllegalArgumentException("1 to 254 processors, not " + cpus);
      }
    }
  }

  static final long LOCAL_APIC = 0xfee0_0000L;
  static final long IO_APIC = 0xfec0_0000L;

  private static final int RSDP_LENGTH = 36;

  private AcpiTables() {}

  /**
   * Builds all tables to lie at {@code address}, a multiple of 64; the root pointer (RSDP) is
   * first.
   *
   * @throws IllegalArgumentException when they need more than {@code space} bytes
   */
  public static byte[] build(Platform platform, long address, int space) {
    Layout layout = new Layout(address);
    layout.add(new byte[RSDP_LENGTH]);
    long facs = layout.add(facs());
    long dsdt = layout.add(Dsdt.build(platform.pci(), platform.generation()));
    List<Long> listed = new ArrayList<>();
    listed.add(layout.add(fadt(facs, dsdt)));
    listed.add(layout.add(madt(platform)));
    if (platform.pci()) {
      listed.add(layout.add(mcfg()));
    }
    long xsdt = layout.add(xsdt(listed));
    byte[] all = layout.finish(rsdp(xsdt));
    if (all.length > space) {
      throw new IllegalArgumentException(
          "ACPI tables need %d bytes, there are %d".formatted(all.length, space));
    }
    return all;
  }

  /** Root System Description Pointer (5.2.5.3), with a checksum over the old part and over all. */
  private static byte[] rsdp(long xsdt) {
    byte[] table =
        concat(
            "RSD PTR ".getBytes(StandardCharsets.US_ASCII),
            bytes(0),
            "VIVARM".getBytes(StandardCharsets.US_ASCII),
            bytes(2),
            little(0, 4),
            little(RSDP_LENGTH, 4),
            little(xsdt, 8),
            little(0, 4));
    table[8] = SystemTable.checksum(table, 20);
    table[32] = SystemTable.checksum(table, RSDP_LENGTH);
    return table;
  }

  private static byte[] xsdt(List<Long> tables) {
    int length = SystemTable.HEADER_LENGTH + 8 * tables.size();
    SystemTable xsdt = new SystemTable("XSDT", 1, length);
    for (int i = 0; i < tables.size(); i++) {
      xsdt.u64(SystemTable.HEADER_LENGTH + 8 * i, tables.get(i));
    }
    return xsdt.finish();
  }

  /** Firmware ACPI Control Structure (5.2.10): the global lock, which nobody takes. No checksum. */
  private static byte[] facs() {
    byte[] facs = new byte[64];
    System.arraycopy("FACS".getBytes(StandardCharsets.US_ASCII), 0, facs, 0, 4);
    facs[4] = 64;
    facs[32] = 2;
    return facs;
  }

  /** Fixed ACPI Description Table (5.2.9), revision 6. */
  private static byte[] fadt(long facs, long dsdt) {
    int wbinvd = 1;
    int c1 = 1 << 2;
    int noSleepButton = 1 << 5;
    int noFixedRtcWake = 1 << 6;
    int timer32Bit = 1 << 8;
    int resetRegister = 1 << 10;
    int legacyDevices = 1;
    int noVga = 1 << 2;
    int events = LegacyIo.PM_PORT;
    int control = LegacyIo.PM_PORT + 4;
    int timer = LegacyIo.PM_PORT + 8;
    int generalEvents = LegacyIo.PM_PORT + 12;
    return new SystemTable("FACP", 6, 276)
        .u32(36, facs)
        .u32(40, dsdt)
        .u16(46, LegacyIo.SCI)
        // SMI_CMD (48) stays 0: the machine is always in ACPI mode.
        .u32(56, events)
        .u32(64, control)
        .u32(76, timer)
        .u32(80, generalEvents)
        .u8(88, 4)
        .u8(89, 2)
        .u8(91, 4)
        .u8(92, 2)
        .u16(96, 0xffff) // P_LVL2_LAT, P_LVL3_LAT: no C2 or C3
        .u16(98, 0xffff)
        .u8(108, 0x32) // the RTC's century register
        // The i8042 flag stays clear: the controller resets the machine but has no keyboard.
        .u16(109, legacyDevices | noVga)
        .u32(112, wbinvd | c1 | noSleepButton | noFixedRtcWake | timer32Bit | resetRegister)
        .ioAddress(116, LegacyIo.RESET_PORT, 8, 1)
        .u8(128, LegacyIo.RESET_VALUE)
        .u8(131, 4)
        .u64(140, dsdt)
        .ioAddress(148, events, 32, 2)
        .ioAddress(172, control, 16, 2)
        .ioAddress(208, timer, 32, 3)
        .ioAddress(220, generalEvents, 16, 1)
        .raw(268, "VIVARIUM".getBytes(StandardCharsets.US_ASCII))
        .finish();
  }

  /** Multiple APIC Description Table (5.2.12). ISA interrupt n is GSI n, the timer's too. */
  private static byte[] madt(Platform platform) {
    ByteArrayOutputStream entries = new ByteArrayOutputStream();
    for (int cpu = 0; cpu < platform.cpus(); cpu++) {
      entries.writeBytes(concat(bytes(0, 8, cpu, cpu), little(1, 4)));
    }
    entries.writeBytes(concat(bytes(1, 12, 0, 0), little(IO_APIC, 4), little(0, 4)));
    int levelActiveHigh = 0xd;
    entries.writeBytes(
        concat(bytes(2, 10, 0, LegacyIo.SCI), little(LegacyIo.SCI, 4), little(levelActiveHigh, 2)));
    // All processors take NMI at LINT1.
    entries.writeBytes(bytes(4, 6, 0xff, 0, 0, 1));
    int fixed = SystemTable.HEADER_LENGTH + 8;
    int dualPic = 1;
    return new SystemTable("APIC", 4, fixed + entries.size())
        .u32(36, LOCAL_APIC)
        .u32(40, dualPic)
        .raw(fixed, entries.toByteArray())
        .finish();
  }

  /** Where configuration space is mapped (PCI Firmware 3.2, 4.1.2): segment 0, bus 0. */
  private static byte[] mcfg() {
    return new SystemTable("MCFG", 1, SystemTable.HEADER_LENGTH + 8 + 16)
        .u64(44, PciSpace.ECAM)
        .finish();
  }

  /** Tables one after the other, each at a multiple of 64, as FACS demands. */
  private static final class Layout {
    private static final int ALIGNMENT = 64;

    private final long base;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Layout(long base) {
      this.base = base;
    }

    long add(byte[] table) {
      while (bytes.size() % ALIGNMENT != 0) {
        bytes.write(0);
      }
      long address = base + bytes.size();
      bytes.writeBytes(table);
      return address;
    }

    /** All bytes, the first of which become {@code head}. */
    byte[] finish(byte[] head) {
      byte[] all = bytes.toByteArray();
      System.arraycopy(head, 0, all, 0, head.length);
      return all;
    }
  }
}
