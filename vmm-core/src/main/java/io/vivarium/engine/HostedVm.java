package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.library.DiskLayers;
import io.vivarium.library.DurableFiles;
import io.vivarium.library.EngineLock;
import io.vivarium.library.Failures;
import io.vivarium.library.Home;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import java.io.IOException;
import java.nio.file.Files;
import org.jspecify.annotations.Nullable;

/** One VM in this process, from the lock on its folder to its end. */
final class HostedVm implements AutoCloseable {
  private final Home home;
  private final MachineFolder folder;
  private final EngineLock lock;
  private final Engine engine;
  private final EngineSnapshots snapshots;
  private @Nullable RpcServer server;
  private @Nullable AutoSnapshots automatic;
  private boolean lived;
  private boolean over;

  private HostedVm(Home home, EngineLock lock, Engine engine) {
    this.home = home;
    this.folder = engine.folder();
    this.lock = lock;
    this.engine = engine;
    this.snapshots = new EngineSnapshots(engine);
  }

  /** Takes the VM for this process; it is STARTING then, and nothing runs yet. */
  static HostedVm open(Home home, MachineFolder folder, MachineFactory factory)
      throws VivariumException {
    EngineLock lock = lock(folder);
    try {
      VmSpec spec = Library.open(home).read(folder);
      DurableFiles.sweep(folder.snapshots());
      DurableFiles.sweep(folder.memory());
      DurableFiles.sweep(new DiskLayers(folder.path()).folder());
      Files.deleteIfExists(folder.runningMap());
      ConsoleHub console = new ConsoleHub(new ConsoleLog(folder));
      return new HostedVm(home, lock, new Engine(home, folder, spec, factory, console));
    } catch (VivariumException e) {
      lock.close();
      throw e;
    } catch (IOException e) {
      lock.close();
      throw Failures.explain("cannot start VM '" + folder.name() + "'", e);
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

  Engine engine() {
    return engine;
  }

  EngineSnapshots snapshots() {
    return snapshots;
  }

  /** Listens on the VM's socket from now on. */
  void listen(HostedVms vms) throws VivariumException {
    engine.become(engine.state(), null);
    try {
      AutoSnapshots own = new AutoSnapshots(engine, snapshots, vms.minute());
      server = RpcServer.listen(folder, new RpcMethods(this, own, vms));
      automatic = own;
    } catch (IOException e) {
      throw Failures.explain("cannot listen for VM '" + folder.name() + "'", e);
    }
  }

  /** Returns when the VM has ended and left what it leaves. */
  void live() {
    try {
      if (automatic != null) {
        automatic.start();
      }
      engine.run();
      synchronized (this) {
        lived = true;
      }
    } finally {
      close();
    }
  }

  /** Lets go of the VM, which does not run; a disposable one that has lived is gone then. */
  @Override
  public synchronized void close() {
    if (over) {
      return;
    }
    over = true;
    if (server != null) {
      server.close();
    }
    engine.console().close();
    if (lived && engine.spec().disposable()) {
      erase();
    }
    lock.close();
  }

  private void erase() {
    try {
      Library.open(home).erase(folder);
    } catch (VivariumException | IOException e) {
      EngineLog.say("the disposable VM stays until the next sweep: " + e.getMessage());
    }
  }
}
