package io.vivarium.machine;

import io.vivarium.devices.bus.PortBus;
import io.vivarium.kvm.CoalescedWrites;

/**
 * The bytes that a guest sends on its console, which KVM keeps back so that only the guest's look
 * at the line status, and not every byte, leaves the kernel. They reach the device before whatever
 * leaves the guest next is answered, so the device sees the guest's accesses in their order.
 *
 * <p>A guest that polls or takes interrupts does leave soon. For one that sends and then sleeps, a
 * thread looks from time to time.
 */
final class CoalescedConsole implements AutoCloseable {
  /** Few enough looks for a thousand machines at once. */
  private static final long LATEST_MILLIS = 250;

  private final CoalescedWrites writes;
  private final PortBus ports;
  private boolean closed;

  CoalescedConsole(String name, CoalescedWrites writes, PortBus ports) {
    this.writes = writes;
    this.ports = ports;
    Thread.ofPlatform().daemon().name(name + "-console").start(this::drainLate);
  }

  /** On return, all that any vCPU has sent before is in the device. From any thread. */
  void drain() {
    if (!writes.isEmpty()) {
      drainSome();
    }
  }

  private synchronized void drainSome() {
    if (!closed) {
      writes.drain(ports::write);
    }
  }

  private synchronized void drainLate() {
    try {
      while (!closed) {
        wait(LATEST_MILLIS);
        drainSome();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes what is left. To be called while the vCPUs stand still and before they are closed. */
  @Override
  public synchronized void close() {
    drainSome();
    closed = true;
    notifyAll();
  }
}
