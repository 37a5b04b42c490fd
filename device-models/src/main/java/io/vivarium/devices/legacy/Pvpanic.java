package io.vivarium.devices.legacy;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.Device;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.bus.BusDevice;

/**
 * By this port a guest's kernel tells that it has panicked (QEMU docs/specs/pvpanic).
 *
 * <p>Wiring: {@code ports.map(0x505, 1, pvpanic)}; DSDT device {@code QEMU0001} with that port.
 */
public final class Pvpanic implements Device<Pvpanic.State>, BusDevice {
  /** Saved state: there is none. */
  public record State(int version) {}

  private static final int VERSION = 1;
  private static final int PANICKED = 0x01;
  private static final int CRASH_LOADED = 0x02;

  private final String id;
  private final GuestEvents events;

  public Pvpanic(String id, GuestEvents events) {
    this.id = id;
    this.events = events;
  }

  @Override
  public long read(long offset, int size) {
    return size == 1 ? PANICKED | CRASH_LOADED : -1;
  }

  @Override
  public void write(long offset, int size, long value) {
    if (size == 1 && (value & PANICKED) != 0) {
      events.panicked();
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
  public State save() {
    return new State(VERSION);
  }

  @Override
  public void restore(State state) throws BadStateException {
    new StateCheck(id).version(state.version, VERSION);
  }

  @Override
  public void reset() {}

  @Override
  public void pause() {}

  @Override
  public void resume() {}

  @Override
  public void close() {}
}
