package io.vivarium.devices.virtio;

/**
 * A driver broke the rules of its queues or its device; the message says how. The device answers
 * with NEEDS_RESET (virtio 1.2, 2.1.1); it is never a fault of the host.
 */
public final class GuestFaultException extends Exception {
  public GuestFaultException(String message) {
    super(message, null, false, false); // thrown at a guest's will: costs no stack trace
  }
}
