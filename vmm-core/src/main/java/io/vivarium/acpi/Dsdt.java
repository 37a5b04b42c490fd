package io.vivarium.acpi;

import static io.vivarium.acpi.Aml.concat;
import static io.vivarium.acpi.Aml.device;
import static io.vivarium.acpi.Aml.eisaId;
import static io.vivarium.acpi.Aml.integer;
import static io.vivarium.acpi.Aml.ioPorts;
import static io.vivarium.acpi.Aml.irq;
import static io.vivarium.acpi.Aml.named;
import static io.vivarium.acpi.Aml.pkg;
import static io.vivarium.acpi.Aml.resources;
import static io.vivarium.acpi.Aml.scope;

import java.util.ArrayList;
import java.util.List;

/** The Differentiated System Description Table: the devices that nothing else announces. */
final class Dsdt {
  private Dsdt() {}

  static byte[] build() {
    List<byte[]> devices = new ArrayList<>();
    for (int i = 0; i < LegacyIo.SERIAL.size(); i++) {
      devices.add(serial(i + 1, LegacyIo.SERIAL.get(i)));
    }
    devices.add(
        device(
            "RTC",
            named("_HID", eisaId("PNP0B00")),
            named("_CRS", resources(ioPorts(LegacyIo.RTC_PORT, 2), irq(LegacyIo.RTC_IRQ)))));
    byte[] sleepType = integer(LegacyIo.SOFT_OFF);
    byte[] aml =
        concat(
            named("\\_S5", pkg(sleepType, sleepType, integer(0), integer(0))),
            scope("\\_SB", devices.toArray(byte[][]::new)));
    return new SystemTable("DSDT", 2, SystemTable.HEADER_LENGTH + aml.length)
        .raw(SystemTable.HEADER_LENGTH, aml)
        .finish();
  }

  private static byte[] serial(int number, LegacyIo.Serial serial) {
    return device(
        "COM" + number,
        named("_HID", eisaId("PNP0501")),
        named("_UID", integer(number)),
        named("_CRS", resources(ioPorts(serial.port(), 8), irq(serial.irq()))));
  }
}
