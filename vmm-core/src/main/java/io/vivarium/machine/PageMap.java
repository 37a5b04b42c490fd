package io.vivarium.machine;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Which pages of private memory were ever written, from {@code /proc/self/pagemap}: reading the
 * others only to find zeroes, or the file's own bytes, in them would cost a page fault each.
 */
final class PageMap {
  private static final Path FILE = Path.of("/proc/self/pagemap");
  private static final long PRESENT = 1L << 63;
  private static final long SWAPPED = 1L << 62;
  private static final long OF_FILE = 1L << 61;

  private final @Nullable LongBuffer entries;

  private PageMap(@Nullable LongBuffer entries) {
    this.entries = entries;
  }

  /** Of a range as it is now; where the kernel does not tell, all may hold something. */
  static PageMap of(MemorySegment memory) {
    long pages = memory.byteSize() / MemoryFile.PAGE;
    if (pages > 1 << 27) {
      return all();
    }
    ByteBuffer buffer = ByteBuffer.allocateDirect((int) pages * 8).order(ByteOrder.nativeOrder());
    try (FileChannel file = FileChannel.open(FILE, StandardOpenOption.READ)) {
      long position = memory.address() / MemoryFile.PAGE * 8;
      while (buffer.hasRemaining()) {
        int count = file.read(buffer, position + buffer.position());
        if (count <= 0) {
          return all();
        }
      }
      return new PageMap(buffer.flip().asLongBuffer());
    } catch (IOException e) {
      return all();
    }
  }

  static PageMap all() {
    return new PageMap(null);
  }

  /** Whether the page at an offset may be other than zeroes, or than the file behind it. */
  boolean mayBeWritten(long offset) {
    if (entries == null) {
      return true;
    }
    long entry = entries.get((int) (offset / MemoryFile.PAGE));
    return (entry & SWAPPED) != 0 || (entry & (PRESENT | OF_FILE)) == PRESENT;
  }
}
