package io.vivarium.machine;

import io.vivarium.acpi.AcpiTables;
import io.vivarium.assist.HostProfile;
import io.vivarium.boot.BadKernelException;
import io.vivarium.boot.CpuEntry;
import io.vivarium.boot.KernelLoader;
import io.vivarium.boot.LowMemory;
import io.vivarium.kvm.Kvm;
import io.vivarium.kvm.KvmException;
import io.vivarium.memory.MemoryLayers;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A virtual machine on {@code /dev/kvm}. */
public final class KvmMachine implements VirtualMachine {
  private final GuestRam ram;
  private final KvmBoard board;
  private final MachineEvents events;
  private boolean paused = true;
  private boolean closed;

  /** What it was restored from, where its clock may be held there. */
  private @Nullable MachineState restored;

  private KvmMachine(GuestRam ram, KvmBoard board, MachineEvents events) {
    this.ram = ram;
    this.board = board;
    this.events = events;
  }

  /**
   * Makes a machine with its kernel loaded, which {@link #resume} starts.
   *
   * @param listener hears how the machine ends
   * @throws BadKernelException when the kernel, initrd or command line cannot be booted
   * @throws KvmException when {@code /dev/kvm} is missing, not accessible or refuses something
   * @throws IOException when a file cannot be read, or memory cannot be had
   */
  public static KvmMachine boot(MachineConfig config, MachineExit.Listener listener)
      throws IOException, BadKernelException {
    try (Kvm kvm = Kvm.open()) {
      HostProfile profile = Host.profile(kvm);
      GuestRam ram = GuestRam.anonymous(config.memoryBytes());
      KvmMachine machine =
          assemble(kvm, profile, ram, config.name(), config.cpus(), config.devices(), listener);
      try {
        machine.board.setCpuid(profile.cpuid(Host.cpuid(kvm), config.cpus()));
        machine.load(config, profile);
        return machine;
      } catch (IOException | BadKernelException | RuntimeException e) {
        machine.close();
        throw e;
      }
    }
  }

  /**
   * Makes a machine as it was saved, which {@link #resume} lets go on.
   *
   * @param name for threads and messages
   * @param devices as when it was booted; see {@link DeviceConfig}
   * @throws BadSnapshotException when something is damaged or this host cannot go on with it
   * @throws KvmException when {@code /dev/kvm} is missing, not accessible or refuses something
   * @throws IOException when a file cannot be read
   */
  public static KvmMachine restore(
      String name, DeviceConfig devices, SavedMachine saved, MachineExit.Listener listener)
      throws IOException, BadSnapshotException {
    MachineState state = saved.files().machine();
    try (Kvm kvm = Kvm.open()) {
      HostProfile profile = Host.profile(kvm);
      KvmMachine machine =
          assemble(kvm, profile, saved.memory(), name, state.vcpus().size(), devices, listener);
      try {
        machine.apply(saved.files());
        if (profile.catchesUpSlowly()) {
          machine.restored = state;
        }
        saved.awaitCheck();
        return machine;
      } catch (IOException | BadSnapshotException | RuntimeException e) {
        machine.close();
        throw e;
      }
    }
  }

  private void apply(SavedFiles.Opened saved) throws BadSnapshotException {
    try {
      BoardStates.apply(board, saved.machine());
    } catch (BadSnapshotException e) {
      throw new BadSnapshotException("%s: %s".formatted(saved.file(), e.getMessage()), e);
    } catch (KvmException e) {
      throw new BadSnapshotException(
          "%s: this host's KVM refuses the state: %s.".formatted(saved.file(), e.getMessage()), e);
    }
    saved.restore(board.chipset().devices());
    newGeneration();
    board.chipset().restored();
  }

  /** What no machine had before. */
  private void newGeneration() {
    byte[] generation = new byte[16];
    new SecureRandom().nextBytes(generation);
    ram.memory().write(LowMemory.GENERATION, generation);
  }

  private static KvmMachine assemble(
      Kvm kvm,
      HostProfile profile,
      GuestRam ram,
      String name,
      int cpus,
      DeviceConfig devices,
      MachineExit.Listener listener)
      throws IOException {
    MachineEvents events = new MachineEvents(name, listener);
    try {
      KvmBoard board = KvmBoard.build(kvm, profile, ram, name, cpus, devices, events);
      events.onEnd(board::hold);
      return new KvmMachine(ram, board, events);
    } catch (IOException | RuntimeException e) {
      ram.close();
      throw e;
    }
  }

  private void load(MachineConfig config, HostProfile profile)
      throws IOException, BadKernelException {
    byte[] tables =
        AcpiTables.build(
            new AcpiTables.Platform(
                config.cpus(), !config.devices().isEmpty(), LowMemory.GENERATION),
            LowMemory.ACPI,
            (int) (LowMemory.ACPI_END - LowMemory.ACPI));
    String cmdline = (config.cmdline() + " " + profile.kernelParameters()).strip();
    boolean unpack = config.unpackKernel() && profile.unpacksKernels();
    CpuEntry entry =
        KernelLoader.load(
            ram.memory(),
            new KernelLoader.Request(
                config.kernel(), config.initrd(), cmdline, unpack, LowMemory.ACPI));
    ram.memory().write(LowMemory.ACPI, tables);
    newGeneration();
    board.resetCpus(entry);
  }

  @Override
  public synchronized void resume() {
    if (closed || !paused || events.ended()) {
      return;
    }
    paused = false;
    restored = null;
    board.resume();
  }

  @Override
  public synchronized void pause() {
    if (closed || paused) {
      return;
    }
    board.pause();
    paused = true;
  }

  @Override
  public synchronized boolean paused() {
    return paused;
  }

  @Override
  public synchronized boolean holdClock() {
    return restored != null && BoardStates.holdClock(board, restored);
  }

  @Override
  public void powerButton() {
    board.chipset().pressPowerButton();
  }

  @Override
  public SerialPort serial(int index) {
    return board.chipset().serial(index);
  }

  @Override
  public MachineDevices devices() {
    VirtioBoard virtio = board.chipset().virtio();
    return virtio == null ? NoDevices.INSTANCE : virtio;
  }

  @Override
  public Saving startSaving(Path layers, Path beside) throws IOException {
    MachineSave save = beginSave(new MemoryLayers(layers), beside);
    try {
      save.copyAhead();
      return save;
    } catch (IOException | RuntimeException e) {
      save.close();
      throw e;
    }
  }

  private synchronized MachineSave beginSave(MemoryLayers layers, Path beside) throws IOException {
    if (closed) {
      throw new IOException("the machine has ended");
    }
    boolean ran = !paused;
    long began = System.nanoTime();
    pause();
    try {
      MemorySave memory = MemorySave.start(ram, board.vm(), layers, beside);
      return new MachineSave(this, layers, memory, ran ? System.nanoTime() - began : 0);
    } finally {
      if (ran) {
        resume();
      }
    }
  }

  /** What is behind the machine at this moment. It must be paused. */
  synchronized MachineState state() throws IOException {
    if (!paused || closed) {
      throw new IOException("the machine has ended");
    }
    return BoardStates.capture(board, ram.memory().size());
  }

  /** Its devices' states. It must be paused. */
  synchronized SavedFiles.DeviceStates deviceStates() {
    return SavedFiles.DeviceStates.of(board.chipset().devices());
  }

  @Override
  public long cpuNanos() {
    return board.cpuNanos();
  }

  @Override
  public SortedMap<String, Long> counters() {
    SortedMap<String, Long> counters = new TreeMap<>();
    board.countInto(counters);
    return counters;
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    board.close();
    ram.close();
  }
}
