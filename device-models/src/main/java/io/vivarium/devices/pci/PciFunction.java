package io.vivarium.devices.pci;

import io.vivarium.devices.bus.BusDevice;
import org.jspecify.annotations.Nullable;

/** A function on the bus, as its host bridge sees it. Safe from any vCPU thread. */
public interface PciFunction {
  /** Reads the configuration space; {@code offset + size <= 256}, size 1, 2 or 4, aligned. */
  long readConfig(int offset, int size);

  void writeConfig(int offset, int size, long value);

  /** The registers behind the memory BAR, or null when there are none. */
  @Nullable BusDevice memory();

  /** Bytes of the memory BAR, a power of two, or 0. */
  long memorySize();

  /** Where the BAR stands while memory decoding is on; -1 else. */
  long memoryAddress();

  /** Sets the address that the function has after a reset, and turns decoding on. */
  void assign(long address);

  /** The bridge shows the registers at this address from now on; -1: nowhere. */
  void mapped(long address);

  /** Called by the function after a write that may have moved its BAR. */
  void onRemap(Runnable remap);
}
