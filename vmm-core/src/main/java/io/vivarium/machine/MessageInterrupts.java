package io.vivarium.machine;

import io.vivarium.devices.pci.MsiSink;
import io.vivarium.kvm.KvmException;
import io.vivarium.kvm.KvmVm;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sends message-signalled interrupts by KVM_SIGNAL_MSI: one call, as an irqfd's write would be, but
 * without a route, whose every change makes KVM wait for all vCPUs.
 */
final class MessageInterrupts implements MsiSink {
  private final KvmVm vm;
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();

  MessageInterrupts(KvmVm vm) {
    this.vm = vm;
  }

  @Override
  public void signal(int vector, long address, int data) {
    try {
      vm.signalMsi(address, data);
      sent.incrementAndGet();
    } catch (KvmException e) {
      // A guest may write any address into its table: told once, or it would fill the log.
      if (refused.getAndIncrement() == 0) {
        System.getLogger(MessageInterrupts.class.getName())
            .log(Level.WARNING, "a message interrupt to 0x%x is refused".formatted(address), e);
      }
    }
  }

  long sent() {
    return sent.get();
  }
}
