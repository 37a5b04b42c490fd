package io.vivarium.machine;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.linux.Fd;
import io.vivarium.linux.LinuxFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

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
      Fd source = ram.file();
      if (source != null) {
        copy(source, file);
      }
      long base = 0;
      for (GuestMemory.Region region : ram.memory().regions()) {
        writeRegion(file, base, region.host(), source);
        base += region.host().byteSize();
      }
      setSize(file, base);
    }
  }

  /** What the machine was restored from, inside the kernel, holes left out. */
  private static void copy(Fd source, FileChannel target) throws IOException {
    try (FileChannel from =
        FileChannel.open(Path.of("/proc/self/fd/" + source.number()), StandardOpenOption.READ)) {
      long at = LinuxFiles.seekData(source, 0);
      while (at >= 0) {
        long end = LinuxFiles.seekHole(source, at);
        target.position(at);
        while (at < end) {
          long count = from.transferTo(at, end - at, target);
          if (count <= 0) {
            throw new IOException("the memory file that the machine came from was cut");
          }
          at += count;
        }
        at = LinuxFiles.seekData(source, end);
      }
    }
  }

  private static void writeRegion(
      FileChannel file, long base, MemorySegment host, @Nullable Fd source) throws IOException {
    MemorySegment zeroes = MemorySegment.ofArray(new byte[PAGE]);
    PageMap pages = PageMap.of(host);
    long size = host.byteSize();
    long runStart = -1;
    for (long at = 0; at <= size; at += PAGE) {
      // Over a copied file zeroes must be written too: other bytes may stand there.
      boolean data =
          at < size
              && pages.mayBeWritten(at)
              && (source != null || host.asSlice(at, PAGE).mismatch(zeroes) >= 0);
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
