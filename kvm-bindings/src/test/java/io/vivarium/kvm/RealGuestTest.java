package io.vivarium.kvm;

import static io.vivarium.kvm.abi.KvmConstants.KVM_EXIT_HLT;
import static io.vivarium.kvm.abi.KvmConstants.KVM_EXIT_INTR;
import static io.vivarium.kvm.abi.KvmConstants.KVM_EXIT_IO;
import static io.vivarium.kvm.abi.KvmConstants.KVM_EXIT_MMIO;
import static io.vivarium.kvm.abi.KvmConstants.KVM_SYNC_X86_REGS;
import static io.vivarium.kvm.abi.KvmConstants.KVM_SYNC_X86_SREGS;
import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.linux.Mapping;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Small real-mode guests on the host's KVM. */
@Tag("kvm")
class RealGuestTest {
  @Test
  void outThenHltLeavesWithTheDataWritten() throws Exception {
    // mov al,'V'; mov dx,0x3f8; out dx,al; hlt
    try (TestGuest guest = TestGuest.plain(0xb0, 'V', 0xba, 0xf8, 0x03, 0xee, 0xf4)) {
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_IO);
      assertThat(guest.vcpu.runPage().exit()).isEqualTo(new Exit.Io(true, 0x3f8, 1, 1));
      assertThat(guest.vcpu.runPage().ioValue(0)).isEqualTo('V');
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_HLT);
    }
  }

  @Test
  void inGetsTheAnswerThatThePageHolds() throws Exception {
    // in ax,0x60; mov bx,ax; hlt
    try (TestGuest guest = TestGuest.plain(0xe5, 0x60, 0x89, 0xc3, 0xf4)) {
      RunPage page = guest.vcpu.runPage();
      page.setValidRegs(KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS);
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_IO);
      assertThat(page.ioIsOut()).isFalse();
      assertThat(page.ioSize()).isEqualTo(2);
      page.setIoValue(0, 0xbeef);
      assertThat(guest.vcpu.finishExit()).isEqualTo(KVM_EXIT_INTR);
      assertThat(page.regs().rax() & 0xffff).isEqualTo(0xbeef);
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_HLT);
      assertThat(page.regs().rbx() & 0xffff).isEqualTo(0xbeef);
      assertThat(page.sregs().cpl()).isZero();
    }
  }

  @Test
  void synchronizedRegistersAreLoadedWhenMarked() throws Exception {
    // hlt; add ax,1; hlt
    try (TestGuest guest = TestGuest.plain(0xf4, 0x83, 0xc0, 0x01, 0xf4)) {
      RunPage page = guest.vcpu.runPage();
      page.setValidRegs(KVM_SYNC_X86_REGS);
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_HLT);
      page.regs().rax(0x41);
      page.markDirty(KVM_SYNC_X86_REGS);
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_HLT);
      assertThat(page.regs().rax()).isEqualTo(0x42);
      assertThat(page.dirtyRegs()).isZero();
    }
  }

  @Test
  void memoryWithoutASlotIsMmio() throws Exception {
    // mov ax,0x2000; mov ds,ax; mov dword [4],0x11223344; mov al,[8]; hlt
    try (TestGuest guest =
        TestGuest.plain(
            0xb8, 0x00, 0x20, 0x8e, 0xd8, 0x66, 0xc7, 0x06, 0x04, 0x00, 0x44, 0x33, 0x22, 0x11,
            0xa0, 0x08, 0x00, 0xf4)) {
      RunPage page = guest.vcpu.runPage();
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_MMIO);
      assertThat(page.exit()).isEqualTo(new Exit.Mmio(true, 0x20004, 4, 0x11223344L));
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_MMIO);
      assertThat(page.mmioIsWrite()).isFalse();
      assertThat(page.mmioAddress()).isEqualTo(0x20008);
      page.setMmioValue(0x5a);
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_HLT);
      KvmRegs regs = KvmRegs.allocate();
      guest.vcpu.getRegs(regs);
      assertThat(regs.rax() & 0xff).isEqualTo(0x5a);
    }
  }

  @Test
  void memoryBeyondTwoGibibytesIsReachedByTheGuestAndByUs() throws Exception {
    long size = 3L << 30;
    // In unreal mode: mov ebx,0xa0000000; a32 mov byte [ebx],0x77; hlt
    try (TestGuest guest =
            TestGuest.plain(0x66, 0xbb, 0x00, 0x00, 0x00, 0xa0, 0x67, 0xc6, 0x03, 0x77, 0xf4);
        Mapping big = Mapping.anonymous(size)) {
      guest.vm.setUserMemoryRegion(1, 0, 0x10000, big.segment().asSlice(0x10000, size - 0x10000));
      KvmSregs sregs = KvmSregs.allocate();
      guest.vcpu.getSregs(sregs);
      sregs.ds().limit(-1);
      sregs.ds().g(1);
      guest.vcpu.setSregs(sregs);
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_HLT);
      assertThat(big.segment().get(ValueLayout.JAVA_BYTE, 0xa000_0000L)).isEqualTo((byte) 0x77);
      guest.vm.deleteMemoryRegion(1);
    }
  }
}
