package io.vivarium.acpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AcpiTablesTest {
  private static final long BASE = 0xe0000;

  @TempDir Path folder;

  @Test
  void everyTableAddsUpToZeroAndIsReachedFromTheRoot() {
    byte[] image = AcpiTables.build(new AcpiTables.Platform(2, true, 0xfffc0), BASE, 0x20000);
    Map<String, byte[]> tables = tables(image);
    assertThat(tables.keySet()).containsExactly("XSDT", "FACP", "APIC", "MCFG", "DSDT", "FACS");
    assertThat(sum(Arrays.copyOf(image, 20))).isZero();
    assertThat(sum(Arrays.copyOf(image, 36))).isZero();
    tables.forEach(
        (name, table) -> {
          if (!name.equals("FACS")) {
            assertThat(sum(table)).as(name).isZero();
          }
        });
  }

  @Test
  void aMachineWithoutAPciBusTellsOfNone() {
    byte[] image = AcpiTables.build(new AcpiTables.Platform(1, false, 0xfffc0), BASE, 0x20000);
    assertThat(tables(image).keySet()).containsExactly("XSDT", "FACP", "APIC", "DSDT", "FACS");
    byte[] with = AcpiTables.build(new AcpiTables.Platform(1, true, 0xfffc0), BASE, 0x20000);
    assertThat(new String(image, StandardCharsets.ISO_8859_1)).doesNotContain("PCI0");
    assertThat(new String(with, StandardCharsets.ISO_8859_1)).contains("PCI0");
  }

  @Test
  void theMadtListsEachProcessor() {
    byte[] madt =
        tables(AcpiTables.build(new AcpiTables.Platform(3, false, 0xfffc0), BASE, 0x20000))
            .get("APIC");
    assertThat(madt).isNotNull();
    ByteBuffer entries = ByteBuffer.wrap(madt).order(ByteOrder.LITTLE_ENDIAN).position(44);
    int processors = 0;
    while (entries.hasRemaining()) {
      int type = entries.get(entries.position());
      int length = entries.get(entries.position() + 1);
      if (type == 0) {
        assertThat(entries.get(entries.position() + 3)).isEqualTo((byte) processors);
        processors++;
      }
      entries.position(entries.position() + length);
    }
    assertThat(processors).isEqualTo(3);
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThatThrownBy(() -> AcpiTables.build(new AcpiTables.Platform(2, true, 0xfffc0), BASE, 256))
        .hasMessageContaining("ACPI tables need");
    assertThatThrownBy(() -> new AcpiTables.Platform(0, false, 0xfffc0))
        .hasMessageContaining("processors");
  }

  @Test
  void intelsCompilerReadsThemWithoutAComplaint() throws IOException, InterruptedException {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/iasl")),
        "iasl is not installed (Debian: acpica-tools); the tables are checked without it");
    Map<String, byte[]> tables =
        tables(AcpiTables.build(new AcpiTables.Platform(2, true, 0xfffc0), BASE, 0x20000));
    for (String name : new String[] {"FACP", "APIC", "MCFG", "DSDT"}) {
      Path file = folder.resolve(name + ".aml");
      Files.write(file, tables.get(name));
      String told = iasl("-d", file.toString());
      assertThat(told).as(name).doesNotContain("Error").doesNotContain("Warning");
    }
    String source = Files.readString(folder.resolve("DSDT.dsl"));
    assertThat(source)
        .contains("EisaId (\"PNP0501\")")
        .contains("IO (Decode16,")
        .contains("EisaId (\"PNP0A08\")")
        .contains("DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable")
        .contains("_S5, Package (0x04)");
    assertThat(iasl("-tc", folder.resolve("DSDT.dsl").toString())).contains("0 Errors, 0 Warnings");
  }

  private String iasl(String... arguments) throws IOException, InterruptedException {
    String[] command = new String[arguments.length + 1];
    command[0] = "/usr/bin/iasl";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    process.waitFor();
    return told;
  }

  private static Map<String, byte[]> tables(byte[] image) {
    ByteBuffer all = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    Map<String, byte[]> tables = new LinkedHashMap<>();
    byte[] xsdt = table(image, all.getLong(24));
    tables.put("XSDT", xsdt);
    for (int at = 36; at < xsdt.length; at += 8) {
      byte[] table = table(image, ByteBuffer.wrap(xsdt).order(ByteOrder.LITTLE_ENDIAN).getLong(at));
      tables.put(signature(table), table);
    }
    ByteBuffer fadt = ByteBuffer.wrap(tables.get("FACP")).order(ByteOrder.LITTLE_ENDIAN);
    tables.put("DSDT", table(image, fadt.getLong(140)));
    tables.put("FACS", table(image, fadt.getInt(36)));
    return tables;
  }

  private static byte[] table(byte[] image, long address) {
    int start = Math.toIntExact(address - BASE);
    int length = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getInt(start + 4);
    return Arrays.copyOfRange(image, start, start + length);
  }

  private static String signature(byte[] table) {
    return new String(table, 0, 4, StandardCharsets.US_ASCII);
  }

  private static int sum(byte[] table) {
    int sum = 0;
    for (byte value : table) {
      sum += value;
    }
    return sum & 0xff;
  }
}
