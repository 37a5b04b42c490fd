package io.vivarium.images.disk;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A disk's contents, addressed in bytes. The one contract behind block devices, exports and layers.
 *
 * <p>The implementation checks every range, in one place, before it touches anything: {@code offset
 * >= 0}, {@code length >= 0} and {@code offset + length <= size()} without overflow, else {@link
 * IndexOutOfBoundsException}. Callers check guest requests themselves first, to answer with a
 * status.
 *
 * <p>Methods may be called from several threads at once; writes to ranges that overlap have no
 * order unless the caller gives them one. Failures of the host are {@link IOException}; a full host
 * file system is {@link NoSpaceException}, after which a retry is safe.
 */
public interface Disk extends AutoCloseable {
  /** Size in bytes, a multiple of 512. */
  long size();

  boolean readOnly();

  /** Fills {@code target} from {@code offset}; never short. */
  void read(long offset, MemorySegment target) throws IOException;

  /** Writes all of {@code source} at {@code offset}. Durable only after {@link #flush}. */
  void write(long offset, MemorySegment source) throws IOException;

  /** The range reads as zeroes from now on; gives its space back where {@code mayUnmap}. */
  void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException;

  /** The contents of the range no longer matter; gives its space back where the format can. */
  void discard(long offset, long length) throws IOException;

  /** Returns when all completed writes would survive a power loss. */
  void flush() throws IOException;

  /** Grows the disk; the new range reads as zeroes. Shrinking is refused. */
  void resize(long newSize) throws IOException;

  /** Flushes and releases the file and its lock. */
  @Override
  void close() throws IOException;

  /** The host's file system or quota is full. */
  final class NoSpaceException extends IOException {
    public NoSpaceException(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
