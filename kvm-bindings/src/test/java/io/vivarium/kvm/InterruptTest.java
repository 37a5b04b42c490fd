package io.vivarium.kvm;

import static io.vivarium.kvm.abi.KvmConstants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.EventFd;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Interrupts into the guest and kicks out of it, through the kernel. */
@Tag("kvm")
class InterruptTest {
  /** Sets up the master PIC (vector base 0x20), then enables interrupts and waits in HLT. */
  private static final int[] WAIT_FOR_INTERRUPTS = {
    0xb0,
    0x11,
    0xe6,
    0x20, // mov al,0x11; out 0x20,al
    0xb0,
    0x20,
    0xe6,
    0x21, // mov al,0x20; out 0x21,al
    0xb0,
    0x04,
    0xe6,
    0x21, // mov al,4; out 0x21,al
    0xb0,
    0x01,
    0xe6,
    0x21, // mov al,1; out 0x21,al
    0xb0,
    0x00,
    0xe6,
    0x21, // mov al,0; out 0x21,al
    0xe6,
    0x80, // out 0x80,al: ready
    0xfb,
    0xf4,
    0xeb,
    0xfc // sti; hlt; jmp sti
  };

  private static final int HANDLER = 0x2000;

  /** A guest whose interrupt handler for PIC line {@code irq} writes to port 0x10. */
  private static TestGuest guestThatReports(int irq) throws ErrnoException {
    TestGuest guest = TestGuest.withIrqchip(WAIT_FOR_INTERRUPTS);
    // out 0x10,al; mov al,0x20; out 0x20,al (end of interrupt); iret
    guest.load(HANDLER, 0xe6, 0x10, 0xb0, 0x20, 0xe6, 0x20, 0xcf);
    guest.memory.segment().set(ValueLayout.JAVA_INT, (0x20L + irq) * 4, HANDLER);
    assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_IO);
    assertThat(guest.vcpu.runPage().ioPort()).isEqualTo(0x80);
    return guest;
  }

  private static void expectReport(TestGuest guest) throws KvmException {
    assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_IO);
    assertThat(guest.vcpu.runPage().exit()).isEqualTo(new Exit.Io(true, 0x10, 1, 1));
  }

  @Test
  void anInterruptLineReachesTheHandler() throws Exception {
    try (TestGuest guest = guestThatReports(4)) {
      for (int i = 0; i < 3; i++) {
        guest.vm.irqLine(4, true);
        guest.vm.irqLine(4, false);
        expectReport(guest);
      }
    }
  }

  @Test
  void anIrqfdReachesTheHandler() throws Exception {
    try (TestGuest guest = guestThatReports(5);
        EventFd event = EventFd.nonBlocking()) {
      guest.vm.assignIrqfd(event, 5, null);
      for (int i = 0; i < 3; i++) {
        event.signal();
        expectReport(guest);
      }
      guest.vm.deassignIrqfd(event, 5);
      event.signal();
      assertThat(event.take()).isEqualTo(1); // nobody takes it any more
    }
  }

  @Test
  void theEndOfALevelInterruptSignalsTheResampleEvent() throws Exception {
    try (TestGuest guest = guestThatReports(5);
        EventFd event = EventFd.nonBlocking();
        EventFd resample = EventFd.nonBlocking()) {
      // out 0x10,al; mov al,0x20; out 0x20,al (end of interrupt); out 0x11,al; iret
      guest.load(HANDLER, 0xe6, 0x10, 0xb0, 0x20, 0xe6, 0x20, 0xe6, 0x11, 0xcf);
      guest.vm.assignIrqfd(event, 5, resample);
      event.signal();
      expectReport(guest);
      assertThat(resample.take()).isZero();
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_IO);
      assertThat(guest.vcpu.runPage().ioPort()).isEqualTo(0x11);
      assertThat(resample.take()).isEqualTo(1);
    }
  }

  @Test
  void routesLeadWhereTheyAreToldTo() throws Exception {
    try (TestGuest guest = guestThatReports(3)) {
      guest.vm.setGsiRouting(
          List.of(
              new IrqRoute.Irqchip(7, KVM_IRQCHIP_PIC_MASTER, 3),
              new IrqRoute.Msi(100, 0xfee0_0000L, 0x31)));
      guest.vm.irqLine(7, true);
      guest.vm.irqLine(7, false);
      expectReport(guest);
    }
  }

  @Test
  void messagesAndIrqfdsOnMessageRoutesReachTheLocalApic() throws Exception {
    // sti; hlt; jmp
    try (TestGuest guest = TestGuest.withIrqchip(0xfb, 0xf4, 0xeb, 0xfc);
        EventFd event = EventFd.nonBlocking()) {
      guest.load(HANDLER, 0xe6, 0x10, 0xf4); // out 0x10,al; hlt
      guest.memory.segment().set(ValueLayout.JAVA_INT, 0x31L * 4, HANDLER);
      byte[] lapic = guest.vcpu.getLapic();
      lapic[0xf1] |= 1; // SVR: the APIC is on
      guest.vcpu.setLapic(lapic);

      assertThat(guest.vm.signalMsi(0xfee0_0000L, 0x31)).isTrue();
      expectReport(guest);

      guest.vm.setGsiRouting(List.of(new IrqRoute.Msi(100, 0xfee0_0000L, 0x41)));
      guest.vm.assignIrqfd(event, 100, null);
      guest.memory.segment().set(ValueLayout.JAVA_INT, 0x41L * 4, HANDLER);
      guest.load(HANDLER + 2, 0xfb, 0xf4); // sti; hlt: a higher vector interrupts the handler
      event.signal();
      expectReport(guest);
    }
  }

  @Test
  void ioeventfdsTakeTheWritesThatMatch() throws Exception {
    // mov ax,2; out 0x40,ax; mov ax,3; out 0x40,ax; out 0x44,al; hlt
    try (TestGuest guest =
            TestGuest.plain(
                0xb8, 0x02, 0x00, 0xe7, 0x40, 0xb8, 0x03, 0x00, 0xe7, 0x40, 0xe6, 0x44, 0xf4);
        EventFd two = EventFd.nonBlocking();
        EventFd every = EventFd.nonBlocking()) {
      guest.vm.assignIoeventfd(two, IoAddress.port(0x40, 2).matching(2));
      guest.vm.assignIoeventfd(every, IoAddress.port(0x44, 1));

      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_IO); // the 3 is nobody's
      assertThat(guest.vcpu.runPage().ioValue(0)).isEqualTo(3);
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_HLT);
      assertThat(two.take()).isEqualTo(1);
      assertThat(every.take()).isEqualTo(1);
      guest.vm.deassignIoeventfd(two, IoAddress.port(0x40, 2).matching(2));
    }
  }

  @Test
  void ioeventfdsTakeMemoryWritesOfAnyLength() throws Exception {
    // mov ax,0x2000; mov ds,ax; mov [0x10],al; mov [0x10],ax; hlt
    try (TestGuest guest =
            TestGuest.plain(
                0xb8, 0x00, 0x20, 0x8e, 0xd8, 0xa2, 0x10, 0x00, 0xa3, 0x10, 0x00, 0xf4);
        EventFd event = EventFd.nonBlocking()) {
      guest.vm.assignIoeventfd(event, IoAddress.mmio(0x20010, 0));

      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_HLT);
      assertThat(event.take()).isEqualTo(2);
    }
  }

  @Test
  void interruptsAreQueuedByHandWithoutAChip() throws Exception {
    // sti; nop; hlt
    try (TestGuest guest = TestGuest.plain(0xfb, 0x90, 0xf4)) {
      guest.load(HANDLER, 0xe6, 0x10, 0xf4);
      guest.memory.segment().set(ValueLayout.JAVA_INT, 0x30L * 4, HANDLER);
      guest.vcpu.runPage().setRequestInterruptWindow(true);
      // Hardware tells of the window; an interpreting KVM may run on to the HLT first.
      assertThat(guest.vcpu.run()).isIn(KVM_EXIT_IRQ_WINDOW_OPEN, KVM_EXIT_HLT);
      assertThat(guest.vcpu.runPage().readyForInterruptInjection()).isTrue();
      assertThat(guest.vcpu.runPage().ifFlag()).isTrue();
      guest.vcpu.runPage().setRequestInterruptWindow(false);
      guest.vcpu.interrupt(0x30);
      expectReport(guest);
    }
  }
}
