package io.vivarium.devices.legacy;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.Device;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.bus.BusDevice;

/**
 * A keyboard controller without keyboard and mouse: self-test, command byte, output port, and the
 * reset line (command 0xFE), which is what guests use it for.
 *
 * <p>As {@code absent}, its output buffer always looks full, so that Linux's driver gives up after
 * 16 reads instead of waiting for a keyboard's answers, while a reset still works at once.
 *
 * <p>Wiring: {@code ports.map(0x60, 1, i8042.data())}, {@code ports.map(0x64, 1, i8042.command())}.
 */
public final class I8042 implements Device<I8042.State> {
  /**
   * Saved state.
   *
   * @param pending command that waits for its data byte, or 0
   * @param output byte for the guest, or -1
   */
  public record State(int version, int commandByte, int outputPort, int pending, int output) {}

  private static final int VERSION = 1;
  private static final int STATUS_OUTPUT_FULL = 0x01;
  private static final int STATUS_SYSTEM = 0x04;
  private static final int STATUS_COMMAND = 0x08;
  private static final int STATUS_UNLOCKED = 0x10;

  private final String id;
  private final boolean absent;
  private final GuestEvents events;
  private int commandByte;
  private int outputPort;
  private int pending;
  private int output;

  public I8042(String id, boolean absent, GuestEvents events) {
    this.id = id;
    this.absent = absent;
    this.events = events;
    reset();
  }

  /** Port 0x60. */
  public BusDevice data() {
    return new BusDevice() {
      @Override
      public long read(long offset, int size) {
        return size == 1 ? readData() : -1;
      }

      @Override
      public void write(long offset, int size, long value) {
        if (size == 1) {
          writeData((int) value);
        }
      }
    };
  }

  /** Port 0x64. */
  public BusDevice command() {
    return new BusDevice() {
      @Override
      public long read(long offset, int size) {
        return size == 1 ? readStatus() : -1;
      }

      @Override
      public void write(long offset, int size, long value) {
        if (size == 1) {
          writeCommand((int) value);
        }
      }
    };
  }

  private synchronized int readStatus() {
    if (absent) {
      return STATUS_OUTPUT_FULL;
    }
    return STATUS_SYSTEM
        | STATUS_UNLOCKED
        | (pending != 0 ? STATUS_COMMAND : 0)
        | (output >= 0 ? STATUS_OUTPUT_FULL : 0);
  }

  private synchronized int readData() {
    int value = Math.max(output, 0);
    output = -1;
    return value;
  }

  private void writeCommand(int command) {
    boolean reset;
    synchronized (this) {
      pending = 0;
      // 0xF0 to 0xFF pulse the output port's low bits that are 0; bit 0 is the processor's reset.
      reset = (command & 0xf1) == 0xf0;
      switch (command) {
        case 0x20 -> output = commandByte;
        case 0x60, 0xd1, 0xd2, 0xd3, 0xd4 -> pending = command;
        case 0xa7 -> commandByte |= 0x20;
        case 0xa8 -> commandByte &= ~0x20;
        case 0xa9, 0xab -> output = 0x01; // interface test: clock line stuck low, nothing there
        case 0xaa -> output = 0x55; // self-test passed
        case 0xad -> commandByte |= 0x10;
        case 0xae -> commandByte &= ~0x10;
        case 0xd0 -> output = outputPort;
        default -> {} // unknown commands have no answer
      }
    }
    if (reset) {
      events.resetRequested();
    }
  }

  private void writeData(int value) {
    boolean reset = false;
    synchronized (this) {
      switch (pending) {
        case 0x60 -> commandByte = value & 0x7f;
        case 0xd1 -> {
          outputPort = value;
          reset = (value & 1) == 0;
        }
        case 0xd2 -> output = value;
        default -> {} // to a keyboard or mouse that is not there
      }
      pending = 0;
    }
    if (reset) {
      events.resetRequested();
    }
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public Class<State> stateType() {
    return State.class;
  }

  @Override
  public synchronized State save() {
    return new State(VERSION, commandByte, outputPort, pending, output);
  }

  @Override
  public synchronized void restore(State state) throws BadStateException {
    StateCheck check = new StateCheck(id);
    check.version(state.version, VERSION);
    check.bits("commandByte", state.commandByte, 0x7f);
    check.bits("outputPort", state.outputPort, 0xff);
    check.bits("pending", state.pending, 0xff);
    check.range("output", state.output, -1, 0xff);
    commandByte = state.commandByte;
    outputPort = state.outputPort;
    pending = state.pending;
    output = state.output;
  }

  @Override
  public synchronized void reset() {
    commandByte = 0x74; // both ports off, as firmware leaves it, system flag set
    outputPort = 0x03; // A20 on, no reset
    pending = 0;
    output = -1;
  }

  @Override
  public void pause() {}

  @Override
  public void resume() {}

  @Override
  public void close() {}
}
