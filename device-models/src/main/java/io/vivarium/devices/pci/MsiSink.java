package io.vivarium.devices.pci;

/**
 * Where message-signalled interrupts go. The simplest is KVM_SIGNAL_MSI in {@link #signal}; with
 * {@link #routed} an assembly may keep a GSI route and an irqfd for each vector. Any thread.
 */
@FunctionalInterface
public interface MsiSink {
  /** Sends a vector's message now. */
  void signal(int vector, long address, int data);

  /** A vector's message or mask has changed, also by restore and reset. */
  default void routed(int vector, long address, int data, boolean masked) {}
}
