package io.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;

/**
 * Where a network device's frames go. Called by the thread that serves the device's queues, which
 * it must not hold up.
 */
public interface NetEndpoint {
  /** What a frame may look like, both ways. */
  enum Framing {
    /** Ethernet frames of at most the MTU. */
    PLAIN,
    /** Ethernet frames whose IP packets may have up to 65,535 bytes: passt, a link between VMs. */
    LARGE,
    /** The same after a {@code virtio_net_hdr} of 12 bytes: a tap with IFF_VNET_HDR. */
    VNET_HEADER
  }

  Framing framing();

  /**
   * The guest sends a frame; the buffer is direct and valid during the call only.
   *
   * @return false when it cannot be taken now: it is sent again after {@link
   *     VirtioNet#continueSending}
   */
  boolean send(ByteBuffer frame);

  /** The guest has room again after {@link VirtioNet#receive} returned false. */
  void room();

  /** What the guest's driver can receive, for TUNSETOFFLOAD; before the first frame. */
  default void negotiated(boolean checksum, boolean tso4, boolean tso6) {}
}
