package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.machine.DeviceConfig;
import io.vivarium.machine.MachineConfig;
import io.vivarium.machine.MachineExit;
import io.vivarium.machine.VirtualMachine;
import java.nio.file.Path;

/** Makes machines that do not run yet. {@link KvmMachines} makes the real ones. */
public interface MachineFactory {
  /** A machine ready to boot. */
  VirtualMachine boot(MachineConfig config, MachineExit.Listener listener) throws VivariumException;

  /**
   * A machine as it was saved into {@code files}, all of which is checked before this returns.
   *
   * @param devices as when it was booted
   * @param layers the machine's folder of memory layers
   * @throws VivariumException BAD_FILE, naming what is damaged
   */
  VirtualMachine restore(
      String name, DeviceConfig devices, Path files, Path layers, MachineExit.Listener listener)
      throws VivariumException;
}
