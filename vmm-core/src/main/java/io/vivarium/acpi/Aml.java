package io.vivarium.acpi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The ACPI Machine Language that the DSDT needs, as functions from terms to bytes (ACPI 6.4, 20.2),
 * and the resource descriptors for {@code _CRS} (6.4.2, 6.4.3).
 */
final class Aml {
  private Aml() {}

  static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  /** A name of up to four characters, padded with underscores; {@code \} or {@code ^} may lead. */
  static byte[] name(String name) {
    int prefix = name.startsWith("\\") ? 1 : 0;
    StringBuilder padded = new StringBuilder(name);
    while (padded.length() < 4 + prefix) {
      padded.append('_');
    }
    if (padded.length() != 4 + prefix) {
      throw new IllegalArgumentException("no AML name segment: " + name);
    }
    return padded.toString().getBytes(StandardCharsets.US_ASCII);
  }

  static byte[] named(String name, byte[] value) {
    return concat(bytes(0x08), name(name), value);
  }

  static byte[] scope(String name, byte[]... terms) {
    return concat(bytes(0x10), packaged(concat(name(name), concat(terms))));
  }

  static byte[] device(String name, byte[]... terms) {
    return concat(bytes(0x5b, 0x82), packaged(concat(name(name), concat(terms))));
  }

  static byte[] pkg(byte[]... elements) {
    return concat(bytes(0x12), packaged(concat(bytes(elements.length), concat(elements))));
  }

  static byte[] string(String text) {
    return concat(bytes(0x0d), text.getBytes(StandardCharsets.US_ASCII), bytes(0));
  }

  /** A method without arguments. */
  static byte[] method(String name, byte[]... terms) {
    return concat(bytes(0x14), packaged(concat(name(name), bytes(0), concat(terms))));
  }

  /** Tells the drivers of a device of the system bus (20.2.5.3). */
  static byte[] notifyDevice(String device, int value) {
    return concat(bytes(0x86, '\\', 0x2e), name("_SB"), name(device), integer(value));
  }

  static byte[] buffer(byte[] contents) {
    return concat(bytes(0x11), packaged(concat(integer(contents.length), contents)));
  }

  /** The shortest form of an integer from 0 to 2^32-1. */
  static byte[] integer(long value) {
    if (value == 0 || value == 1) {
      return bytes((int) value);
    }
    if (value <= 0xff) {
      return bytes(0x0a, (int) value);
    }
    if (value <= 0xffff) {
      return concat(bytes(0x0b), little(value, 2));
    }
    if (value <= 0xffff_ffffL) {
      return concat(bytes(0x0c), little(value, 4));
    }
    return concat(bytes(0x0e), little(value, 8));
  }

  /** A compressed EISA identifier like {@code PNP0501} (6.1.5): letters in 5 bits, big-endian. */
  static byte[] eisaId(String id) {
    int packed =
        (id.charAt(0) - 0x40) << 26
            | (id.charAt(1) - 0x40) << 21
            | (id.charAt(2) - 0x40) << 16
            | Integer.parseInt(id, 3, 7, 16);
    return concat(bytes(0x0c), little(Integer.toUnsignedLong(Integer.reverseBytes(packed)), 4));
  }

  /** A resource template: the descriptors and the end tag, whose checksum 0 stands for "none". */
  static byte[] resources(byte[]... descriptors) {
    return buffer(concat(concat(descriptors), bytes(0x79, 0)));
  }

  /** An I/O port descriptor with a fixed base, 16-bit decoded (6.4.2.5). */
  static byte[] ioPorts(int base, int length) {
    return concat(bytes(0x47, 1), little(base, 2), little(base, 2), bytes(1, length));
  }

  /** A fixed range of 32-bit memory, writable (6.4.3.4). */
  static byte[] fixedMemory(long base, long length) {
    return concat(bytes(0x86, 9, 0, 1), little(base, 4), little(length, 4));
  }

  /** Memory that a bridge passes down, not cacheable, its ends fixed (6.4.3.5.2). */
  static byte[] memoryWindow(long base, long length) {
    return concat(
        bytes(0x87, 0x17, 0, 0, 0x0c, 1),
        little(0, 4),
        little(base, 4),
        little(base + length - 1, 4),
        little(0, 4),
        little(length, 4));
  }

  /** Numbers of the buses below a bridge (6.4.3.5.3). */
  static byte[] buses(int first, int last) {
    return concat(
        bytes(0x88, 0x0d, 0, 2, 0x0c, 0),
        little(0, 2),
        little(first, 2),
        little(last, 2),
        little(0, 2),
        little(last - first + 1, 2));
  }

  /** An ISA interrupt: edge-triggered, active high (6.4.2.1). */
  static byte[] irq(int line) {
    return concat(bytes(0x22), little(1L << line, 2));
  }

  static byte[] little(long value, int size) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (value >>> (8 * i));
    }
    return bytes;
  }

  /** A PkgLength, which counts itself, before the contents (20.2.4). */
  private static byte[] packaged(byte[] contents) {
    int length = contents.length;
    if (length + 1 <= 0x3f) {
      return concat(bytes(length + 1), contents);
    }
    int extra = length + 2 <= 0xfff ? 1 : length + 3 <= 0xf_ffff ? 2 : 3;
    int total = length + 1 + extra;
    byte[] lead = new byte[1 + extra];
    lead[0] = (byte) (extra << 6 | (total & 0xf));
    for (int i = 0; i < extra; i++) {
      lead[1 + i] = (byte) (total >>> (4 + 8 * i));
    }
    return concat(lead, contents);
  }
}
