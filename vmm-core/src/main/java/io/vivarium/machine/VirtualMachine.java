package io.vivarium.machine;

import java.nio.file.Path;
import java.util.SortedMap;

/**
 * A machine in this process, as the engine drives it. {@code KvmMachine} is the real one.
 *
 * <p>A machine is made booted-but-not-running or restored-but-not-running; {@link #resume} lets its
 * vCPUs run. All methods are safe to call from any thread.
 */
public interface VirtualMachine extends AutoCloseable {
  /** Lets the vCPUs run. */
  void resume();

  /** Returns, within 100 ms, when no vCPU runs and no device touches memory. */
  void pause();

  boolean paused();

  /**
   * Of a machine that was restored and has not run since: lets its clock stand where it was saved,
   * for a guest that is told the time as soon as it runs. Returns false, and changes nothing, where
   * the guest's clock is right anyway at little cost.
   */
  default boolean holdClock() {
    return false;
  }

  /** Presses the ACPI power button. */
  void powerButton();

  /**
   * Serial port COM1 (0) to COM4 (3): 0 the console, 1 the agent's channel, 2 its standard error.
   */
  SerialPort serial(int index);

  /** The virtio devices that it was made with. */
  default MachineDevices devices() {
    return NoDevices.INSTANCE;
  }

  /**
   * Writes memory, device and vCPU state into a folder, which exists and is empty. The machine must
   * be paused. Returns when the bytes are handed to the kernel; {@code SavedMachine.sync} makes
   * them durable, which may happen after the machine runs again.
   */
  SavedMachine save(Path folder) throws java.io.IOException;

  /** The files of a save, of which nothing depends on the running machine any more. */
  interface SavedMachine {
    /** Makes all files durable and writes the checksums; the folder's name is the caller's. */
    void sync() throws java.io.IOException;
  }

  /** Nanoseconds of host CPU time of all vCPU threads. */
  long cpuNanos();

  /** Counters by name ("exit.io", "assist.clac", "uart.com1.tx"), for {@code viv inspect}. */
  SortedMap<String, Long> counters();

  /** Ends vCPUs and devices and releases everything. Takes at most 100 ms. */
  @Override
  void close();
}
