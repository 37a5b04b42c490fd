package io.vivarium.images.disk;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Gives ranges of one file back to the file system; they read as zeroes afterwards, and the file's
 * length stays. Java cannot, so who may call {@code fallocate} hands one in.
 */
public interface HolePunch extends AutoCloseable {
  /**
   * @param offset in bytes, {@code >= 0}
   * @param length in bytes, {@code > 0}; what covers only part of a block is zeroed in place
   * @return false when the file system has no holes; nothing was changed then
   */
  boolean punch(long offset, long length) throws IOException;

  @Override
  void close() throws IOException;

  /** Makes one for a file, which it opens for itself. */
  interface Factory {
    /** Null when this host has none. */
    @Nullable HolePunch open(Path file) throws IOException;

    /** Punches no holes: zeroes are written, and nothing is given back. */
    Factory NONE = file -> null;
  }
}
