package io.vivarium.devices.memory;

/** A guest-physical range that is not RAM whole. What the guest did, never a fault of the host. */
public final class GuestAddressException extends RuntimeException {
  public GuestAddressException(long address, long length) {
    super("guest-physical range 0x%x, %d bytes, is not RAM".formatted(address, length));
  }
}
