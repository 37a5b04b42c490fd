package io.vivarium.devices.virtio.vsock;

/** The host's side of a {@link VirtioVsock}. Called under queue locks: must not block. */
interface VsockPeer {
  /**
   * The guest sends a packet.
   *
   * @return false when too much waits: sent again after {@link VirtioVsock#continueSending}
   */
  boolean packet(VsockHeader header, byte[] payload);

  /** The guest may have room for packets. */
  void room();

  /** All connections are gone: the driver has reset the device. */
  void reset();
}
