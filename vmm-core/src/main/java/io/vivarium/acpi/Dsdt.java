package io.vivarium.acpi;

import static io.vivarium.acpi.Aml.buses;
import static io.vivarium.acpi.Aml.concat;
import static io.vivarium.acpi.Aml.device;
import static io.vivarium.acpi.Aml.eisaId;
import static io.vivarium.acpi.Aml.fixedMemory;
import static io.vivarium.acpi.Aml.integer;
import static io.vivarium.acpi.Aml.ioPorts;
import static io.vivarium.acpi.Aml.irq;
import static io.vivarium.acpi.Aml.memoryWindow;
import static io.vivarium.acpi.Aml.method;
import static io.vivarium.acpi.Aml.named;
import static io.vivarium.acpi.Aml.notifyDevice;
import static io.vivarium.acpi.Aml.pkg;
import static io.vivarium.acpi.Aml.resources;
import static io.vivarium.acpi.Aml.scope;
import static io.vivarium.acpi.Aml.string;

import java.util.ArrayList;
import java.util.List;

/** The Differentiated System Description Table: the devices that nothing else announces. */
final class Dsdt {
  private static final String GENERATION = "VGEN";

  private Dsdt() {}

  static byte[] build(boolean pci, long generation) {
    List<byte[]> devices = new ArrayList<>();
    for (int i = 0; i < LegacyIo.SERIAL.size(); i++) {
      devices.add(serial(i + 1, LegacyIo.SERIAL.get(i)));
    }
    devices.add(
        device(
            "RTC",
            named("_HID", eisaId("PNP0B00")),
            named("_CRS", resources(ioPorts(LegacyIo.RTC_PORT, 2), irq(LegacyIo.RTC_IRQ)))));
    if (pci) {
      devices.add(hostBridge());
      devices.add(ecam());
    }
    devices.add(generation(generation));
    byte[] sleepType = integer(LegacyIo.SOFT_OFF);
    byte[] aml =
        concat(
            named("\\_S5", pkg(sleepType, sleepType, integer(0), integer(0))),
            scope("\\_SB", devices.toArray(byte[][]::new)),
            scope("\\_GPE", method("_E00", notifyDevice(GENERATION, 0x80))));
    return new SystemTable("DSDT", 2, SystemTable.HEADER_LENGTH + aml.length)
        .raw(SystemTable.HEADER_LENGTH, aml)
        .finish();
  }

  /**
   * The virtual machine generation ID (Microsoft, "Virtual Machine Generation ID"): 16 bytes that a
   * guest compares when it is told to, to find out that it goes on from a snapshot: a Linux with a
   * driver for it (CONFIG_VMGENID) then renews its random numbers.
   */
  private static byte[] generation(long address) {
    return device(
        GENERATION,
        named("_HID", string("VIVA0001")),
        named("_CID", pkg(string("VM_Gen_Counter"), string("VMGENCTR"))),
        named("_DDN", string("VM_Gen_Counter")),
        named("ADDR", pkg(integer(address), integer(0))));
  }

  /** Functions interrupt by messages only, so there is no routing table of pins (_PRT). */
  private static byte[] hostBridge() {
    return device(
        "PCI0",
        named("_HID", eisaId("PNP0A08")),
        named("_CID", eisaId("PNP0A03")),
        named("_SEG", integer(0)),
        named("_BBN", integer(0)),
        named("_UID", integer(0)),
        named(
            "_CRS",
            resources(
                buses(0, 0),
                ioPorts(PciSpace.CONFIG_PORT, 8),
                memoryWindow(PciSpace.WINDOW, PciSpace.WINDOW_SIZE))));
  }

  /** Linux uses configuration space by memory only where a motherboard device claims it. */
  private static byte[] ecam() {
    return device(
        "ECAM",
        named("_HID", eisaId("PNP0C02")),
        named("_CRS", resources(fixedMemory(PciSpace.ECAM, PciSpace.ECAM_SIZE))));
  }

  private static byte[] serial(int number, LegacyIo.Serial serial) {
    return device(
        "COM" + number,
        named("_HID", eisaId("PNP0501")),
        named("_UID", integer(number)),
        named("_CRS", resources(ioPorts(serial.port(), 8), irq(serial.irq()))));
  }
}
