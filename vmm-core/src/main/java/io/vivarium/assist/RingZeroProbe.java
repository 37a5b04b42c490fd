package io.vivarium.assist;

import io.vivarium.kvm.Kvm;
import io.vivarium.kvm.KvmException;
import io.vivarium.kvm.KvmRegs;
import io.vivarium.kvm.KvmSegment;
import io.vivarium.kvm.KvmSregs;
import io.vivarium.kvm.KvmVcpu;
import io.vivarium.kvm.KvmVm;
import io.vivarium.kvm.abi.KvmCaps;
import io.vivarium.kvm.abi.KvmConstants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Finds out whether KVM interprets guest ring 0, by letting a guest execute there what every
 * processor with virtualization does and no KVM emulator knows.
 */
final class RingZeroProbe {
  /** Above the first MiB; anywhere else would do. */
  private static final long CODE = 0x10_0000;

  /** {@code fwait; mov $0x5a, %al; hlt}: FWAIT is as old as the x87 and harmless. */
  private static final byte[] PROGRAM = {(byte) 0x9b, (byte) 0xb0, 0x5a, (byte) 0xf4};

  private static final int PAGE = 4096;
  private static final long TSS = 0xfffb_d000L;
  private static final long IDENTITY_MAP = 0xfffb_c000L;

  private RingZeroProbe() {}

  static boolean interprets(Kvm kvm) throws KvmException {
    try (Arena arena = Arena.ofShared();
        KvmVm vm = kvm.createVm()) {
      MemorySegment page = arena.allocate(PAGE, PAGE);
      page.copyFrom(MemorySegment.ofArray(PROGRAM));
      if (vm.checkExtension(KvmCaps.KVM_CAP_EXIT_ON_EMULATION_FAILURE) > 0) {
        vm.enableExitOnEmulationFailure();
      }
      // Intel processors without unrestricted guests run unpaged code by these.
      vm.setIdentityMapAddr(IDENTITY_MAP);
      vm.setTssAddr(TSS);
      vm.setUserMemoryRegion(0, 0, CODE, page);
      try (KvmVcpu vcpu = vm.createVcpu(0)) {
        enterFlatRingZero(vcpu);
        return isEmulationFailure(vcpu);
      }
    }
  }

  private static boolean isEmulationFailure(KvmVcpu vcpu) throws KvmException {
    int reason = vcpu.run();
    while (reason == KvmConstants.KVM_EXIT_INTR) {
      reason = vcpu.run();
    }
    return reason == KvmConstants.KVM_EXIT_INTERNAL_ERROR
        && vcpu.runPage().internalSuberror() == KvmConstants.KVM_INTERNAL_ERROR_EMULATION;
  }

  /** 32-bit protected mode without paging, flat segments, at the program. */
  private static void enterFlatRingZero(KvmVcpu vcpu) throws KvmException {
    KvmSregs sregs = KvmSregs.allocate();
    vcpu.getSregs(sregs);
    sregs.cr0(sregs.cr0() | CpuState.CR0_PE);
    sregs.cs().set(0x8, 0, -1, 0xb, 1, 0, 1, 0, 1);
    for (KvmSegment data :
        new KvmSegment[] {sregs.ds(), sregs.es(), sregs.fs(), sregs.gs(), sregs.ss()}) {
      data.set(0x10, 0, -1, 0x3, 1, 0, 1, 0, 1);
    }
    vcpu.setSregs(sregs);
    KvmRegs regs = KvmRegs.allocate();
    regs.rip(CODE);
    regs.rflags(2);
    vcpu.setRegs(regs);
  }
}
