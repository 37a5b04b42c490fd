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
   * Opens a saved machine.
   *
   * @param name of its VM, for messages
   * @param files the folder of its state
   * @param layers the folder of its memory layers
   * @param copies how many machines this process may have in the end
   * @throws VivariumException BAD_FILE, naming what is damaged
   */
  Saved open(String name, Path files, Path layers, int copies) throws VivariumException;

  /** What machines go on from. */
  interface Saved extends AutoCloseable {
    /**
     * A machine as it was saved, all of which is checked before this returns.
     *
     * @param devices as when it was booted
     * @throws VivariumException BAD_FILE, naming what is damaged
     */
    VirtualMachine restore(String name, DeviceConfig devices, MachineExit.Listener listener)
        throws VivariumException;

    /** The machines that came from it live on. */
    @Override
    void close();
  }
}
