package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.machine.MachineConfig;
import io.vivarium.machine.MachineExit;
import io.vivarium.machine.VirtualMachine;
import java.nio.file.Path;

/** Machines on {@code /dev/kvm}, and their failures in words. */
final class KvmMachines implements MachineFactory {
  @Override
  public VirtualMachine boot(MachineConfig config, MachineExit.Listener listener)
      throws VivariumException {
    throw new VivariumException(Kind.INTERNAL, "the monitor is not built in yet", "");
  }

  @Override
  public VirtualMachine restore(String name, Path files, MachineExit.Listener listener)
      throws VivariumException {
    throw new VivariumException(Kind.INTERNAL, "the monitor is not built in yet", "");
  }
}
