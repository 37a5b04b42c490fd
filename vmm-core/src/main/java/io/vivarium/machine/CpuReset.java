package io.vivarium.machine;

import io.vivarium.boot.CpuEntry;
import io.vivarium.kvm.KvmException;
import io.vivarium.kvm.KvmMsrEntry;
import io.vivarium.kvm.KvmRegs;
import io.vivarium.kvm.KvmSegment;
import io.vivarium.kvm.KvmSregs;
import io.vivarium.kvm.KvmVcpu;
import java.util.List;

/** Sets a vCPU to where a kernel is entered. */
final class CpuReset {
  private static final int MSR_MTRR_DEFAULT_TYPE = 0x2ff;
  private static final int MSR_MISC_ENABLE = 0x1a0;

  /** MTRRs on, memory write-back. */
  private static final long MTRR_WRITE_BACK = 0x806;

  private static final long FAST_STRINGS = 1;
  private static final long CR0_PROTECTED = 0x1;
  private static final long CR0_EXTENSION_TYPE = 0x10;
  private static final long CR0_PAGING = 0x8000_0000L;
  private static final long CR4_PHYSICAL_ADDRESS_EXTENSION = 0x20;
  private static final long EFER_LONG_MODE = 0x500;
  private static final int CODE = 0x10;
  private static final int DATA = 0x18;
  private static final int TASK = 0x20;

  private CpuReset() {}

  /** Of every vCPU: what firmware would leave in its MSRs. */
  static void firmwareMsrs(KvmVcpu vcpu) throws KvmException {
    vcpu.trySetMsrs(
        List.of(
            new KvmMsrEntry(MSR_MTRR_DEFAULT_TYPE, MTRR_WRITE_BACK),
            new KvmMsrEntry(MSR_MISC_ENABLE, FAST_STRINGS)));
  }

  /** Of the first vCPU. The others wait for its start-up messages. */
  static void enter(KvmVcpu vcpu, CpuEntry entry) throws KvmException {
    boolean longMode = entry.mode() == CpuEntry.Mode.LONG_64;
    KvmSregs sregs = KvmSregs.allocate();
    vcpu.getSregs(sregs);
    int wide = longMode ? 0 : 1;
    sregs.cs().set(CODE, 0, -1, 0xb, 1, 0, wide, 1 - wide, 1);
    for (KvmSegment segment : List.of(sregs.ds(), sregs.es(), sregs.fs(), sregs.gs(), sregs.ss())) {
      segment.set(DATA, 0, -1, 0x3, 1, 0, 1, 0, 1);
    }
    sregs.tr().set(TASK, 0, 0x67, 0xb, 0, 0, 0, 0, 0);
    sregs.gdtBase(entry.gdt());
    sregs.gdtLimit(entry.gdtLimit());
    sregs.idtBase(0);
    sregs.idtLimit(0);
    if (longMode) {
      sregs.cr0(CR0_PROTECTED | CR0_EXTENSION_TYPE | CR0_PAGING);
      sregs.cr3(entry.cr3());
      sregs.cr4(CR4_PHYSICAL_ADDRESS_EXTENSION);
      sregs.efer(EFER_LONG_MODE);
    } else {
      sregs.cr0(CR0_PROTECTED | CR0_EXTENSION_TYPE);
      sregs.cr3(0);
      sregs.cr4(0);
      sregs.efer(0);
    }
    vcpu.setSregs(sregs);
    KvmRegs regs = KvmRegs.allocate();
    regs.rip(entry.rip());
    regs.rsp(entry.rsp());
    regs.rsi(entry.rsi());
    regs.rbx(entry.rbx());
    regs.rflags(2);
    vcpu.setRegs(regs);
  }
}
