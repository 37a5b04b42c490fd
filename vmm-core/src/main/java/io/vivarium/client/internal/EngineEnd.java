package io.vivarium.client.internal;

import io.vivarium.client.JsonObject;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmState;
import io.vivarium.engine.protocol.SocketPaths;
import io.vivarium.library.EngineLock;
import io.vivarium.library.EngineStatus;
import io.vivarium.library.Failures;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Ends engines, and waits for their end. */
final class EngineEnd {
  private static final long PATIENCE_MILLIS = 5_000;
  private static final long LOOK_MILLIS = 2;
  private static final long ANSWER_MILLIS = 2_000;

  private final Library library;

  EngineEnd(Library library) {
    this.library = library;
  }

  /** Returns when the engine is gone. */
  void await(MachineFolder folder) throws VivariumException {
    long until = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
    while (EngineLock.held(folder.lock())) {
      if (System.nanoTime() > until) {
        throw new VivariumException(
            Kind.INTERNAL,
            "the engine of VM '" + folder.name() + "' does not end",
            "End it by force: viv kill " + folder.name());
      }
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new VivariumException(Kind.CANCELLED, "the wait was called off", "");
      }
    }
  }

  /**
   * Ends a VM as it is and removes what is disposable: by SIGKILL of its engine, and where that has
   * forks in it too and answers, by its word.
   */
  void kill(MachineFolder folder) throws VivariumException {
    if (!EngineLock.held(folder.lock())) {
      throw new VivariumException(
          Kind.WRONG_STATE, "VM '" + folder.name() + "' is not running", "");
    }
    boolean disposable = library.read(folder).disposable();
    if (isAlone(folder)) {
      EngineStatus status = EngineStatus.read(folder.status());
      if (status != null && isEngine(status.pid())) {
        ProcessHandle.of(status.pid()).ifPresent(ProcessHandle::destroyForcibly);
      }
    }
    await(folder);
    try {
      if (disposable) {
        SocketPaths.remove(folder.socket());
        library.erase(folder);
      } else {
        sayStopped(folder);
      }
    } catch (IOException e) {
      throw Failures.explain("cannot clear up after VM '" + folder.name() + "'", e);
    }
  }

  /** Whether nothing but this VM is in its engine, or the engine is past telling. */
  private static boolean isAlone(MachineFolder folder) {
    EngineConnection connection = EngineConnection.tryOpen(folder);
    if (connection == null) {
      return true;
    }
    FutureTask<Boolean> answer =
        new FutureTask<>(() -> connection.call("kill", new JsonObject()).bool("alone"));
    Thread.ofVirtual().name("kill").start(answer);
    try (connection) {
      return answer.get(ANSWER_MILLIS, TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  private static void sayStopped(MachineFolder folder) throws IOException {
    // Whoever started it again meanwhile holds the lock, and its status stands.
    EngineLock lock = EngineLock.acquire(folder.lock());
    if (lock != null) {
      try {
        SocketPaths.remove(folder.socket());
        new EngineStatus(VmState.STOPPED, 0, Instant.now(), null).write(folder.status());
      } finally {
        lock.close();
      }
    }
  }

  /** A pid alone proves nothing: the process must be an engine of this library. */
  private boolean isEngine(long pid) {
    try {
      byte[] commandLine = Files.readAllBytes(Path.of("/proc/" + pid + "/cmdline"));
      String text = new String(commandLine, StandardCharsets.UTF_8);
      return text.contains("\0--home\0" + library.home().root() + "\0--folder\0");
    } catch (IOException e) {
      return false;
    }
  }
}
