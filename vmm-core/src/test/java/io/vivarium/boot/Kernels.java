package io.vivarium.boot;

import io.vivarium.devices.memory.GuestMemory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Small kernels made by hand, for tests. */
final class Kernels {
  static final long LOAD_ADDRESS = 0x100_0000;
  static final int CODE_OFFSET = 0x1000;
  static final int CODE_SIZE = 0x2000;

  private Kernels() {}

  /** An ELF64 file with one segment of code, with zeroes behind it, and a PVH note if wished. */
  static byte[] elf(boolean pvh) {
    byte[] bytes = new byte[CODE_OFFSET + CODE_SIZE];
    ByteBuffer elf = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
    elf.putShort(16, (short) 2).putShort(18, (short) 62).putInt(20, 1);
    elf.putLong(24, LOAD_ADDRESS).putLong(32, 64);
    elf.putShort(52, (short) 64).putShort(54, (short) 56).putShort(56, (short) (pvh ? 2 : 1));
    programHeader(elf, 64, 1, CODE_OFFSET, LOAD_ADDRESS, CODE_SIZE, CODE_SIZE + 0x5000);
    if (pvh) {
      programHeader(elf, 120, 4, 0x200, 0, 20, 20);
      elf.putInt(0x200, 4).putInt(0x204, 4).putInt(0x208, 18);
      elf.put(0x20c, "Xen\0".getBytes(StandardCharsets.US_ASCII));
      elf.putInt(0x210, (int) LOAD_ADDRESS + 0x40);
    }
    for (int i = 0; i < CODE_SIZE; i++) {
      elf.put(CODE_OFFSET + i, (byte) (i * 7 ^ i >> 8));
    }
    return bytes;
  }

  static void programHeader(
      ByteBuffer elf, int at, int type, long offset, long address, long fileSize, long size) {
    elf.putInt(at, type).putLong(at + 8, offset).putLong(at + 24, address);
    elf.putLong(at + 32, fileSize).putLong(at + 40, size);
  }

  /** A bzImage of protocol 2.15 around a payload, to which the unpacked size is appended. */
  static byte[] bzImage(byte[] packed, int unpackedSize) {
    int protectedMode = 1024;
    int payloadOffset = 0x400;
    byte[] bytes = new byte[protectedMode + payloadOffset + packed.length + 4 + 64];
    ByteBuffer image = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    image.put(0x1f1, (byte) 1).putShort(0x1fe, (short) 0xaa55);
    image.put(0x200, (byte) 0xeb).put(0x201, (byte) 0x6a);
    image.putInt(0x202, 0x53726448).putShort(0x206, (short) 0x20f).put(0x211, (byte) 1);
    image.putInt(0x22c, 0x7fff_ffff).putInt(0x230, 0x20_0000).put(0x234, (byte) 1);
    image.putShort(0x236, (short) 1).putInt(0x238, 2047);
    image.putInt(0x248, payloadOffset).putInt(0x24c, packed.length + 4);
    image.putLong(0x258, LOAD_ADDRESS).putInt(0x260, 0x40_0000);
    image.put(protectedMode + payloadOffset, packed);
    image.putInt(protectedMode + payloadOffset + packed.length, unpackedSize);
    return bytes;
  }

  static byte[] gzipBzImage() {
    byte[] elf = elf(true);
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(elf);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bzImage(packed.toByteArray(), elf.length);
  }

  static ImageBytes image(byte[] bytes) {
    return new ImageBytes("the test kernel", MemorySegment.ofArray(bytes));
  }

  static GuestMemory memory(Arena arena, int mebibytes) {
    return new GuestMemory(
        List.of(new GuestMemory.Region(0, arena.allocate((long) mebibytes << 20, 4096))));
  }
}
