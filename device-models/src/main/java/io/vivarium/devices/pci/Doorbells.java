package io.vivarium.devices.pci;

/**
 * Lets kicks reach a device without an exit: the assembly makes an ioeventfd of each doorbell and
 * calls {@code device.core().notifyQueue(queue)} from a thread of its own when it rings. A doorbell
 * that is not bound works too, by an exit and in the vCPU's thread.
 */
public interface Doorbells {
  /** No ioeventfds. */
  Doorbells NONE =
      new Doorbells() {
        @Override
        public void bind(long address, int queue) {}

        @Override
        public void unbind(long address, int queue) {}
      };

  /** Writes of 2 bytes, of any value, to this guest-physical address kick the queue. */
  void bind(long address, int queue);

  void unbind(long address, int queue);
}
