package io.vivarium.assist;

import io.vivarium.kvm.KvmException;
import io.vivarium.kvm.KvmRegs;
import io.vivarium.kvm.KvmSegment;
import io.vivarium.kvm.KvmSregs;
import io.vivarium.kvm.KvmVcpu;
import io.vivarium.kvm.RunPage;
import io.vivarium.kvm.abi.KvmConstants;
import io.vivarium.kvm.abi.VcpuStructs.Xcr;
import io.vivarium.kvm.abi.VcpuStructs.Xcrs;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The registers of a KVM vCPU that stands at an exit, through the run page: a system call costs
 * microseconds on the hosts that need this. Only what changed is marked to be loaded again.
 */
final class KvmCpuState implements CpuState {
  private static final int RFLAGS_ALWAYS = 2;

  private final KvmVcpu vcpu;
  private final RunPage page;
  private final KvmRegs regs;
  private final KvmSregs sregs;
  private final KvmSegment[] segments;
  private byte @Nullable [] xsave;

  KvmCpuState(KvmVcpu vcpu) {
    this.vcpu = vcpu;
    page = vcpu.runPage();
    regs = page.regs();
    sregs = page.sregs();
    segments =
        new KvmSegment[] {sregs.es(), sregs.cs(), sregs.ss(), sregs.ds(), sregs.fs(), sregs.gs()};
  }

  @Override
  public long register(int number) {
    return regs.gpr(number);
  }

  @Override
  public void setRegister(int number, long value) {
    regs.gpr(number, value);
    page.markDirty(KvmConstants.KVM_SYNC_X86_REGS);
  }

  @Override
  public long rip() {
    return regs.rip();
  }

  @Override
  public void setRip(long value) {
    regs.rip(value);
    page.markDirty(KvmConstants.KVM_SYNC_X86_REGS);
  }

  @Override
  public long rflags() {
    return regs.rflags();
  }

  @Override
  public void setRflags(long value) {
    regs.rflags(value | RFLAGS_ALWAYS);
    page.markDirty(KvmConstants.KVM_SYNC_X86_REGS);
  }

  @Override
  public Segment segment(int number) {
    KvmSegment segment = segments[number];
    return new Segment(
        segment.selector(),
        segment.base(),
        segment.limit(),
        segment.type(),
        segment.dpl(),
        segment.s() == 0,
        segment.present() != 0 && segment.unusable() == 0,
        segment.l() != 0,
        segment.db() != 0,
        segment.g() != 0);
  }

  @Override
  public void setSegment(int number, Segment value) {
    KvmSegment segment = segments[number];
    segment.selector(value.selector());
    segment.base(value.base());
    segment.limit(value.limit());
    segment.type(value.type());
    segment.dpl(value.dpl());
    segment.s(value.system() ? 0 : 1);
    segment.present(value.present() ? 1 : 0);
    segment.unusable(value.present() ? 0 : 1);
    segment.l(value.longMode() ? 1 : 0);
    segment.db(value.big() ? 1 : 0);
    segment.g(value.granularity() ? 1 : 0);
    page.markDirty(KvmConstants.KVM_SYNC_X86_SREGS);
  }

  @Override
  public long segmentBase(int number) {
    return segments[number].base();
  }

  @Override
  public int selector(int number) {
    return segments[number].selector();
  }

  @Override
  public int codeBits() {
    KvmSegment cs = sregs.cs();
    if (longModeActive() && cs.l() != 0) {
      return 64;
    }
    return cs.db() != 0 ? 32 : 16;
  }

  @Override
  public long idtBase() {
    return sregs.idtBase();
  }

  @Override
  public int idtLimit() {
    return sregs.idtLimit();
  }

  @Override
  public long gdtBase() {
    return sregs.gdtBase();
  }

  @Override
  public int gdtLimit() {
    return sregs.gdtLimit();
  }

  @Override
  public long cr0() {
    return sregs.cr0();
  }

  @Override
  public void setCr2(long value) {
    sregs.cr2(value);
    page.markDirty(KvmConstants.KVM_SYNC_X86_SREGS);
  }

  @Override
  public long cr3() {
    return sregs.cr3();
  }

  @Override
  public long cr4() {
    return sregs.cr4();
  }

  @Override
  public long efer() {
    return sregs.efer();
  }

  @Override
  public long msr(int index) {
    try {
      return vcpu.getMsrs(index).getFirst().data();
    } catch (KvmException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public long xcr0() {
    try {
      MemorySegment xcrs = MemorySegment.ofArray(vcpu.getXcrs());
      int count = Math.clamp(xcrs.get(ValueLayout.JAVA_INT_UNALIGNED, Xcrs.NR_XCRS), 0, 16);
      for (int i = 0; i < count; i++) {
        long at = Xcrs.XCRS + (long) i * Xcr.SIZE;
        if (xcrs.get(ValueLayout.JAVA_INT_UNALIGNED, at + Xcr.XCR) == 0) {
          return xcrs.get(ValueLayout.JAVA_LONG_UNALIGNED, at + Xcr.VALUE);
        }
      }
      return XsaveLayout.X87;
    } catch (KvmException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public MemorySegment loadXsave() {
    try {
      byte[] state = vcpu.getXsave();
      xsave = state;
      MemorySegment image = MemorySegment.ofArray(state);
      XsaveOps.settleMxcsr(image);
      return image;
    } catch (KvmException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void storeXsave() {
    byte[] state = xsave;
    if (state == null) {
      throw new IllegalStateException("storeXsave before loadXsave");
    }
    try {
      vcpu.setXsave(state);
    } catch (KvmException e) {
      throw new UncheckedIOException(e);
    }
  }
}
