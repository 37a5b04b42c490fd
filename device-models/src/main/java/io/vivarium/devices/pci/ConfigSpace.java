package io.vivarium.devices.pci;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.StateCheck;
import java.util.Arrays;

/**
 * The 256 bytes of a PCI function's configuration space (PCI Local Bus 3.0, chapter 6): what they
 * hold, and which bits the guest may change. Not safe for several threads; its owner guards it.
 */
final class ConfigSpace {
  static final int SIZE = 256;
  static final int COMMAND = 0x04;
  static final int BAR0 = 0x10;
  static final int COMMAND_MEMORY = 0x0002;
  static final int COMMAND_INTX_OFF = 0x0400;

  private static final int STATUS = 0x06;
  private static final int STATUS_CAPABILITIES = 0x10;
  private static final int CAPABILITIES = 0x34;
  private static final int FIRST_CAPABILITY = 0x40;
  private static final int COMMAND_MASK = 0x0547;

  private final byte[] data = new byte[SIZE];
  private final byte[] writable = new byte[SIZE];
  private byte[] initial = data;
  private int nextCapability = FIRST_CAPABILITY;
  private int lastLink = CAPABILITIES;

  /**
   * @param classCode class, subclass and interface, 24 bits
   */
  ConfigSpace(int vendor, int device, int revision, int classCode, int subsystem) {
    set(0x00, 2, vendor);
    set(0x02, 2, device);
    set(0x08, 1, revision);
    set(0x09, 2, classCode);
    set(0x0b, 1, classCode >> 16);
    set(0x2c, 2, vendor);
    set(0x2e, 2, subsystem);
    setWritable(COMMAND, 2, COMMAND_MASK);
    setWritable(0x0c, 2, 0xffff); // cache line size, latency timer
    setWritable(0x3c, 1, 0xff); // interrupt line
  }

  /** Interrupt pin, 1 for INTA#. */
  void setInterruptPin(int pin) {
    set(0x3d, 1, pin);
  }

  /** Registers 0 and 1 become a 64-bit memory range of this size, a power of two, at least 16. */
  void addMemoryBar(long size) {
    set(BAR0, 4, 0x4); // memory, 64-bit, not prefetchable
    setWritable(BAR0, 8, -size);
  }

  /**
   * Appends a capability.
   *
   * @param body what follows its id and next pointer
   * @param bodyWritable which bits of the body the guest may change; shorter means none
   * @return its offset
   */
  int addCapability(int id, byte[] body, byte[] bodyWritable) {
    int at = nextCapability;
    set(STATUS, 1, STATUS_CAPABILITIES);
    set(lastLink, 1, at);
    set(at, 1, id);
    System.arraycopy(body, 0, data, at + 2, body.length);
    System.arraycopy(bodyWritable, 0, writable, at + 2, bodyWritable.length);
    lastLink = at + 1;
    nextCapability = (at + 2 + body.length + 3) & ~3;
    return at;
  }

  /** What stands now is what {@link #reset} goes back to. */
  void seal() {
    initial = data.clone();
  }

  void reset() {
    System.arraycopy(initial, 0, data, 0, SIZE);
  }

  /** Little-endian, any offset and size within the space. */
  long get(int offset, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (data[offset + i] & 0xffL) << (8 * i);
    }
    return value;
  }

  /** Sets bits whatever the guest may do. */
  void set(int offset, int size, long value) {
    for (int i = 0; i < size; i++) {
      data[offset + i] = (byte) (value >>> (8 * i));
    }
  }

  /** A guest's write: changes only what it may. */
  void write(int offset, int size, long value) {
    for (int i = 0; i < size; i++) {
      int mask = writable[offset + i];
      int old = data[offset + i] & ~mask;
      data[offset + i] = (byte) (old | ((int) (value >>> (8 * i)) & mask));
    }
  }

  private void setWritable(int offset, int size, long mask) {
    for (int i = 0; i < size; i++) {
      writable[offset + i] = (byte) (mask >>> (8 * i));
    }
  }

  boolean memoryEnabled() {
    return (get(COMMAND, 2) & COMMAND_MEMORY) != 0;
  }

  long memoryBar() {
    return get(BAR0, 8) & ~0xfL;
  }

  byte[] save() {
    return data.clone();
  }

  /** Refuses a state that differs in bits that no guest could have changed. */
  void check(StateCheck check, byte[] state) throws BadStateException {
    check.exactly("config", state, SIZE);
    for (int i = 0; i < SIZE; i++) {
      check.bits("config byte %d".formatted(i), (state[i] ^ initial[i]) & 0xff, writable[i] & 0xff);
    }
  }

  void restore(byte[] state) {
    System.arraycopy(Arrays.copyOf(state, SIZE), 0, data, 0, SIZE);
  }
}
