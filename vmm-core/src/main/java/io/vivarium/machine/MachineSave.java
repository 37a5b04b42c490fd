package io.vivarium.machine;

import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A save of a machine on {@code /dev/kvm}. */
final class MachineSave implements VirtualMachine.Saving {
  private final KvmMachine machine;
  private final MemoryLayers layers;
  private final MemorySave memory;
  private final long pausedNanos;
  private @Nullable MachineState state;
  private SavedFiles.@Nullable DeviceStates devices;
  private @Nullable MemoryMap map;
  private @Nullable Path folder;

  MachineSave(KvmMachine machine, MemoryLayers layers, MemorySave memory, long pausedNanos) {
    this.machine = machine;
    this.layers = layers;
    this.memory = memory;
    this.pausedNanos = pausedNanos;
  }

  void copyAhead() throws IOException {
    try {
      memory.copyAhead();
    } catch (IllegalStateException e) {
      throw ended(e);
    }
  }

  private static IOException ended(IllegalStateException e) {
    return new IOException("the machine ended meanwhile", e);
  }

  @Override
  public long pausedNanos() {
    return pausedNanos;
  }

  @Override
  public void finish() throws IOException {
    state = machine.state();
    devices = machine.deviceStates();
    try {
      memory.finish();
    } catch (IllegalStateException e) {
      throw ended(e);
    }
  }

  @Override
  public void seal(Path target) throws IOException {
    MachineState wholeState = state;
    SavedFiles.DeviceStates deviceStates = devices;
    if (wholeState == null || deviceStates == null) {
      throw new IllegalStateException("a save is sealed once it is finished");
    }
    map = memory.seal(SavedFiles.write(target, wholeState, deviceStates), target);
    folder = target;
  }

  @Override
  public void name() throws IOException {
    memory.name();
    if (map != null && folder != null) {
      MemoryCheck.remember(layers, map, folder);
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
