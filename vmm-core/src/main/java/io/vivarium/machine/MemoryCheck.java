package io.vivarium.machine;

import io.vivarium.memory.DamagedMemoryException;
import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
import io.vivarium.memory.MemoryVerifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Checks saved memory beside other work. What was found whole by this process, or written by it,
 * and has not changed since, is not read again.
 */
final class MemoryCheck {
  private static final int REMEMBERED = 256;

  /** What was found whole: its files, and what would be different had they changed. */
  private static final Set<List<Object>> WHOLE =
      Collections.newSetFromMap(
          new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<List<Object>, Boolean> eldest) {
              return size() > REMEMBERED;
            }
          });

  private final FutureTask<Void> task;

  private MemoryCheck(FutureTask<Void> task) {
    this.task = task;
  }

  static MemoryCheck start(MemoryLayers layers, MemoryMap map, Path folder) {
    FutureTask<Void> task =
        new FutureTask<>(
            () -> {
              verify(layers, map, folder);
              return null;
            });
    Thread.ofPlatform().daemon().name("memory-check").start(task);
    return new MemoryCheck(task);
  }

  private static void verify(MemoryLayers layers, MemoryMap map, Path folder)
      throws IOException, BadSnapshotException {
    List<Object> identity = identity(layers, map, folder);
    synchronized (WHOLE) {
      if (WHOLE.contains(identity)) {
        return;
      }
    }
    try {
      MemoryVerifier.verify(layers, map);
    } catch (DamagedMemoryException e) {
      throw new BadSnapshotException(String.valueOf(e.getMessage()), e);
    }
    remember(identity);
  }

  /** What this process has just written needs no reading. */
  static void remember(MemoryLayers layers, MemoryMap map, Path folder) {
    remember(identity(layers, map, folder));
  }

  private static void remember(List<Object> identity) {
    synchronized (WHOLE) {
      WHOLE.add(identity);
    }
  }

  private static List<Object> identity(MemoryLayers layers, MemoryMap map, Path folder) {
    List<Object> identity = new ArrayList<>();
    try {
      identity.add(attributes(folder.resolve(MemoryMap.NAME)));
      for (MemoryMap.Layer layer : map.layers()) {
        identity.add(attributes(layers.data(layer.id())));
      }
    } catch (IOException e) {
      identity.add(new Object()); // like nothing else: the check will say what is wrong with it
    }
    return identity;
  }

  /** Not the time of the last change of its inode: names and links come and go. */
  private static Object attributes(Path file) throws IOException {
    return Files.readAttributes(file, "unix:dev,ino,size,lastModifiedTime");
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
