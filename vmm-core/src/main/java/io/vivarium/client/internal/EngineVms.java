package io.vivarium.client.internal;

import io.vivarium.client.ConsoleConnection;
import io.vivarium.client.ExecResult;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.Progress;
import io.vivarium.client.SpecRules;
import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.client.VmState;
import io.vivarium.client.VmStats;
import io.vivarium.library.DiskLayers;
import io.vivarium.library.EngineLock;
import io.vivarium.library.EngineStatus;
import io.vivarium.library.Failures;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import io.vivarium.library.SnapshotStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is done to VMs by way of their engines. */
public final class EngineVms {
  private static final int MAX_STATUS = 255;

  private final Library library;
  private final EngineLauncher launcher;
  private final WarmStarts warmStarts;
  private final HostImages images;
  private final EngineEnd end;

  public EngineVms(Library library, HostImages images) {
    this.library = library;
    this.images = images;
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
    if (from == null || !spec.disks().isEmpty() || warmStarts.hasDisks(from)) {
      boolean ran = EngineStatus.read(folder.status()) != null;
      spec = withImageDisks(folder, spec, ran);
      // What a VM keeps on its disks belongs to its past, which a warm snapshot lacks.
      from = from != null && !ran && adoptDisks(folder, spec, from) ? from : null;
    }
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

  /** A VM that was made before its image was gets the image's disks at its first start. */
  private VmSpec withImageDisks(MachineFolder folder, VmSpec spec, boolean ran)
      throws VivariumException {
    String image = spec.image();
    DiskLayers layers = new DiskLayers(folder.path());
    if (image == null || ran || layers.hasImage() || !images.hasDisks(image)) {
      return spec;
    }
    return library.whileStopped(
        folder.name(),
        "started",
        (machine, before) -> {
          List<DiskSpec> disks = new ArrayList<>(images.makeDisks(image, layers));
          disks.addAll(before.disks());
          Library.rewrite(machine, before.withDisks(disks));
          return before.withDisks(disks);
        });
  }

  /** Gives a VM that never ran the disks of a warm snapshot; whether they are as many as its. */
  private boolean adoptDisks(MachineFolder folder, VmSpec spec, Path warm)
      throws VivariumException {
    if (warmStarts.disks(warm) != spec.disks().size()) {
      return false;
    }
    return library.whileStopped(
        folder.name(),
        "started",
        (machine, before) -> {
          DiskLayers layers = new DiskLayers(machine.path());
          Library.rewrite(machine, before.withDisks(warmStarts.adoptDisks(warm, layers)));
          layers.discard(before.disks());
          return true;
        });
  }

  public void prepareWarm(VmSpec spec, Progress progress) throws VivariumException {
    warmStarts.prepare(spec, progress);
  }

  public static boolean canStartWarm(VmSpec spec) {
    return WarmStarts.possible(spec);
  }

  public boolean hasWarm(VmSpec spec) throws VivariumException {
    return warmStarts.find(spec) != null;
  }

  void requireStopped(MachineFolder folder) throws VivariumException {
    if (EngineLock.held(folder.lock())) {
      throw new VivariumException(
          Kind.WRONG_STATE,
          "VM '" + folder.name() + "' is already running",
          "Attach to it: viv console " + folder.name());
    }
  }

  private void launch(MachineFolder folder, List<String> arguments, Progress progress)
      throws VivariumException {
    long memory = library.read(folder).memoryBytes();
    try (EngineLauncher.Start start = launcher.start(folder, memory, arguments)) {
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
    } catch (VivariumException e) {
      // On a busy host the engine may be gone before its answer is.
      boolean brokeOff = e.kind() == Kind.INTERNAL && e.getCause() instanceof IOException;
      if (!brokeOff || !stopped(folder)) {
        throw e;
      }
    }
    end.await(folder);
  }

  /** Whether a VM's engine ended and said goodbye; a disposable one's folder goes with it. */
  private boolean stopped(MachineFolder folder) throws VivariumException {
    end.await(folder);
    EngineStatus last = EngineStatus.read(folder.status());
    return last == null ? Files.notExists(folder.path()) : last.state() == VmState.STOPPED;
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
          stats.number("guestUsedBytes", -1, Long.MAX_VALUE),
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

  public ExecResult exec(
      String name, List<String> argv, @Nullable InputStream input, Vivarium.ExecListener output)
      throws VivariumException {
    try (EngineConnection connection = EngineConnection.open(library.find(name))) {
      long id = connection.nextId();
      ExecFeeder feeder = input == null ? null : new ExecFeeder(connection, id, input);
      JsonObject result =
          connection.call(
              "exec",
              new JsonObject().put("argv", argv).put("input", feeder != null),
              (method, params) -> {
                if (method.equals("exec.room") && feeder != null) {
                  feeder.room((int) params.number("bytes", 0, Integer.MAX_VALUE));
                } else if (method.equals("exec.output")) {
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

  /** Starts a VM from one of its live snapshots, in a new engine. */
  void startFrom(MachineFolder folder, String snapshot, Progress progress)
      throws VivariumException {
    launch(folder, List.of("--snapshot", snapshot), progress);
  }

  /** Starts a fork from a snapshot of another VM, in a new engine. */
  void startFork(MachineFolder folder, Path snapshot, Progress progress) throws VivariumException {
    launch(folder, List.of("--fork", snapshot.toString()), progress);
  }

  /** Returns when the VM's engine is gone. */
  void awaitEnd(MachineFolder folder) throws VivariumException {
    end.await(folder);
  }

  /** Deletes what was written to disks and is nobody's any more. */
  void prune(MachineFolder folder) throws VivariumException {
    try {
      new SnapshotStore(library.home(), folder).prune(null);
    } catch (IOException e) {
      throw Failures.explain("disk files of '" + folder.name() + "' cannot be removed", e);
    }
  }

  public AutoCloseable watch(Vivarium.WatchListener listener) {
    return new LibraryWatcher(library, listener);
  }

  private static VivariumException badAnswer(String name, JsonException e) {
    return new VivariumException(
        Kind.INTERNAL, "the engine of VM '" + name + "' answered wrongly: " + e.getMessage(), "");
  }
}
