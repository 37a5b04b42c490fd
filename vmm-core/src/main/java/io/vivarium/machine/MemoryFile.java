package io.vivarium.machine;

import io.vivarium.devices.memory.GuestMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes RAM into a memory file: byte n of the file is byte n of RAM (see {@link GuestRam}), and a
 * page of zeroes is a hole.
 */
final class MemoryFile {
  static final String NAME = "memory";
  static final int PAGE = 4096;

  /** So that one system call writes much, and a buffer's index stays an int. */
  private static final long LONGEST_RUN = 16L << 20;

  private MemoryFile() {}

  /** Writes a new file; what it says is durable only when somebody syncs it. */
  static void write(Path folder, GuestRam ram) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            folder.resolve(NAME), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long base = 0;
      for (GuestMemory.Region region : ram.memory().regions()) {
        writeRegion(file, base, region.host(), ram.isAnonymous());
        base += region.host().byteSize();
      }
      setSize(file, base);
    }
  }

  private static void writeRegion(
      FileChannel file, long base, MemorySegment host, boolean anonymous) throws IOException {
    MemorySegment zeroes = MemorySegment.ofArray(new byte[PAGE]);
    PageMap touched = anonymous ? PageMap.of(host) : PageMap.all();
    long size = host.byteSize();
    long runStart = -1;
    for (long at = 0; at <= size; at += PAGE) {
      boolean data =
          at < size && touched.mayHold(at) && host.asSlice(at, PAGE).mismatch(zeroes) >= 0;
      if (runStart >= 0 && (!data || at - runStart == LONGEST_RUN)) {
        writeAll(file, base + runStart, host.asSlice(runStart, at - runStart).asByteBuffer());
        runStart = -1;
      }
      if (data && runStart < 0) {
        runStart = at;
      }
    }
  }

  private static void writeAll(FileChannel file, long position, ByteBuffer data)
      throws IOException {
    long at = position;
    while (data.hasRemaining()) {
      at += file.write(data, at);
    }
  }

  /** A file that ends in a hole must get its size by its last byte. */
  private static void setSize(FileChannel file, long size) throws IOException {
    if (file.size() < size) {
      writeAll(file, size - 1, ByteBuffer.wrap(new byte[1]));
    }
  }
}
