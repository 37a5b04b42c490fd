package io.vivarium.boot;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The bytes of a kernel or initrd, read little-endian with every range checked: what lies past the
 * end is a {@link BadKernelException} that names the file and the field.
 *
 * @param name how messages call it
 * @param data all of it
 */
record ImageBytes(String name, MemorySegment data) {
  /** Larger files are refused: no kernel or initrd comes near, and all of it is read. */
  static final long MAX_FILE_BYTES = 1L << 30;

  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Reads a whole file into memory of the arena. It is read and not mapped, because a mapped file
   * that somebody truncates meanwhile would fault.
   */
  static ImageBytes read(Path file, Arena arena) throws IOException, BadKernelException {
    String name = file.toString();
    if (!Files.isRegularFile(file)) {
      throw new BadKernelException(name + " is not a file.");
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size > MAX_FILE_BYTES) {
        throw new BadKernelException(
            "%s has %d bytes; more than 1 GiB is no kernel or initrd.".formatted(name, size));
      }
      MemorySegment data = arena.allocate(size);
      long at = 0;
      while (at < size) {
        int count = channel.read(data.asSlice(at, Math.min(size - at, 1 << 24)).asByteBuffer());
        if (count < 0) {
          throw new BadKernelException(name + " became shorter while it was read.");
        }
        at += count;
      }
      return new ImageBytes(name, data);
    }
  }

  long size() {
    return data.byteSize();
  }

  int u8(long offset, String field) throws BadKernelException {
    return slice(offset, 1, field).get(ValueLayout.JAVA_BYTE, 0) & 0xff;
  }

  int u16(long offset, String field) throws BadKernelException {
    return slice(offset, 2, field).get(U16, 0) & 0xffff;
  }

  long u32(long offset, String field) throws BadKernelException {
    return slice(offset, 4, field).get(U32, 0) & 0xffff_ffffL;
  }

  /** The raw 64 bits: a value above 2^63 comes out negative. */
  long u64(long offset, String field) throws BadKernelException {
    return slice(offset, 8, field).get(U64, 0);
  }

  MemorySegment slice(long offset, long length, String field) throws BadKernelException {
    if (offset < 0 || length < 0 || offset > size() - length) {
      throw new BadKernelException(
          "%s is truncated: its %s (%s bytes at offset %s) lies past its end at %d."
              .formatted(
                  name,
                  field,
                  Long.toUnsignedString(length),
                  Long.toUnsignedString(offset),
                  size()));
    }
    return data.asSlice(offset, length);
  }
}
