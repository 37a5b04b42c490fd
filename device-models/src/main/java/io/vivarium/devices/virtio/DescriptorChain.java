package io.vivarium.devices.virtio;

import java.lang.foreign.MemorySegment;

/**
 * A descriptor chain, taken from the available ring: what the driver lends the device for one
 * request. All its ranges lay in RAM when it was parsed, and every descriptor was read once, so
 * nothing that the guest writes into its table later matters.
 */
public final class DescriptorChain {
  private final int head;
  private final MemorySegment[] parts;
  private final int readable;
  private final int count;

  /** The first {@code readable} of {@code count} parts are the device's to read. */
  DescriptorChain(int head, MemorySegment[] parts, int readable, int count) {
    this.head = head;
    this.parts = parts;
    this.readable = readable;
    this.count = count;
  }

  /** Index of the first descriptor: the chain's name in the used ring. */
  public int head() {
    return head;
  }

  /** What the driver wrote; each call starts at the beginning. */
  public GuestBuffer readable() {
    return readable == 0 ? GuestBuffer.EMPTY : new GuestBuffer(parts, 0, readable);
  }

  /** What the device may write; each call starts at the beginning. */
  public GuestBuffer writable() {
    return readable == count ? GuestBuffer.EMPTY : new GuestBuffer(parts, readable, count);
  }
}
