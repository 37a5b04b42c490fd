package io.vivarium.images.disk;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A second way into an open file, around the host's cache (O_DIRECT, open(2)), for what lies at
 * multiples of {@link #block} both in the file and in native memory. Linux keeps both ways in step:
 * it writes back and drops the cached pages of a range that goes this way. Java cannot without its
 * own internals, so who may call {@code open} hands one in.
 */
public interface DirectFile extends AutoCloseable {
  /** Of which offsets, lengths and addresses must be multiples, in bytes. */
  int block();

  /** Reads what it can; returns the bytes read, 0 where the file ends. */
  long read(long offset, MemorySegment target) throws IOException;

  /** Writes what it can; returns the bytes written. */
  long write(long offset, MemorySegment source) throws IOException;

  @Override
  void close() throws IOException;

  /** Makes one for a file, which it opens for itself. */
  interface Factory {
    /**
     * Null for the cache alone.
     *
     * @throws IOException with a sentence where the file system cannot do that
     */
    @Nullable DirectFile open(Path file, boolean readOnly) throws IOException;

    /** All goes through the host's cache. */
    Factory NONE = (file, readOnly) -> null;
  }
}
