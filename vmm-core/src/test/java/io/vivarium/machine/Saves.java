package io.vivarium.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Machines saved into one folder, their memory in {@code memory/} of it. */
final class Saves {
  private Saves() {}

  static Path layers(Path folder) {
    return folder.resolve("memory");
  }

  /** Saves a machine that runs or not; it is paused afterwards. */
  static void save(VirtualMachine machine, Path folder) throws IOException {
    save(machine, folder, layers(folder));
    machine.pause();
  }

  /** Saves a machine, and lets it go on if it ran. Returns for how many milliseconds it stood. */
  static double save(VirtualMachine machine, Path folder, Path layers) throws IOException {
    Files.createDirectories(layers);
    Path beside = layers.resolve(".tmp-" + folder.getFileName());
    boolean ran = !machine.paused();
    try (VirtualMachine.Saving saving = machine.startSaving(layers, beside)) {
      long began = System.nanoTime();
      machine.pause();
      saving.finish();
      if (ran) {
        machine.resume();
      }
      long stood = Math.max(saving.pausedNanos(), System.nanoTime() - began);
      saving.seal(folder);
      saving.name();
      return stood / 1e6;
    }
  }

  static KvmMachine restore(
      String name, DeviceConfig devices, Path folder, MachineExit.Listener listener)
      throws IOException, BadSnapshotException {
    try (SavedMachine saved = SavedMachine.open(folder, layers(folder), 1)) {
      return KvmMachine.restore(name, devices, saved, listener);
    }
  }
}
