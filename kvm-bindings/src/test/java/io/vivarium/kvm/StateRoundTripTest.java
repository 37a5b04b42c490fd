package io.vivarium.kvm;

import static io.vivarium.kvm.abi.KvmConstants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.kvm.abi.KvmCaps;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Each kind of state, read from one VM, set in another and read back. */
@Tag("kvm")
class StateRoundTripTest {
  private static final int MSR_STAR = 0xc000_0081;
  private static final int MSR_LSTAR = 0xc000_0082;

  @Test
  void capabilitiesThatEveryMachineNeedsAreThere() throws Exception {
    TestGuest.assumeKvm();
    try (Kvm kvm = Kvm.open()) {
      assertThat(kvm.apiVersion()).isEqualTo(12);
      assertThat(kvm.checkExtension(KvmCaps.KVM_CAP_IMMEDIATE_EXIT)).isPositive();
      assertThat(kvm.checkExtension(KvmCaps.KVM_CAP_SYNC_REGS)).isEqualTo(7);
      assertThat(kvm.vcpuMmapSize()).isGreaterThanOrEqualTo(4096);
      assertThat(kvm.msrIndexList()).contains(MSR_STAR, MSR_LSTAR);
      for (int index : kvm.msrFeatureIndexList()) {
        kvm.featureMsr(index);
      }
    }
  }

  @Test
  void cpuidIsTakenAndGivenBack() throws Exception {
    try (TestGuest guest = TestGuest.withIrqchip()) {
      List<KvmCpuidEntry2> supported = guest.kvm.supportedCpuid();
      assertThat(supported).anyMatch(leaf -> leaf.function() == 0 && leaf.ebx() != 0);
      guest.vcpu.setCpuid2(supported);
      assertThat(guest.vcpu.getCpuid2()).hasSameSizeAs(supported);
    }
  }

  @Test
  void vcpuStateMovesToAnotherVm() throws Exception {
    try (TestGuest from = TestGuest.withIrqchip(0xf4);
        TestGuest to = TestGuest.withIrqchip(0xf4)) {
      from.vcpu.setCpuid2(from.kvm.supportedCpuid());
      to.vcpu.setCpuid2(to.kvm.supportedCpuid());
      byte[] lapic = from.vcpu.getLapic();
      lapic[0x350] = 0x31; // LVT LINT0: vector 0x31, not masked
      lapic[0x352] = 0;
      from.vcpu.setLapic(lapic);
      from.vcpu.setMsrs(List.of(new KvmMsrEntry(MSR_LSTAR, 0xffff_8000_1234_5678L)));
      byte[] xsave = from.vcpu.getXsave();
      xsave[160] = 0x5a; // XMM0
      xsave[512] |= 3; // XSTATE_BV: x87 and SSE are there
      from.vcpu.setXsave(xsave);

      to.vcpu.setXcrs(from.vcpu.getXcrs());
      to.vcpu.setXsave(from.vcpu.getXsave());
      to.vcpu.setLapic(from.vcpu.getLapic());
      to.vcpu.setDebugregs(from.vcpu.getDebugregs());
      to.vcpu.setMpState(KVM_MP_STATE_HALTED);
      to.vcpu.setMsrs(from.vcpu.getMsrs(MSR_STAR, MSR_LSTAR));

      assertThat(to.vcpu.getXcrs()).isEqualTo(from.vcpu.getXcrs());
      assertThat(to.vcpu.getXsave()[160]).isEqualTo((byte) 0x5a);
      assertThat(to.vcpu.getXsave()).hasSize(to.vcpu.xsaveSize());
      assertThat(to.vcpu.getFpu()).isEqualTo(from.vcpu.getFpu());
      assertThat(to.vcpu.getLapic()).isEqualTo(from.vcpu.getLapic());
      assertThat(to.vcpu.getDebugregs()).isEqualTo(from.vcpu.getDebugregs());
      assertThat(to.vcpu.getMpState()).isEqualTo(KVM_MP_STATE_HALTED);
      assertThat(to.vcpu.getMsrs(MSR_LSTAR).getFirst().data()).isEqualTo(0xffff_8000_1234_5678L);
    }
  }

