package io.vivarium.kvm;

import io.vivarium.kvm.abi.KvmConstants;

/**
 * Which writes of a guest an ioeventfd takes.
 *
 * @param pio a port of the I/O space, else guest-physical memory
 * @param length bytes of a write: 1, 2, 4 or 8; 0 takes every length
 * @param matches whether only {@code value} is taken
 * @param value the value, of {@code length} bytes
 */
public record IoAddress(boolean pio, long address, int length, boolean matches, long value) {
  /** Every write of this length to a port. */
  public static IoAddress port(int port, int length) {
    return new IoAddress(true, port, length, false, 0);
  }

  /** Every write of this length to a guest-physical address. */
  public static IoAddress mmio(long address, int length) {
    return new IoAddress(false, address, length, false, 0);
  }

  /** The same place, taking only writes of one value: a queue's number, say. */
  public IoAddress matching(long only) {
    return new IoAddress(pio, address, length, true, only);
  }

  long matchedValue() {
    return matches ? value : 0;
  }

  int flags() {
    return (pio ? KvmConstants.KVM_IOEVENTFD_FLAG_PIO : 0)
        | (matches ? KvmConstants.KVM_IOEVENTFD_FLAG_DATAMATCH : 0);
  }
}
