package io.vivarium.devices.virtio.console;

/**
 * The host's end of a console port. Called by the thread that serves the device's queues, which it
 * must not hold up; it may call the port back.
 */
public interface ConsoleOutput {
  /**
   * The guest sends bytes, in order.
   *
   * @return how many were taken; when fewer than all, the rest is sent again after {@link
   *     ConsolePort#continueOutput}
   */
  int transmit(byte[] data, int offset, int length);

  /** The guest has room again after {@link ConsolePort#offer} took less than all. */
  void room();

  /** A program in the guest has opened or closed its end. */
  default void guestOpen(boolean open) {}
}
