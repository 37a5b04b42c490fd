package io.vivarium.engine;

import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmState;
import io.vivarium.engine.protocol.Frames;
import io.vivarium.engine.protocol.RpcErrors;
import io.vivarium.library.DurableFiles;
import io.vivarium.library.EngineLock;
import io.vivarium.library.EngineStatus;
import io.vivarium.library.Failures;
import io.vivarium.library.HardLinks;
import io.vivarium.library.Home;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import io.vivarium.library.SpecCodec;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The engine's process: one VM. Its first lines on standard output tell the client how the start
 * went ({@code {"ready":true}} or {@code {"error":{...}}}); then it closes that pipe and lives on.
 */
public final class EngineMain {
  private final EngineArguments arguments;
  private final MachineFactory factory;
  private final FileOutputStream client;

  EngineMain(EngineArguments arguments, MachineFactory factory, FileOutputStream client) {
    this.arguments = arguments;
    this.factory = factory;
    this.client = client;
  }

  public static void main(String[] args) {
    main(args, new KvmMachines());
  }

  /** As {@link #main(String[])}, with machines of the caller's. */
  static void main(String[] args, MachineFactory factory) {
    FileOutputStream client = new FileOutputStream(FileDescriptor.out);
    System.setOut(System.err);
    int status = new EngineMain(EngineArguments.parse(args), factory, client).run();
    Runtime.getRuntime().halt(status);
  }

  /** Lives until the VM ends; returns the process's exit status. */
  int run() {
    MachineFolder folder = new MachineFolder(arguments.folder());
    try {
      EngineLock lock = lock(folder);
      try {
        return live(folder);
      } finally {
        lock.close();
      }
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

  private static EngineLock lock(MachineFolder folder) throws VivariumException {
    try {
      EngineLock lock = EngineLock.acquire(folder.lock());
      if (lock != null) {
        return lock;
      }
    } catch (IOException e) {
      throw Failures.explain("cannot start VM '" + folder.name() + "'", e);
    }
    throw new VivariumException(
        Kind.CONFLICT,
        "VM '" + folder.name() + "' was started by somebody else at the same time",
        "Attach to it: viv console " + folder.name());
  }

  private int live(MachineFolder folder) throws VivariumException {
    Home home = new Home(arguments.home());
    VmSpec spec = spec(folder);
    ConsoleHub console;
    try {
      DurableFiles.sweep(folder.snapshots());
      DurableFiles.sweep(folder.memory());
      Files.deleteIfExists(folder.runningMap());
      console = new ConsoleHub(new ConsoleLog(folder));
    } catch (IOException e) {
      throw Failures.explain("cannot start VM '" + folder.name() + "'", e);
    }
    EngineStatus before = EngineStatus.read(folder.status());
    Engine engine = new Engine(home, folder, spec, factory, console);
    EngineSnapshots snapshots = new EngineSnapshots(engine);
    engine.become(engine.state(), null);
    Thread goodbye = new Thread(engine::end, "goodbye");
    Runtime.getRuntime().addShutdownHook(goodbye);
    try {
      RpcServer server = RpcServer.listen(folder, new RpcMethods(engine, snapshots));
      try {
        if (arguments.template()) {
          return makeTemplate(engine, snapshots);
        }
        begin(engine, snapshots);
        tell(new JsonObject().put("ready", true).put("pid", ProcessHandle.current().pid()));
        hangUp();
        engine.run();
      } finally {
        server.close();
      }
    } catch (VivariumException e) {
      if (arguments.snapshot() == null || before == null || before.state() != VmState.STOPPED) {
        engine.failed(String.valueOf(e.getMessage()));
      } else {
        // A snapshot that was refused has changed nothing.
        engine.become(VmState.STOPPED, null);
      }
      throw e;
    } catch (IOException e) {
      engine.failed(String.valueOf(e.getMessage()));
      throw Failures.explain("cannot listen for VM '" + folder.name() + "'", e);
    }
    console.close();
    if (spec.disposable()) {
      erase(home, folder);
    }
    return 0;
  }

  private void begin(Engine engine, EngineSnapshots snapshots) throws VivariumException {
    String snapshot = arguments.snapshot();
    if (snapshot != null) {
      snapshots.restore(snapshot);
    } else if (arguments.restore() != null) {
      adoptMemory(arguments.restore(), engine.folder());
      engine.restore(arguments.restore(), engine.spec());
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

  private int makeTemplate(Engine engine, EngineSnapshots snapshots) throws VivariumException {
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
    return 0;
  }

  private static void endWithParent() {
    ProcessHandle.current().parent().ifPresent(parent -> parent.onExit().join());
    Runtime.getRuntime().halt(1);
  }

  private static VmSpec spec(MachineFolder folder) throws VivariumException {
    try {
      return SpecCodec.read(Json.parse(Files.readAllBytes(folder.spec())), folder.name());
    } catch (JsonException e) {
      throw new VivariumException(
          Kind.BAD_FILE, "VM '" + folder.name() + "' is damaged: " + e.getMessage(), "", e);
    } catch (IOException e) {
      throw Failures.explain("cannot read VM '" + folder.name() + "'", e);
    }
  }

  private static void erase(Home home, MachineFolder folder) {
    try {
      Library.open(home).erase(folder);
    } catch (VivariumException | IOException e) {
      EngineLog.say("the disposable VM stays until the next sweep: " + e.getMessage());
    }
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
