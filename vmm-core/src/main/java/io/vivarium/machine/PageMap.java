package io.vivarium.machine;

import io.vivarium.memory.MemoryLayers;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
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

  private final int count;
  private final @Nullable LongBuffer entries;

  private PageMap(int count, @Nullable LongBuffer entries) {
    this.count = count;
    this.entries = entries;
  }

  /** Of a range as it is now; where the kernel does not tell, all may hold something. */
  static PageMap of(MemorySegment memory) {
    int pages = (int) (memory.byteSize() / MemoryLayers.PAGE);
    ByteBuffer buffer = ByteBuffer.allocateDirect(pages * 8).order(ByteOrder.nativeOrder());
    try (FileChannel file = FileChannel.open(FILE, StandardOpenOption.READ)) {
      long position = memory.address() / MemoryLayers.PAGE * 8;
      while (buffer.hasRemaining()) {
        int count = file.read(buffer, position + buffer.position());
        if (count <= 0) {
          return new PageMap(pages, null);
        }
      }
      return new PageMap(pages, buffer.flip().asLongBuffer());
    } catch (IOException e) {
      return new PageMap(pages, null);
    }
  }

  /** Adds the pages that may be other than zeroes, or than the file behind them. */
  void addWritten(BitSet pages, int first) {
    if (entries == null) {
      pages.set(first, first + count);
      return;
    }
    for (int i = 0; i < count; i++) {
      long entry = entries.get(i);
      if ((entry & SWAPPED) != 0 || (entry & (PRESENT | OF_FILE)) == PRESENT) {
        pages.set(first + i);
      }
    }
  }
}
