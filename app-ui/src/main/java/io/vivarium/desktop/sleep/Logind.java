package io.vivarium.desktop.sleep;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Hears from systemd-logind that the host goes to sleep, and has it wait meanwhile (signal
 * PrepareForSleep and delay locks of org.freedesktop.login1.Manager; systemd.io/INHIBITOR_LOCKS).
 * By D-Bus's and systemd's own programs, which any user may run. Where they or the bus are missing
 * nothing is heard, and nobody is told: a host without them sleeps all the same, and engines notice
 * afterwards.
 */
public final class Logind implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Logind.class.getName());

  /** Each ends with its standard input, so that none outlives a desktop that was killed. */
  private static final List<String> MONITOR =
      List.of(
          "sh",
          "-c",
          "exec 3<&0; dbus-monitor --system"
              + " \"type='signal',interface='org.freedesktop.login1.Manager',"
              + "member='PrepareForSleep'\" </dev/null 2>/dev/null & monitor=$!;"
              + " exec >/dev/null; cat <&3; kill $monitor");

  private static final List<String> LOCK =
      List.of(
          "systemd-inhibit",
          "--what=sleep",
          "--mode=delay",
          "--who=Vivarium",
          "--why=Machines are paused",
          "cat");

  private final Runnable onSleep;
  private final Runnable onWake;
  private final Map<String, String> environment;
  private volatile boolean closed;
  private @Nullable Process monitor;
  private @Nullable Process lock;

  /**
   * @param onSleep told before the host sleeps, which waits for its return, though not long (5 s
   *     where nothing else is set); on a thread of its own
   * @param onWake told after it, on the same thread
   * @param environment of the programs, beside what this process has
   */
  public Logind(Runnable onSleep, Runnable onWake, Map<String, String> environment) {
    this.onSleep = onSleep;
    this.onWake = onWake;
    this.environment = Map.copyOf(environment);
  }

  /** Begins to listen, on the thread that it returns; which ends where nothing is to be heard. */
  public Thread open() {
    return Thread.ofPlatform().daemon().name("logind").start(this::run);
  }

  private void run() {
    try {
      Process started = start(MONITOR);
      synchronized (this) {
        monitor = started;
      }
      if (closed) {
        close();
        return;
      }
      holdLock();
      try (BufferedReader lines = started.inputReader(StandardCharsets.UTF_8)) {
        listen(lines);
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "The host's sleep is not heard of", e);
    } finally {
      close();
    }
  }

  /** As dbus-monitor writes a signal: a line about it, and its one argument on the next. */
  private void listen(BufferedReader lines) throws IOException {
    boolean ours = false;
    for (String line = lines.readLine(); line != null && !closed; line = lines.readLine()) {
      if (line.startsWith("signal ")) {
        ours = line.contains("member=PrepareForSleep");
      } else if (ours && line.strip().equals("boolean true")) {
        onSleep.run();
        releaseLock();
      } else if (ours && line.strip().equals("boolean false")) {
        holdLock();
        onWake.run();
      }
    }
  }

  private synchronized void holdLock() {
    releaseLock();
    if (closed) {
      return;
    }
    try {
      lock = start(LOCK);
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "The host's sleep will not wait", e);
    }
  }

  private synchronized void releaseLock() {
    end(lock);
    lock = null;
  }

  private Process start(List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    builder.environment().put("LC_ALL", "C");
    return builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  private static void end(@Nullable Process program) {
    if (program != null) {
      try {
        program.getOutputStream().close();
      } catch (IOException e) {
        program.destroy(); // it is gone, or does not listen
      }
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    releaseLock();
    end(monitor);
    monitor = null;
  }
}
