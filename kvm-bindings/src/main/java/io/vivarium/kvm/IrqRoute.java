package io.vivarium.kvm;

/** Where an interrupt number (GSI) leads, {@code struct kvm_irq_routing_entry}. */
public sealed interface IrqRoute {
  int gsi();

  /**
   * To a pin of an in-kernel chip.
   *
   * @param irqchip KVM_IRQCHIP_PIC_MASTER, _PIC_SLAVE or _IOAPIC
   */
  record Irqchip(int gsi, int irqchip, int pin) implements IrqRoute {}

  /**
   * To a local APIC by a message.
   *
   * @param address the message's address, 0xfee00000 and destination
   * @param data vector and delivery mode
   */
  record Msi(int gsi, long address, int data) implements IrqRoute {}
}
