package io.vivarium.images.store;

import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** An exclusive lock between processes, and threads of this one; the kernel drops a dead one's. */
final class StoreLock implements AutoCloseable {
  private static final long POLL_MILLIS = 100;

  private final FileChannel channel;

  private StoreLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Waits for the lock until it is there or the work is called off. */
  static StoreLock acquire(Path file, String what, BuildProgress progress)
      throws IOException, ImageException, InterruptedException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean held = false;
    try {
      boolean told = false;
      while (!held) {
        held = tryLock(channel) != null;
        if (!held) {
          if (!told) {
            progress.update("waiting for another build", -1);
            told = true;
          }
          if (progress.cancelled()) {
            throw ImageException.cancelled(what);
          }
          Thread.sleep(POLL_MILLIS);
        }
      }
      return new StoreLock(channel);
    } finally {
      if (!held) {
        channel.close();
      }
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // Another thread of this process holds it.
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
