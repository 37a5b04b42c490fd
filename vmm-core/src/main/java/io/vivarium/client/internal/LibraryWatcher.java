package io.vivarium.client.internal;

import io.vivarium.client.Vivarium.WatchListener;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells of changes as the kernel tells them (inotify: all that is kept is renamed into its place),
 * and looks every two seconds besides: inotify misses what a guest writes, which would come at any
 * rate, and an engine that died and released its lock. Where it cannot be had, looks are all.
 */
final class LibraryWatcher implements AutoCloseable {
  private static final long LOOK_MILLIS = 2_000;

  /** Without the kernel's word. */
  private static final long BLIND_LOOK_MILLIS = 500;

  /** What comes at once is told at once. */
  private static final long GATHER_MILLIS = 50;

  private final Library library;
  private final WatchListener listener;
  private final @Nullable WatchService kernel;
  private final Thread thread;
  private volatile boolean closed;

  LibraryWatcher(Library library, WatchListener listener) {
    this.library = library;
    this.listener = listener;
    this.kernel = kernel();
    this.thread = new Thread(this::run, "library-watcher");
    thread.setDaemon(true);
    thread.start();
  }

  private static @Nullable WatchService kernel() {
    try {
      return FileSystems.getDefault().newWatchService();
    } catch (IOException e) {
      return null; // a user has so many, 128 by default
    }
  }

  private void run() {
    try {
      watch(library.home().machines());
      Map<String, VmInfo> known = look();
      while (!closed) {
        awaitChange();
        Map<String, VmInfo> now = look();
        now.forEach(
            (name, info) -> {
              if (!info.equals(known.get(name))) {
                listener.changed(name);
              }
            });
        known.keySet().stream().filter(name -> !now.containsKey(name)).forEach(listener::changed);
        known.clear();
        known.putAll(now);
      }
    } catch (InterruptedException | ClosedWatchServiceException e) {
      // Closed.
    }
  }

  private void awaitChange() throws InterruptedException {
    WatchService asked = kernel;
    if (asked == null) {
      Thread.sleep(BLIND_LOOK_MILLIS);
      return;
    }
    WatchKey key = asked.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
    if (key == null) {
      return;
    }
    Thread.sleep(GATHER_MILLIS);
    for (WatchKey told = key; told != null; told = asked.poll()) {
      told.pollEvents();
      told.reset();
    }
  }

  private Map<String, VmInfo> look() {
    Map<String, VmInfo> found = new HashMap<>();
    for (String name : library.names()) {
      try {
        MachineFolder folder = library.find(name);
        watch(folder.path());
        watch(folder.run());
        found.put(name, Objects.requireNonNull(library.info(folder)));
      } catch (VivariumException e) {
        // Vanished meanwhile, or damaged: not listed.
      }
    }
    return found;
  }

  /** Has the kernel tell of this folder; the same once more changes nothing. */
  private void watch(Path folder) {
    WatchService asked = kernel;
    if (asked != null) {
      try {
        folder.register(
            asked, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_DELETE);
      } catch (IOException e) {
        // Vanished, or not there yet; the next look tells.
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    WatchService asked = kernel;
    if (asked != null) {
      try {
        asked.close();
      } catch (IOException e) {
        // Nobody asks it any more.
      }
    }
  }
}
