package io.vivarium.devices.legacy;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.Device;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.bus.BusDevice;

/**
 * The chipset's reset control register (Intel ICH9, RST_CNT): a rising bit 2 resets the machine.
 *
 * <p>Wiring: {@code ports.map(0xcf9, 1, reset)}, or {@code mapWithin} where PCI's configuration
 * address port is around it. FADT: RESET_REG 0xCF9, RESET_VALUE 0x0F.
 */
public final class ResetPort implements Device<ResetPort.State>, BusDevice {
  /** Saved state. */
  public record State(int version, int value) {}

  private static final int VERSION = 1;
  private static final int RESET_CPU = 0x04;
  private static final int WRITABLE = 0x0a;

  private final String id;
  private final GuestEvents events;
  private int value;

  public ResetPort(String id, GuestEvents events) {
    this.id = id;
    this.events = events;
  }

  @Override
  public synchronized long read(long offset, int size) {
    return size == 1 ? value : -1;
  }

  @Override
  public void write(long offset, int size, long newValue) {
    if (size != 1) {
      return;
    }
    synchronized (this) {
      value = (int) newValue & WRITABLE;
    }
    if ((newValue & RESET_CPU) != 0) {
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
    return new State(VERSION, value);
  }

  @Override
  public synchronized void restore(State state) throws BadStateException {
    StateCheck check = new StateCheck(id);
    check.version(state.version, VERSION);
    check.bits("value", state.value, WRITABLE);
    value = state.value;
  }

  @Override
  public synchronized void reset() {
    value = 0;
  }

  @Override
  public void pause() {}

  @Override
  public void resume() {}

  @Override
  public void close() {}
}
