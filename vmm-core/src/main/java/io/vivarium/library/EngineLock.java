package io.vivarium.library;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
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

  /**
   * What this process holds. A second look at such a file would drop the lock when it closes its
   * descriptor, so none is taken: the kernel counts by process, and so must this.
   */
  private static final Set<Path> HELD = new HashSet<>();

  private final FileChannel channel;
  private final Path file;

  private EngineLock(FileChannel channel, Path file) {
    this.channel = channel;
    this.file = file;
  }

  /** Takes the lock, or returns null when another holds it. */
  public static @Nullable EngineLock acquire(Path file) throws IOException {
    return acquire(file, TRIES * TRY_MILLIS);
  }

  /** The same, trying for so many milliseconds. */
  public static @Nullable EngineLock acquire(Path file, long millis) throws IOException {
    for (long i = 0; i <= millis / TRY_MILLIS; i++) {
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
      if (HELD.contains(key(file))) {
        return true;
      }
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
      Path key = key(file);
      if (HELD.contains(key)) {
        return null;
      }
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
      if (locked) {
        HELD.add(key);
      }
      return locked ? new EngineLock(channel, key) : null;
    }
  }

  private static Path key(Path file) {
    return file.toAbsolutePath().normalize();
  }

  @Override
  public void close() {
    synchronized (EngineLock.class) {
      try {
        channel.close();
      } catch (IOException e) {
        // The descriptor is gone either way, and the lock with it.
      }
      HELD.remove(file);
    }
  }
}
