package io.vivarium.client.internal;

import io.vivarium.client.ConsoleConnection;
import io.vivarium.client.ExecResult;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.Progress;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.SpecRules;
import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmStats;
import io.vivarium.library.EngineLock;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import io.vivarium.library.SnapshotStore;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is done to VMs by way of their engines. */
public final class EngineVms {
  private static final int MAX_STATUS = 255;

  private final Library library;
  private final EngineLauncher launcher;
  private final WarmStarts warmStarts;
  private final EngineEnd end;

  public EngineVms(Library library, HostImages images) {
    this.library = library;
    this.launcher = new EngineLauncher(library.home());
    this.warmStarts = new WarmStarts(library.home(), images, launcher);
    this.end = new EngineEnd(library);
  }

  public boolean running(String name) throws VivariumException {
    return EngineLock.held(library.find(name).lock());
  }

  public VmInfo start(String name, boolean warm, Progress progress) throws VivariumException {
    MachineFolder folder = library.find(name);
    VmSpec spec = library.read(folder);
    requireStopped(folder);
    String wrong = SpecRules.spec(spec, HostMemory.total());
    if (wrong != null) {
      throw new VivariumException(Kind.HOST, "VM '" + name + "' cannot start: " + wrong, "");
    }
    Path from = warm ? warmStarts.find(spec) : null;
    if (from != null) {
      try {
        launch(folder, List.of("--restore", from.toString()), progress);
        return library.info(folder);
      } catch (VivariumException e) {
        if (e.kind() != Kind.BAD_FILE) {
          throw e;
        }
        progress.line("The warm snapshot cannot be used, booting: " + e.getMessage());
        warmStarts.discard(from);
      }
    }
    launch(folder, List.of("--boot"), progress);
    return library.info(folder);
  }

  public void prepareWarm(String image, long memoryBytes, int cpus, Progress progress)
      throws VivariumException {
    warmStarts.prepare(image, memoryBytes, cpus, progress);
  }

  public boolean hasWarm(VmSpec spec) throws VivariumException {
    return warmStarts.find(spec) != null;
  }

  private void requireStopped(MachineFolder folder) throws VivariumException {
    if (EngineLock.held(folder.lock())) {
      throw new VivariumException(
          Kind.WRONG_STATE,
          "VM '" + folder.name() + "' is already running",
          "Attach to it: viv console " + folder.name());
    }
  }

  private void launch(MachineFolder folder, List<String> arguments, Progress progress)
      throws VivariumException {
    try (EngineLauncher.Start start = launcher.start(folder, arguments)) {
      start.await(progress);
    }
  }

  public void stop(String name, long timeoutMillis, Progress progress) throws VivariumException {
    MachineFolder folder = library.find(name);
    try (EngineConnection connection = EngineConnection.open(folder)) {
      connection.call(
          "stop",
          new JsonObject().put("timeoutMillis", timeoutMillis),
          (method, params) -> {
            if (method.equals("progress")) {
              progress.update(params.string("step"), params.fraction("fraction"));
            }
          });
    }
    end.await(folder);
  }

  public void kill(String name) throws VivariumException {
    end.kill(library.find(name));
  }

  /** A request without events. */
  public JsonObject call(String name, String method, JsonObject params) throws VivariumException {
    try (EngineConnection connection = EngineConnection.open(library.find(name))) {
      return connection.call(method, params);
    }
  }

  public VmStats stats(String name) throws VivariumException {
    JsonObject stats = call(name, "stats", new JsonObject());
    try {
      return new VmStats(
          count(stats, "uptimeNanos"),
          count(stats, "cpuNanos"),
          count(stats, "memoryBytes"),
          count(stats, "residentBytes"),
          count(stats, "diskReadBytes"),
          count(stats, "diskWriteBytes"),
          count(stats, "netReceiveBytes"),
          count(stats, "netSendBytes"));
    } catch (JsonException e) {
      throw badAnswer(name, e);
    }
  }

  private static long count(JsonObject stats, String field) throws JsonException {
    return stats.number(field, 0, Long.MAX_VALUE);
  }

  public ConsoleConnection console(String name, ConsoleConnection.Listener listener)
      throws VivariumException {
    return EngineConsole.attach(name, EngineConnection.open(library.find(name)), listener);
  }

  public ExecResult exec(String name, List<String> argv, Vivarium.ExecListener output)
      throws VivariumException {
    try (EngineConnection connection = EngineConnection.open(library.find(name))) {
      JsonObject result =
          connection.call(
              "exec",
              new JsonObject().put("argv", argv),
              (method, params) -> {
                if (method.equals("exec.output")) {
                  byte[] data = EngineConsole.decode(params.string("data"));
                  if (params.string("stream").equals("stdout")) {
                    output.stdout(data);
                  } else {
                    output.stderr(data);
                  }
                }
              });
      return new ExecResult((int) result.number("exitStatus", 0, MAX_STATUS));
    } catch (JsonException e) {
      throw badAnswer(name, e);
    }
  }

  public SnapshotInfo takeSnapshot(
      String name, @Nullable String snapshotName, String note, Progress progress)
      throws VivariumException {
    MachineFolder folder = library.find(name);
    EngineConnection connection = EngineConnection.tryOpen(folder);
    if (connection == null) {
      throw new VivariumException(
          Kind.WRONG_STATE,
          "VM '" + name + "' is not running, so there is no state to keep",
          "Start it first: viv start " + name);
    }
    try (connection) {
      JsonObject result =
          connection.call(
              "snapshot.take",
              new JsonObject().put("name", snapshotName).put("note", note),
              (method, params) -> {
                if (method.equals("progress")) {
                  progress.update(params.string("step"), params.fraction("fraction"));
                }
              });
      SnapshotStore store = new SnapshotStore(library.home(), folder);
      return store.info(store.find(result.string("id")));
    } catch (JsonException e) {
      throw badAnswer(name, e);
    }
  }

  /** In the engine that runs, or in a new one. */
  public VmInfo restore(String name, String snapshot, Progress progress) throws VivariumException {
    MachineFolder folder = library.find(name);
    String id = new SnapshotStore(library.home(), folder).find(snapshot).id();
    EngineConnection connection = EngineConnection.tryOpen(folder);
    if (connection == null) {
      requireStopped(folder);
      launch(folder, List.of("--snapshot", id), progress);
    } else {
      try (connection) {
        connection.call("snapshot.restore", new JsonObject().put("id", id));
      }
    }
    return library.info(folder);
  }

  public AutoCloseable watch(Vivarium.WatchListener listener) {
    return new LibraryWatcher(library, listener);
  }

  private static VivariumException badAnswer(String name, JsonException e) {
    return new VivariumException(
        Kind.INTERNAL, "the engine of VM '" + name + "' answered wrongly: " + e.getMessage(), "");
  }
}
