package io.vivarium.devices.irq;

/** One interrupt input of the machine, as a device sees it. Safe to call from any thread. */
@FunctionalInterface
public interface IrqLine {
  /** Drives the line: true asserts, false deasserts. Driving the same level twice is harmless. */
  void set(boolean high);

  /** An edge: up and down again, as ISA devices and message-signalled interrupts want it. */
  default void pulse() {
    set(true);
    set(false);
  }
}