  @Test
  void registersAndEventsMoveAsBytes() throws Exception {
    try (TestGuest from = TestGuest.withIrqchip();
        TestGuest to = TestGuest.withIrqchip()) {
      KvmRegs regs = KvmRegs.allocate();
      from.vcpu.getRegs(regs);
      regs.gpr(15, 0x15);
      regs.gpr(1, 0xc);
      from.vcpu.setRegs(regs);
      KvmSregs sregs = KvmSregs.allocate();
      from.vcpu.getSregs(sregs);
      sregs.cr2(0x1234);
      sregs.gdtBase(0x800);
      sregs.gdtLimit(0x27);
      from.vcpu.setSregs(sregs);
      KvmVcpuEvents events = KvmVcpuEvents.allocate();
      from.vcpu.getVcpuEvents(events);
      events.injectException(13, 0x18);
      from.vcpu.setVcpuEvents(events);

      KvmRegs regs2 = KvmRegs.allocate();
      KvmSregs sregs2 = KvmSregs.allocate();
      KvmVcpuEvents events2 = KvmVcpuEvents.allocate();
      from.vcpu.getRegs(regs2);
      from.vcpu.getSregs(sregs2);
      from.vcpu.getVcpuEvents(events2);
      regs2.setBytes(regs2.toBytes());
      to.vcpu.setRegs(regs2);
      to.vcpu.setSregs(sregs2);
      to.vcpu.setVcpuEvents(events2);
      to.vcpu.getRegs(regs);
      to.vcpu.getSregs(sregs);
      to.vcpu.getVcpuEvents(events);

      assertThat(regs.r15()).isEqualTo(0x15);
      assertThat(regs.rcx()).isEqualTo(0xc);
      assertThat(sregs.toBytes()).isEqualTo(sregs2.toBytes());
      assertThat(sregs.cr2()).isEqualTo(0x1234);
      assertThat(sregs.gdtLimit()).isEqualTo(0x27);
      assertThat(events.exceptionInjected()).isEqualTo(1);
      assertThat(events.exceptionNr()).isEqualTo(13);
      assertThat(events.exceptionErrorCode()).isEqualTo(0x18);
    }
  }

  @Test
  void chipsMoveToAnotherVm() throws Exception {
    try (TestGuest from = TestGuest.withIrqchip();
        TestGuest to = TestGuest.withIrqchip()) {
      for (int chip :
          new int[] {KVM_IRQCHIP_PIC_MASTER, KVM_IRQCHIP_PIC_SLAVE, KVM_IRQCHIP_IOAPIC}) {
        byte[] state = from.vm.getIrqchip(chip);
        assertThat(state).hasSize(512);
        if (chip == KVM_IRQCHIP_PIC_MASTER) {
          state[5] = 0x20; // irq_base
        }
        to.vm.setIrqchip(chip, state);
        assertThat(to.vm.getIrqchip(chip)).isEqualTo(state);
      }
      byte[] pit = from.vm.getPit2();
      assertThat(pit).hasSize(112);
      to.vm.setPit2(pit);
      assertThat(to.vm.getPit2()[14]).isEqualTo(pit[14]);
    }
  }

  @Test
  void theClockGoesOnFromWhereItWasSet() throws Exception {
    try (TestGuest guest = TestGuest.withIrqchip()) {
      KvmClockData now = guest.vm.getClock();
      assertThat(now.clock()).isNotNegative();

      long later = now.clock() + 3_600_000_000_000L;
      guest.vm.setClock(KvmClockData.at(later));
      assertThat(guest.vm.getClock().clock()).isBetween(later, later + 60_000_000_000L);

      if ((now.flags() & KVM_CLOCK_REALTIME) != 0) {
        guest.vm.setClock(KvmClockData.since(later, now.realtime() - 7_200_000_000_000L));
        long slept = later + 7_200_000_000_000L;
        assertThat(guest.vm.getClock().clock()).isBetween(slept, slept + 60_000_000_000L);
      }
    }
  }

  @Test
  void theTscHasAFrequencyAndAnOffset() throws Exception {
    try (TestGuest guest = TestGuest.withIrqchip()) {
      assertThat(guest.vcpu.getTscKhz()).isPositive();
      if (guest.vcpu.hasTscOffset()) {
        long offset = guest.vcpu.getTscOffset();
        guest.vcpu.setTscOffset(offset);
        assertThat(guest.vcpu.getTscOffset()).isEqualTo(offset);
      }
      assertThat(guest.vcpu.kvmclockCtrl()).isFalse(); // no kvmclock in use
    }
  }

  @Test
  void translationFollowsTheGuest() throws Exception {
    try (TestGuest guest = TestGuest.plain()) {
      KvmTranslation translation = guest.vcpu.translate(0x1234);
      assertThat(translation.valid()).isTrue();
      assertThat(translation.physicalAddress()).isEqualTo(0x1234);
    }
  }

  @Test
  void statesOfAWrongLengthAreRefused() throws Exception {
    try (TestGuest guest = TestGuest.withIrqchip()) {
      byte[] wrong = new byte[100];
      assertThatThrownBy(() -> guest.vcpu.setLapic(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("KVM_SET_LAPIC takes 1024 bytes, not 100");
      assertThatThrownBy(() -> guest.vcpu.setXsave(wrong))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> guest.vm.setIrqchip(0, wrong))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> guest.vm.setPit2(wrong))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> KvmRegs.allocate().setBytes(wrong))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
