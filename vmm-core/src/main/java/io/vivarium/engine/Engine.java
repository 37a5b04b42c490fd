package io.vivarium.engine;

import io.vivarium.client.JsonObject;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmState;
import io.vivarium.images.agent.AgentLine;
import io.vivarium.images.agent.AgentProtocol;
import io.vivarium.library.DiskLayers;
import io.vivarium.library.DurableFiles;
import io.vivarium.library.EngineStatus;
import io.vivarium.library.Failures;
import io.vivarium.library.ForkFolders;
import io.vivarium.library.Home;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import io.vivarium.machine.MachineExit;
import io.vivarium.machine.VirtualMachine;
import io.vivarium.memory.MemoryMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One VM's life in this process: boots or restores its machine, boots it again when the guest asks,
 * and ends with it. Changes of the machine take turns under one lock; how the guest's runs end is
 * handled by the thread in {@link #run}.
 */
final class Engine {
  /** Hears of every change of state. */
  interface StateListener {
    void changed(JsonObject event);
  }

  private record Ended(int generation, MachineExit exit) {}

  private final Home home;
  private final MachineFolder folder;
  private final MachineFactory factory;
  private final ConsoleHub console;
  private final GuestAgent agent;
  private final WindowSize window;
  private final WakeLink wake = new WakeLink();
  private boolean clockIsOld;
  private final Instant startedAt = Instant.now();
  private final long startedNanos = System.nanoTime();
  private final ReentrantLock changing = new ReentrantLock();
  private final BlockingQueue<Ended> exits = new LinkedBlockingQueue<>();
  private final List<StateListener> listeners = new CopyOnWriteArrayList<>();
  private volatile @Nullable VirtualMachine machine;
  private volatile VmState state = VmState.STARTING;
  private volatile @Nullable String reason;
  private volatile int generation;
  private volatile VmSpec spec;
  private volatile @Nullable EngineDevices devices;
  private volatile boolean memoryNoted = true;

  Engine(Home home, MachineFolder folder, VmSpec spec, MachineFactory factory, ConsoleHub console) {
    this.home = home;
    this.folder = folder;
    this.spec = spec;
    this.factory = factory;
    this.console = console;
    this.agent = new GuestAgent(spec.name());
    this.window = new WindowSize(agent, this::isOver);
  }

  Home home() {
    return home;
  }

  MachineFolder folder() {
    return folder;
  }

  VmSpec spec() {
    return spec;
  }

  ConsoleHub console() {
    return console;
  }

  GuestAgent agent() {
    return agent;
  }

  WakeLink wake() {
    return wake;
  }

  VmState state() {
    return state;
  }

  boolean isOver() {
    return state == VmState.STOPPED || state == VmState.CRASHED;
  }

  @Nullable String reason() {
    return reason;
  }

  Instant startedAt() {
    return startedAt;
  }

  long uptimeNanos() {
    return System.nanoTime() - startedNanos;
  }

  void listen(StateListener listener) {
    listeners.add(listener);
  }

  void forget(StateListener listener) {
    listeners.remove(listener);
  }

  /** The machine that runs. */
  VirtualMachine machine() throws VivariumException {
    VirtualMachine current = machine;
    if (current == null) {
      throw new VivariumException(
          Kind.WRONG_STATE, "VM '" + spec.name() + "' is " + word(state), "");
    }
    return current;
  }

  /** Boots; the vCPUs run when this returns. */
  void boot() throws VivariumException {
    changing.lock();
    try {
      int next = generation + 1;
      EngineDevices behind = devices;
      if (behind == null) {
        behind = EngineDevices.open(home, folder, spec, null);
        devices = behind;
      }
      VirtualMachine booted =
          factory.boot(MachinePlan.of(home, spec, behind.config()), exit -> ended(next, exit));
      use(booted, behind, next, null, 0);
      booted.resume();
      become(VmState.RUNNING, null);
    } finally {
      changing.unlock();
    }
  }

  /** As {@link #restore(MachineFactory.Saved, Path, VmSpec, String)}, of this VM's own memory. */
  void restore(Path snapshot, VmSpec then, @Nullable String newName) throws VivariumException {
    Path files = snapshot.resolve("machine");
    try (MachineFactory.Saved saved = factory.open(spec.name(), files, folder.memory(), 1)) {
      restore(saved, snapshot, then, newName);
    }
  }

  /**
   * Puts the VM where a snapshot says; the vCPUs run when this returns. The machine that ran before
   * goes on when the snapshot is refused.
   *
   * @param saved the machine in the snapshot
   * @param snapshot its folder
   * @param then the VM's spec from now on, with disks that read as they did then
   * @param newName what the guest is called from now on, when it is a fork; else null
   */
  void restore(MachineFactory.Saved saved, Path snapshot, VmSpec then, @Nullable String newName)
      throws VivariumException {
    changing.lock();
    try {
      SavedContext context = SavedContext.read(snapshot);
      int next = generation + 1;
      EngineDevices before = devices;
      EngineDevices behind = EngineDevices.open(home, folder, then, before);
      VirtualMachine restored = null;
      try {
        restored = saved.restore(spec.name(), behind.config(), exit -> ended(next, exit));
        memoryNoted = false;
        noteMemory(snapshot);
        if (!then.equals(spec)) {
          rewrite(then);
        }
      } catch (VivariumException e) {
        if (restored != null) {
          restored.close();
        }
        behind.close();
        throw e;
      }
      release();
      agent.disconnect();
      if (before != null) {
        before.close();
      }
      console.begin(context.consoleTail().getBytes(StandardCharsets.ISO_8859_1));
      devices = behind;
      use(restored, behind, next, context.agent(), context.wakeVersion());
      memoryNoted = true;
      if (context.wakeVersion() > 0) {
        restored.holdClock();
      }
      restored.resume();
      if (context.wakeVersion() > 0) {
        wake.tell(newName);
      }
      String mac = then.mac();
      if (newName != null && mac != null && context.agent() != null) {
        behind.network().whenPlugged(() -> tellAddress(mac));
      }
      become(VmState.RUNNING, null);
      window.tellAgain();
    } finally {
      changing.unlock();
    }
  }

  /**
   * A fork goes on with its parent's address until it hears of its own, in a network of its own.
   */
  private void tellAddress(String mac) {
    Thread.ofPlatform()
        .daemon()
        .name("address")
        .start(
            () -> {
              try {
                int status =
                    agent.exec(
                        AgentProtocol.setMac(mac),
                        (data, offset, length) -> {},
                        (data, offset, length) -> {},
                        this::isOver);
                if (status != 0) {
                  EngineLog.say("the guest did not take its address " + mac + ": " + status);
                }
              } catch (VivariumException e) {
                EngineLog.say("the guest did not hear of its address: " + e.getMessage());
              }
            });
  }

  /**
   * Whether the note of what saved memory is behind the machine is surely right: after a restore
   * that failed it may be that of the other.
   */
  boolean memoryNoted() {
    return memoryNoted;
  }

  /** Notes what saved memory is behind the machine, so that it stays. */
  void noteMemory(Path snapshot) throws VivariumException {
    Path map = snapshot.resolve("machine").resolve(MemoryMap.NAME);
    try {
      if (Files.exists(map)) {
        DurableFiles.writeQuickly(folder.runningMap(), Files.readAllBytes(map));
      }
    } catch (IOException e) {
      throw Failures.explain("VM '" + spec.name() + "' cannot keep its memory", e);
    }
  }

  /** Replaces the VM's spec, in its folder and here, or in neither. */
  void rewrite(VmSpec next) throws VivariumException {
    try {
      Library.rewrite(folder, next);
      spec = next;
    } catch (IOException e) {
      putBack();
      throw Failures.explain("the spec of VM '" + spec.name() + "' cannot be changed", e);
    }
  }

  /** Makes a disposable VM one that stays; durable when this returns. */
  void keep() throws VivariumException {
    changing.lock();
    try {
      // The start of a fork does not wait for any of these to be durable.
      devices().disks().seal();
      ForkFolders.makeNamesDurable(folder);
      rewrite(spec.as(spec.name(), false));
      DurableFiles.sync(home.machines());
    } catch (IOException e) {
      throw Failures.explain("VM '" + spec.name() + "' cannot be kept", e);
    } finally {
      changing.unlock();
    }
  }

  /** The file may be the new one all the same, if making it durable failed. */
  private void putBack() {
    try {
      Library.rewrite(folder, spec);
    } catch (IOException e) {
      EngineLog.say("the VM's spec may be another than what runs: " + e.getMessage());
    }
  }

  /** What stands behind the devices of the machine that runs. */
  EngineDevices devices() throws VivariumException {
    EngineDevices current = devices;
    if (current == null) {
      throw new VivariumException(
          Kind.WRONG_STATE, "VM '" + spec.name() + "' is " + word(state), "");
    }
    return current;
  }

  private void use(
      VirtualMachine next,
      EngineDevices behind,
      int itsGeneration,
      @Nullable AgentLine agentReady,
      int wakeVersion) {
    generation = itsGeneration;
    console.connect(next.serial(0));
    agent.connect(next, agentReady);
    wake.connect(next, wakeVersion);
    behind.connect(next, new DeviceTrouble(this));
    machine = next;
  }

  /** Who waits for the agent is told by {@code agent.disconnect}, once it is clear what follows. */
  private void release() {
    VirtualMachine old = machine;
    machine = null;
    EngineDevices behind = devices;
    if (old != null) {
      if (behind != null) {
        behind.disconnect();
      }
      old.close();
    }
  }

  /** The files of the disks are whole and free when this returns. */
  private void releaseDevices() {
    EngineDevices behind = devices;
    devices = null;
    if (behind != null) {
      behind.close();
    }
  }

  private void ended(int itsGeneration, MachineExit exit) {
    exits.add(new Ended(itsGeneration, exit));
  }

  /** Returns when the VM has ended; its last state is in {@link #state}. */
  void run() {
    while (!isOver()) {
      Ended ended;
      try {
        ended = exits.take();
      } catch (InterruptedException e) {
        finish(VmState.STOPPED, null);
        return;
      }
      if (ended.generation() == generation) {
        handle(ended.exit());
      }
    }
  }

  private void handle(MachineExit exit) {
    EngineLog.say("the machine ended: " + exit);
    switch (exit) {
      case MachineExit.PowerOff ignored -> finish(VmState.STOPPED, null);
      case MachineExit.Reset ignored -> reboot();
      case MachineExit.Panic panic ->
          finish(VmState.CRASHED, "the guest's kernel panicked: " + panic.line());
      case MachineExit.TripleFault fault ->
          finish(VmState.CRASHED, "the guest's processor gave up: " + fault.detail());
      case MachineExit.Failed failed -> finish(VmState.CRASHED, failed.reason());
    }
  }

  private void reboot() {
    if (state == VmState.STOPPING) {
      finish(VmState.STOPPED, null);
      return;
    }
    changing.lock();
    try {
      release();
      agent.disconnect();
      boot();
    } catch (VivariumException e) {
      finish(VmState.CRASHED, "it could not boot again: " + e.getMessage());
    } finally {
      changing.unlock();
    }
  }

  void pause() throws VivariumException {
    changing.lock();
    try {
      requireState(VmState.RUNNING, VmState.PAUSED);
      machine().pause();
      become(VmState.PAUSED, null);
    } finally {
      changing.unlock();
    }
  }

  /** Pauses a VM that cannot go on, and says why. */
  void pauseBecause(String why) throws VivariumException {
    changing.lock();
    try {
      requireState(VmState.RUNNING, VmState.PAUSED);
      machine().pause();
      become(VmState.PAUSED, why);
    } finally {
      changing.unlock();
    }
  }

  /** Tells those who watch of something that went wrong while the VM goes on. */
  void warn(String what) {
    JsonObject event = new JsonObject().put("state", state).put("reason", what);
    listeners.forEach(listener -> listener.changed(event));
  }

  /**
   * Tells a guest the time after the host slept; a paused one has its clock set when it goes on.
   */
  void hostWoke() {
    changing.lock();
    try {
      clockIsOld = true;
      tellTime();
    } finally {
      changing.unlock();
    }
  }

  private void tellTime() {
    if (clockIsOld && state == VmState.RUNNING && wake.version() > 0) {
      EngineLog.say("the host slept, or its clock was set: the guest is told the time");
      wake.tell(null);
      clockIsOld = false;
    }
  }

  void resume() throws VivariumException {
    changing.lock();
    try {
      requireState(VmState.RUNNING, VmState.PAUSED);
      machine().resume();
      become(VmState.RUNNING, null);
      tellTime();
    } finally {
      changing.unlock();
    }
  }

  /** Runs something while nothing else changes the machine. */
  <T> T whileUnchanged(Change<T> change) throws VivariumException {
    changing.lock();
    try {
      requireState(VmState.RUNNING, VmState.PAUSED);
      return change.make(machine());
    } finally {
      changing.unlock();
    }
  }

  /** What is done to a machine under the engine's lock. */
  interface Change<T> {
    T make(VirtualMachine machine) throws VivariumException;
  }

  /** Asks the guest to shut down, by its power button and by its agent. */
  void askToStop() throws VivariumException {
    changing.lock();
    try {
      requireState(VmState.RUNNING, VmState.PAUSED, VmState.STOPPING);
      VirtualMachine current = machine();
      become(VmState.STOPPING, null);
      current.resume();
      current.powerButton();
    } finally {
      changing.unlock();
    }
    if (agent.ready()) {
      Thread thread = new Thread(this::askAgentToStop, "stop");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void askAgentToStop() {
    try {
      // A guest on a disk has services that want to end well; one in RAM has no init that listens.
      boolean onDisk = new DiskLayers(folder.path()).hasImage();
      List<String> command = onDisk ? List.of("poweroff") : List.of("poweroff", "-f");
      agent.exec(command, (d, o, l) -> {}, (d, o, l) -> {}, () -> false);
    } catch (VivariumException e) {
      EngineLog.say("the agent was asked to stop: " + e.getMessage());
    }
  }

  /** Ends the VM as it is. */
  void end() {
    finish(VmState.STOPPED, null);
  }

  private void finish(VmState last, @Nullable String why) {
    changing.lock();
    try {
      if (!isOver()) {
        release();
        releaseDevices();
        console.drain();
        become(last, why);
        agent.disconnect();
        exits.add(new Ended(generation, new MachineExit.PowerOff()));
      }
    } finally {
      changing.unlock();
    }
  }

  /** Says that the start failed, for those who look at the folder. */
  void failed(String why) {
    releaseDevices();
    become(VmState.CRASHED, why);
  }

  /** The state in the status file and to all who listen. */
  void become(VmState next, @Nullable String why) {
    state = next;
    reason = why;
    try {
      new EngineStatus(next, ProcessHandle.current().pid(), startedAt, why).write(folder.status());
    } catch (IOException e) {
      EngineLog.say("the status cannot be written: " + e.getMessage());
    }
    JsonObject event = new JsonObject().put("state", next).put("reason", why);
    listeners.forEach(listener -> listener.changed(event));
  }

  /** The size of the user's terminal, as the guest shall know it. */
  WindowSize window() {
    return window;
  }

  private void requireState(VmState... allowed) throws VivariumException {
    for (VmState one : allowed) {
      if (state == one) {
        return;
      }
    }
    throw new VivariumException(Kind.WRONG_STATE, "VM '" + spec.name() + "' is " + word(state), "");
  }

  private static String word(VmState state) {
    return state.name().toLowerCase(java.util.Locale.ROOT);
  }
}
