package io.vivarium.engine;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** An ELF kernel of a few instructions: announces an agent, then idles. */
final class TrainingGuest {
  private static final long LOAD = 16L << 20;
  private static final int HEADERS = 64 + 56;
  private static final int COM1 = 0x3f8;
  private static final int COM2 = 0x2f8;

  private TrainingGuest() {}

  static byte[] elf() {
    byte[] code = code();
    ByteBuffer elf = ByteBuffer.allocate(HEADERS + code.length).order(ByteOrder.LITTLE_ENDIAN);
    // ELF-64 header, System V ABI, 4.1: executable, x86-64, one program header.
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16);
    elf.putShort((short) 2).putShort((short) 62).putInt(1);
    elf.putLong(LOAD).putLong(64).putLong(0).putInt(0);
    elf.putShort((short) 64).putShort((short) 56).putShort((short) 1);
    elf.position(64);
    // PT_LOAD, readable and executable.
    elf.putInt(1).putInt(5).putLong(HEADERS).putLong(LOAD).putLong(LOAD);
    elf.putLong(code.length).putLong(code.length).putLong(4096);
    elf.put(code);
    return elf.array();
  }

  private static byte[] code() {
    ByteArrayOutputStream code = new ByteArrayOutputStream();
    print(code, COM1, "trained\r\n");
    print(code, COM2, "\u001eREADY 1\n");
    code.writeBytes(new byte[] {(byte) 0xfa, (byte) 0xf4, (byte) 0xeb, (byte) 0xfd}); // cli; hlt
    return code.toByteArray();
  }

  /** {@code mov edx, port}, then {@code mov al, character; out dx, al} for each. */
  private static void print(ByteArrayOutputStream code, int port, String text) {
    code.writeBytes(new byte[] {(byte) 0xba, (byte) port, (byte) (port >> 8), 0, 0});
    for (byte character : text.getBytes(StandardCharsets.US_ASCII)) {
      code.writeBytes(new byte[] {(byte) 0xb0, character, (byte) 0xee});
    }
  }
}
