package io.vivarium.devices.bus;

/**
 * Registers that a guest reads and writes through port or memory-mapped I/O.
 *
 * <p>The bus guarantees {@code 0 <= offset}, {@code offset + size <= length of the mapped range}
 * and {@code size} in {1, 2, 4, 8} (ports: 1, 2, 4). It does not guarantee alignment: a device
 * answers an access that it does not define with all bits set, and ignores such a write. Neither
 * method may block or throw: whatever the guest writes is data.
 *
 * <p>Calls come from any vCPU thread, possibly several at once: a device guards its own state.
 */
public interface BusDevice {
  /** The value at {@code offset}, in the low {@code size} bytes. */
  long read(long offset, int size);

  /** Takes {@code value}, whose bits above {@code size} bytes are zero. */
  void write(long offset, int size, long value);
}
