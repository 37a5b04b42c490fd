package io.vivarium.client.internal;

import io.vivarium.client.Vivarium.WatchListener;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import io.vivarium.library.Library;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Tells of changes by looking twice a second: a few small files per VM. inotify would miss what
 * matters most, an engine that died and released its lock.
 */
final class LibraryWatcher implements AutoCloseable {
  private static final long PERIOD_MILLIS = 500;

  private final Library library;
  private final WatchListener listener;
  private final Thread thread;
  private volatile boolean closed;

  LibraryWatcher(Library library, WatchListener listener) {
    this.library = library;
    this.listener = listener;
    this.thread = new Thread(this::run, "library-watcher");
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    Map<String, VmInfo> known = look();
    while (!closed) {
      try {
        Thread.sleep(PERIOD_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
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
  }

  private Map<String, VmInfo> look() {
    Map<String, VmInfo> found = new HashMap<>();
    for (String name : library.names()) {
      try {
        VmInfo info = library.info(library.find(name));
        found.put(name, Objects.requireNonNull(info));
      } catch (VivariumException e) {
        // Vanished meanwhile, or damaged: not listed.
      }
    }
    return found;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
