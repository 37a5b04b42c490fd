package io.vivarium.devices.virtio.block;

import java.io.IOException;

/** What a block device tells its machine. From any thread; must not block, nor pause the device. */
public interface BlockEvents {
  /** Nobody listens. */
  BlockEvents NONE =
      new BlockEvents() {
        @Override
        public void failed(String device, IOException cause) {}

        @Override
        public void outOfSpace(String device) {}
      };

  /** A request failed on the host; the guest was told of an I/O error. */
  void failed(String device, IOException cause);

  /**
   * The host's disk is full. The request waits in the device and is tried again by the next {@code
   * resume}: the machine pauses, tells its user, and goes on when there is room.
   */
  void outOfSpace(String device);
}
