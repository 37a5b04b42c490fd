package io.vivarium.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A table under construction, with the header that all tables but RSDP and FACS share (5.2.6). */
final class SystemTable {
  static final int HEADER_LENGTH = 36;

  /** Names the maker in every header; six and eight characters. */
  private static final String OEM = "VIVARM";

  private static final String OEM_TABLE = "VIVARIUM";

  private final ByteBuffer bytes;

  SystemTable(String signature, int revision, int length) {
    bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    text(0, signature);
    u32(4, length);
    u8(8, revision);
    text(10, OEM);
    text(16, OEM_TABLE);
    u32(24, 1);
    text(28, OEM.substring(0, 4));
    u32(32, 1);
  }

  SystemTable u8(int offset, int value) {
    bytes.put(offset, (byte) value);
    return this;
  }

  SystemTable u16(int offset, int value) {
    bytes.putShort(offset, (short) value);
    return this;
  }

  SystemTable u32(int offset, long value) {
    bytes.putInt(offset, (int) value);
    return this;
  }

  SystemTable u64(int offset, long value) {
    bytes.putLong(offset, value);
    return this;
  }

  SystemTable raw(int offset, byte[] value) {
    bytes.put(offset, value);
    return this;
  }

  /** A Generic Address Structure (5.2.3.2) in system I/O space. */
  SystemTable ioAddress(int offset, int port, int bits, int accessSize) {
    return u8(offset, 1).u8(offset + 1, bits).u8(offset + 3, accessSize).u64(offset + 4, port);
  }

  /** The bytes, with the checksum set so that all add up to 0. */
  byte[] finish() {
    bytes.put(9, (byte) 0);
    bytes.put(9, checksum(bytes.array(), bytes.capacity()));
    return bytes.array();
  }

  /** What must be added to the first {@code length} bytes to make their sum 0 modulo 256. */
  static byte checksum(byte[] table, int length) {
    int sum = 0;
    for (int i = 0; i < length; i++) {
      sum += table[i];
    }
    return (byte) -sum;
  }

  private void text(int offset, String text) {
    bytes.put(offset, text.getBytes(StandardCharsets.US_ASCII));
  }
}
