package io.vivarium.devices.virtio;

/** How a transport carries a device's notifications to its driver. Safe from any thread. */
public interface VirtioInterrupts {
  /** Nobody listens. */
  VirtioInterrupts NONE =
      new VirtioInterrupts() {
        @Override
        public void queueUsed(int queue) {}

        @Override
        public void configurationChanged() {}
      };

  /** The device has put buffers into a queue's used ring, and its driver wants to know. */
  void queueUsed(int queue);

  /** The device configuration, or the status (NEEDS_RESET), has changed. */
  void configurationChanged();
}
