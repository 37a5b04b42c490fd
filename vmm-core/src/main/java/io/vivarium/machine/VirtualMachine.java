package io.vivarium.machine;

import java.io.IOException;
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
   * Begins to save the machine, which may run: returns when most of its memory is written.
   *
   * @param layers the machine's folder of memory layers, {@code machines/<name>/memory}; it is
   *     there
   * @param beside a file of that folder that is not there yet, in which the new layer grows
   */
  Saving startSaving(Path layers, Path beside) throws IOException;

  /** A save under way. */
  interface Saving extends AutoCloseable {
    /** How long the machine stood still when the save began, in nanoseconds. */
    long pausedNanos();

    /** Takes the rest of the memory, device and vCPU state. The machine must be paused. */
    void finish() throws IOException;

    /**
     * Makes all durable, after {@link #finish}; the machine may run again.
     *
     * @param folder of the state and the memory's map, which exists and is empty
     */
    void seal(Path folder) throws IOException;

    /** Gives the memory layer its name; the folder gets its own after this. */
    void name() throws IOException;

    /** Ends the save. What has no name is gone. */
    @Override
    void close();
  }

  /** Nanoseconds of host CPU time of all vCPU threads. */
  long cpuNanos();

  /** Counters by name ("exit.io", "assist.clac", "uart.com1.tx"), for {@code viv inspect}. */
  SortedMap<String, Long> counters();

  /** Ends vCPUs and devices and releases everything. Takes at most 100 ms. */
  @Override
  void close();
}
