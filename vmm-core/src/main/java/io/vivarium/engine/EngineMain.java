package io.vivarium.engine;

import io.vivarium.client.JsonObject;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmState;
import io.vivarium.engine.protocol.Frames;
import io.vivarium.engine.protocol.RpcErrors;
import io.vivarium.library.EngineStatus;
import io.vivarium.library.Failures;
import io.vivarium.library.HardLinks;
import io.vivarium.library.Home;
import io.vivarium.library.MachineFolder;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The engine's process: one VM, and forks. Its first lines on standard output tell the client how
 * the start went ({@code {"ready":true}} or {@code {"error":{...}}}); then it closes that pipe and
 * lives on.
 */
public final class EngineMain {
  /** How long a minute of a schedule lasts. */
  static final Duration MINUTE = Duration.ofMinutes(1);

  private final EngineArguments arguments;
  private final MachineFactory factory;
  private final Duration minute;
  private final FileOutputStream client;

  EngineMain(
      EngineArguments arguments, MachineFactory factory, Duration minute, FileOutputStream client) {
    this.arguments = arguments;
    this.factory = factory;
    this.minute = minute;
    this.client = client;
  }

  public static void main(String[] args) {
    main(args, new KvmMachines(), MINUTE);
  }

  /** As {@link #main(String[])}, with machines and minutes of the caller's. */
  static void main(String[] args, MachineFactory factory, Duration minute) {
    FileOutputStream client = new FileOutputStream(FileDescriptor.out);
    System.setOut(System.err);
    int status = new EngineMain(EngineArguments.parse(args), factory, minute, client).run();
    Runtime.getRuntime().halt(status);
  }

  /** Lives until the last VM ends; returns the process's exit status. */
  int run() {
    MachineFolder folder = new MachineFolder(arguments.folder());
    try {
      live(folder);
      return 0;
    } catch (VivariumException e) {
      tell(new JsonObject().put("error", RpcErrors.of(e)));
      return 1;
    } catch (RuntimeException e) {
      EngineLog.say("the engine failed", e);
      String what = "the engine of VM '" + folder.name() + "' failed: " + e;
      tell(
          new JsonObject()
              .put("error", RpcErrors.of(new VivariumException(Kind.INTERNAL, what, ""))));
      return 1;
    }
  }

  private void live(MachineFolder folder) throws VivariumException {
    Home home = new Home(arguments.home());
    HostedVms vms = new HostedVms(new EngineForks(home, factory), minute);
    HostSleep.watch(vms::hostWoke);
    try (HostedVm vm = HostedVm.open(home, folder, factory)) {
      EngineStatus before = EngineStatus.read(folder.status());
      Runtime.getRuntime().addShutdownHook(new Thread(vms::end, "goodbye"));
      vms.admit(vm);
      try {
        vm.listen(vms);
        if (arguments.template()) {
          makeTemplate(vm.engine(), vm.snapshots());
          return;
        }
        begin(vm.engine(), vm.snapshots());
      } catch (VivariumException e) {
        if (arguments.snapshot() == null || before == null || before.state() != VmState.STOPPED) {
          vm.engine().failed(String.valueOf(e.getMessage()));
        } else {
          // A snapshot that was refused has changed nothing.
          vm.engine().become(VmState.STOPPED, null);
        }
        throw e;
      }
      tell(new JsonObject().put("ready", true).put("pid", ProcessHandle.current().pid()));
      hangUp();
      vms.live(vm);
      vms.awaitEnd();
    }
  }

  private void begin(Engine engine, EngineSnapshots snapshots) throws VivariumException {
    String snapshot = arguments.snapshot();
    if (snapshot != null) {
      snapshots.restore(snapshot);
    } else if (arguments.fork() != null) {
      engine.restore(arguments.fork(), engine.spec(), engine.spec().name());
    } else if (arguments.restore() != null) {
      adoptMemory(arguments.restore(), engine.folder());
      engine.restore(arguments.restore(), engine.spec(), null);
    } else {
      engine.boot();
    }
  }

  private static void adoptMemory(Path template, MachineFolder folder) throws VivariumException {
    try {
      HardLinks.all(new MachineFolder(template).memory(), folder.memory());
    } catch (IOException e) {
      throw Failures.explain("VM '" + folder.name() + "' cannot start from " + template, e);
    }
  }

  private void makeTemplate(Engine engine, EngineSnapshots snapshots) throws VivariumException {
    // Nobody else waits for a template: it ends with the client that asked for it.
    Thread watch = new Thread(EngineMain::endWithParent, "parent");
    watch.setDaemon(true);
    watch.start();
    engine.boot();
    Thread exits = new Thread(engine::run, "engine");
    exits.setDaemon(true);
    exits.start();
    try {
      engine.agent().awaitReady(() -> false);
      // It must not write to its disks once its memory is saved.
      engine.pause();
      snapshots.saveTemplate(engine.folder().path());
      engine.end();
    } catch (VivariumException e) {
      String reason = engine.reason();
      throw reason == null ? e : new VivariumException(Kind.GUEST, reason, e.cure(), e);
    }
    tell(new JsonObject().put("ready", true).put("pid", ProcessHandle.current().pid()));
  }

  private static void endWithParent() {
    ProcessHandle.current().parent().ifPresent(parent -> parent.onExit().join());
    Runtime.getRuntime().halt(1);
  }

  private void tell(@Nullable JsonObject message) {
    try {
      client.write(Frames.encode(message == null ? new JsonObject() : message));
    } catch (IOException e) {
      EngineLog.say("nobody waits for the start any more");
    }
  }

  private void hangUp() {
    try {
      client.close();
    } catch (IOException e) {
      EngineLog.say("the pipe to the starter: " + e.getMessage());
    }
  }
}
