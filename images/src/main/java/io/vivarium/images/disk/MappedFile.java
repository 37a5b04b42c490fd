package io.vivarium.images.disk;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A file that nobody writes to, mapped. Reading it costs no system call then, so that a disk may be
 * spread over hundreds of files: a MiB in sixteen of them costs what it costs in one.
 *
 * <p>The first read of each part is left to pread(2): so it is the kernel that waits for the host's
 * disk, where no other thread of this process waits with it, and reads ahead as it likes.
 */
final class MappedFile implements AutoCloseable {
  private static final int PART_BITS = 16;

  private final Path path;
  private final FileChannel channel;

  /** A bit for each part that was read. One that another thread's takes back costs one pread. */
  private final long[] read;

  /** Made with the mapping: most files of a deep disk are never read twice. */
  private @Nullable Arena arena;

  private volatile @Nullable MemorySegment bytes;
  private volatile boolean refused;

  /** The channel stays the caller's. */
  MappedFile(Path path, FileChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    long parts = Math.ceilDiv(channel.size(), 1L << PART_BITS);
    this.read = new long[Math.toIntExact(Math.ceilDiv(parts, Long.SIZE))];
  }

  /**
   * Fills the target, if all of it was read before.
   *
   * @return false: it is to be read from the file
   * @throws IOException when the file has been cut, or the host's disk fails
   */
  boolean read(long offset, MemorySegment target) throws IOException {
    long end = offset + target.byteSize();
    if (refused || end > (long) read.length << (PART_BITS + 6) || !again(offset, end)) {
      return false;
    }
    MemorySegment from = bytes == null ? map() : bytes;
    if (from == null || end > from.byteSize()) {
      return false;
    }
    try {
      MemorySegment.copy(from, offset, target, 0, target.byteSize());
      // A failed copy (SIGBUS) is told only when this thread next enters the JVM. It does so here.
      boolean ignored = Thread.holdsLock(this);
      return true;
    } catch (InternalError e) {
      refused = true;
      throw new IOException(
          "Disk image " + path + " cannot be read: it was cut, or the disk that it lies on fails.",
          e);
    }
  }

  /** Whether all parts were read before; they were now. */
  private boolean again(long offset, long end) {
    boolean all = true;
    for (long part = offset >> PART_BITS; part << PART_BITS < end; part++) {
      int word = (int) (part >> 6);
      long bit = 1L << part;
      if ((read[word] & bit) == 0) {
        read[word] |= bit;
        all = false;
      }
    }
    return all;
  }

  private synchronized @Nullable MemorySegment map() {
    if (bytes == null && !refused) {
      Arena mine = Arena.ofShared();
      try {
        bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), mine);
        arena = mine;
      } catch (IOException | UnsupportedOperationException e) {
        refused = true; // It is read as any other file.
        mine.close();
      }
    }
    return bytes;
  }

  /** Nobody reads any more. */
  @Override
  public synchronized void close() {
    if (arena != null) {
      arena.close();
    }
  }
}
