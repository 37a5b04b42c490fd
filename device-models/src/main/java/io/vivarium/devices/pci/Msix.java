package io.vivarium.devices.pci;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.StateCheck;

/**
 * An MSI-X table and its pending bits (PCI Local Bus 3.0, 6.8.2). Entries that the guest masks
 * collect a pending bit and fire when they are unmasked. Safe from any thread.
 */
public final class Msix {
  static final int ENTRY_SIZE = 16;

  /** Saved state; the enable and mask bits are in the configuration space. */
  @SuppressWarnings("ArrayRecordComponent") // a snapshot: made once, never changed
  public record State(byte[] table, byte[] pending) {}

  private static final int CONTROL_AT = 12;

  private final int count;
  private final MsiSink sink;
  private final byte[] table;
  private final byte[] pending;
  private boolean enabled;
  private boolean functionMasked;

  Msix(int count, MsiSink sink) {
    this.count = count;
    this.sink = sink;
    this.table = new byte[count * ENTRY_SIZE];
    this.pending = new byte[(count + 63) / 64 * 8];
    maskAll();
  }

  int count() {
    return count;
  }

  synchronized boolean enabled() {
    return enabled;
  }

  /** The capability's message control has changed. */
  synchronized void control(boolean enable, boolean maskFunction) {
    enabled = enable;
    functionMasked = maskFunction;
    for (int vector = 0; vector < count; vector++) {
      routed(vector);
    }
  }

  /** Raises an interrupt; a vector that is not there (0xFFFF: none) raises nothing. */
  synchronized void trigger(int vector) {
    if (vector < 0 || vector >= count || !enabled) {
      return;
    }
    if (masked(vector)) {
      pending[vector >> 3] |= (byte) (1 << (vector & 7));
    } else {
      sink.signal(vector, address(vector), data(vector));
    }
  }

  synchronized long readTable(long offset, int size) {
    return aligned(offset, size) && offset + size <= table.length ? get(table, offset, size) : -1;
  }

  synchronized void writeTable(long offset, int size, long value) {
    if (!aligned(offset, size) || offset + size > table.length) {
      return;
    }
    int vector = (int) (offset / ENTRY_SIZE);
    for (int i = 0; i < size; i++) {
      table[(int) offset + i] = (byte) (value >>> (8 * i));
    }
    int control = vector * ENTRY_SIZE + CONTROL_AT;
    table[control] &= 1; // the other bits are reserved
    table[control + 1] = 0;
    table[control + 2] = 0;
    table[control + 3] = 0;
    routed(vector);
  }

  synchronized long readPending(long offset, int size) {
    return aligned(offset, size) && offset + size <= pending.length
        ? get(pending, offset, size)
        : -1;
  }

  private void routed(int vector) {
    boolean masked = masked(vector);
    sink.routed(vector, address(vector), data(vector), masked || !enabled);
    int bit = 1 << (vector & 7);
    if (enabled && !masked && (pending[vector >> 3] & bit) != 0) {
      pending[vector >> 3] &= (byte) ~bit;
      sink.signal(vector, address(vector), data(vector));
    }
  }

  private boolean masked(int vector) {
    return functionMasked || (table[vector * ENTRY_SIZE + CONTROL_AT] & 1) != 0;
  }

  private long address(int vector) {
    return get(table, (long) vector * ENTRY_SIZE, 8);
  }

  private int data(int vector) {
    return (int) get(table, (long) vector * ENTRY_SIZE + 8, 4);
  }

  /** Only whole doublewords and quadwords are defined (6.8.2). */
  private static boolean aligned(long offset, int size) {
    return (size == 4 || size == 8) && offset >= 0 && offset % size == 0;
  }

  private static long get(byte[] bytes, long offset, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (bytes[(int) offset + i] & 0xffL) << (8 * i);
    }
    return value;
  }

  private void maskAll() {
    for (int vector = 0; vector < count; vector++) {
      table[vector * ENTRY_SIZE + CONTROL_AT] = 1;
    }
  }

  synchronized State save() {
    return new State(table.clone(), pending.clone());
  }

  void check(StateCheck check, State state) throws BadStateException {
    check.present("msix", state);
    check.exactly("msix.table", state.table, table.length);
    check.exactly("msix.pending", state.pending, pending.length);
    for (int vector = 0; vector < count; vector++) {
      int at = vector * ENTRY_SIZE + CONTROL_AT;
      check.bits("msix.table control", get(state.table, at, 4), 1);
    }
    for (int vector = count; vector < 8 * pending.length; vector++) {
      boolean set = (state.pending[vector >> 3] & (1 << (vector & 7))) != 0;
      check.that(!set, "msix.pending has a vector that is not there");
    }
  }

  /** Takes a checked state; {@link #control} is called next. */
  synchronized void restore(State state) {
    enabled = false;
    System.arraycopy(state.table, 0, table, 0, table.length);
    System.arraycopy(state.pending, 0, pending, 0, pending.length);
  }

  synchronized void reset() {
    enabled = false;
    functionMasked = false;
    java.util.Arrays.fill(table, (byte) 0);
    java.util.Arrays.fill(pending, (byte) 0);
    maskAll();
    for (int vector = 0; vector < count; vector++) {
      routed(vector);
    }
  }
}
