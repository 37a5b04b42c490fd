package io.vivarium.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Checks a memory file beside other work. A file that was found whole by this process, and that has
 * not changed since, is not read again.
 */
final class MemoryCheck {
  private static final int REMEMBERED = 256;

  /** Of files found whole, by path: what would be different had they changed. */
  private static final Map<Path, Map<String, Object>> WHOLE =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Path, Map<String, Object>> eldest) {
          return size() > REMEMBERED;
        }
      };

  private final FutureTask<Void> task;

  private MemoryCheck(FutureTask<Void> task) {
    this.task = task;
  }

  static MemoryCheck start(Path folder, MemorySums sums) {
    FutureTask<Void> task =
        new FutureTask<>(
            () -> {
              verify(folder, sums);
              return null;
            });
    Thread.ofPlatform().daemon().name("memory-check").start(task);
    return new MemoryCheck(task);
  }

  private static void verify(Path folder, MemorySums sums)
      throws IOException, BadSnapshotException {
    Path file = folder.resolve(MemoryFile.NAME).toAbsolutePath();
    Map<String, Object> identity = identity(file, sums);
    synchronized (WHOLE) {
      if (!identity.isEmpty() && identity.equals(WHOLE.get(file))) {
        return;
      }
    }
    sums.verifyMemory(folder);
    synchronized (WHOLE) {
      WHOLE.put(file, identity);
    }
  }

  private static Map<String, Object> identity(Path file, MemorySums sums) {
    try {
      Map<String, Object> identity =
          new LinkedHashMap<>(
              Files.readAttributes(file, "unix:dev,ino,size,ctime,lastModifiedTime"));
      identity.put("sums", sums);
      return identity;
    } catch (IOException e) {
      return Map.of(); // the check will say what is wrong with it
    }
  }

  /** Waits for the check, and tells what it found. */
  void await() throws IOException, BadSnapshotException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          task.get();
          return;
        } catch (InterruptedException e) {
          interrupted = true; // the caller hears of it, but the check is short
        } catch (ExecutionException e) {
          rethrow(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void rethrow(@Nullable Throwable cause) throws IOException, BadSnapshotException {
    switch (cause) {
      case null -> throw new IllegalStateException("a check failed without a cause");
      case BadSnapshotException e -> throw e;
      case IOException e -> throw e;
      default -> throw new IllegalStateException(cause);
    }
  }

  /** Waits until nothing reads the file any more, whatever was found. */
  void end() {
    try {
      await();
    } catch (IOException | BadSnapshotException | IllegalStateException e) {
      // Told by await, or something else is already being told.
    }
  }
}
