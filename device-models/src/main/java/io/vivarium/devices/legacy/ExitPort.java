package io.vivarium.devices.legacy;

import io.vivarium.devices.bus.BusDevice;

/**
 * A port by which a test guest ends its run with a code, as QEMU's {@code isa-debug-exit}. It has
 * no state. Wiring: {@code ports.map(0xf4, 4, exitPort)}, for bench and test guests only.
 */
public final class ExitPort implements BusDevice {
  private final GuestEvents events;

  public ExitPort(GuestEvents events) {
    this.events = events;
  }

  @Override
  public long read(long offset, int size) {
    return 0;
  }

  @Override
  public void write(long offset, int size, long value) {
    events.exitRequested((int) value);
  }
}
