package io.vivarium.engine;

import io.vivarium.boot.BadKernelException;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.kvm.KvmException;
import io.vivarium.library.Failures;
import io.vivarium.machine.BadSnapshotException;
import io.vivarium.machine.DeviceConfig;
import io.vivarium.machine.KvmMachine;
import io.vivarium.machine.MachineConfig;
import io.vivarium.machine.MachineExit;
import io.vivarium.machine.SavedMachine;
import io.vivarium.machine.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Machines on {@code /dev/kvm}, and their failures in words. */
final class KvmMachines implements MachineFactory {
  @Override
  public VirtualMachine boot(MachineConfig config, MachineExit.Listener listener)
      throws VivariumException {
    try {
      return KvmMachine.boot(config, listener);
    } catch (BadKernelException e) {
      throw new VivariumException(
          Kind.BAD_FILE,
          "VM '" + config.name() + "' cannot boot: " + e.getMessage(),
          "Give it another kernel, or build its image again.",
          e);
    } catch (KvmException e) {
      throw refused(config.name(), e);
    } catch (IOException e) {
      throw Failures.explain("VM '" + config.name() + "' cannot boot", e);
    }
  }

  @Override
  public Saved open(String name, Path files, Path layers, int copies) throws VivariumException {
    try {
      return new KvmSaved(SavedMachine.open(files, layers, copies));
    } catch (BadSnapshotException | IOException e) {
      throw unusable(name, e);
    }
  }

  private record KvmSaved(SavedMachine machine) implements Saved {
    @Override
    public VirtualMachine restore(String name, DeviceConfig devices, MachineExit.Listener listener)
        throws VivariumException {
      try {
        return KvmMachine.restore(name, devices, machine, listener);
      } catch (KvmException e) {
        throw refused(name, e);
      } catch (BadSnapshotException | IOException e) {
        throw unusable(name, e);
      }
    }

    @Override
    public void close() {
      machine.close();
    }
  }

  private static VivariumException unusable(String name, Exception e) {
    String what = "VM '" + name + "'";
    String cure = "Restore another snapshot, or start it anew: viv start " + name;
    return switch (e) {
      case BadSnapshotException bad ->
          new VivariumException(
              Kind.BAD_FILE, what + " cannot be restored: " + bad.getMessage(), cure, bad);
      case NoSuchFileException gone ->
          new VivariumException(
              Kind.BAD_FILE,
              what + " cannot be restored: its file " + gone.getFile() + " is missing",
              cure,
              gone);
      case IOException io -> Failures.explain(what + " cannot be restored", io);
      default -> throw new IllegalStateException(e);
    };
  }

  private static VivariumException refused(String name, KvmException e) {
    if (!Files.exists(Path.of("/dev/kvm"))) {
      return new VivariumException(
          Kind.HOST,
          "VM '" + name + "' cannot run: this host has no /dev/kvm",
          "'viv doctor' tells how to get it; './viv lab' runs everything in a host that has it.",
          e);
    }
    String hint = e.hint();
    return new VivariumException(
        Kind.HOST,
        "VM '" + name + "' cannot run: " + e.getMessage(),
        hint == null ? "Run 'viv doctor'." : "",
        e);
  }
}
