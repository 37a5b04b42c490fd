package io.vivarium.machine;

/** The host's end of a guest's serial port. */
public interface SerialPort {
  /**
   * Sends bytes to the guest; blocks while more than 64 KiB wait for it, so nothing is lost.
   *
   * @throws InterruptedException when the caller is interrupted, or the machine closed, meanwhile
   */
  void send(byte[] data, int offset, int length) throws InterruptedException;

  /**
   * Returns when all that was sent is in the guest's device, so that what is sent next stands
   * behind little: a few KiB.
   *
   * @throws InterruptedException when the caller is interrupted, or the machine closed, meanwhile
   */
  void flush() throws InterruptedException;

  /**
   * Sets who hears what the guest sends: blocks of bytes in order, from a thread of the port: a
   * listener that is slow stops the guest once 64 KiB wait for it, and loses bytes only while the
   * machine pauses. One listener at a time; a new one replaces the old one.
   */
  void listen(Listener listener);

  /** Hears the guest. */
  interface Listener {
    void received(byte[] data, int offset, int length);
  }
}
