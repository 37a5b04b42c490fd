package io.vivarium.library;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The lock that an engine holds for its whole life: the one truth about whether it lives. The
 * kernel releases it however the process ends. It is a POSIX record lock, which a process loses
 * when it closes any descriptor of the file: an engine opens the file once and never again.
 */
public final class EngineLock implements AutoCloseable {
  /** A prober holds the lock for an instant: who wants it for good tries this long. */
  private static final int TRIES = 40;

  private static final long TRY_MILLIS = 5;

  private final FileChannel channel;

  private EngineLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Takes the lock, or returns null when another holds it. */
  public static @Nullable EngineLock acquire(Path file) throws IOException {
    for (int i = 0; i < TRIES; i++) {
      EngineLock lock = tryOnce(file);
      if (lock != null) {
        return lock;
      }
      try {
        Thread.sleep(TRY_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return null;
      }
    }
    return null;
  }

  /** Whether an engine holds the lock. Never creates the file. */
  public static boolean held(Path file) {
    // One probe at a time in this process: two would meet each other's locks.
    synchronized (EngineLock.class) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        try (FileLock lock = channel.tryLock()) {
          return lock == null;
        } catch (OverlappingFileLockException e) {
          return true;
        }
      } catch (NoSuchFileException e) {
        return false;
      } catch (IOException e) {
        return Files.exists(file);
      }
    }
  }

  private static @Nullable EngineLock tryOnce(Path file) throws IOException {
    synchronized (EngineLock.class) {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      boolean locked = false;
      try {
        locked = channel.tryLock() != null;
      } catch (OverlappingFileLockException e) {
        locked = false;
      } finally {
        if (!locked) {
          channel.close();
        }
      }
      return locked ? new EngineLock(channel) : null;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is gone either way, and the lock with it.
    }
  }
}
