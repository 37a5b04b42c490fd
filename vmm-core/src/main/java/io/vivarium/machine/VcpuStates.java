package io.vivarium.machine;

import io.vivarium.kvm.KvmCpuidEntry2;
import io.vivarium.kvm.KvmException;
import io.vivarium.kvm.KvmMsrEntry;
import io.vivarium.kvm.KvmRegs;
import io.vivarium.kvm.KvmSregs;
import io.vivarium.kvm.KvmVcpu;
import io.vivarium.kvm.KvmVcpuEvents;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A vCPU's state out of KVM and back into it. The vCPU must not run. */
final class VcpuStates {
  static final int MSR_TSC = 0x10;

  /** Those that this host's KVM once refused to set. */
  private static final Set<Integer> FIXED_MSRS = ConcurrentHashMap.newKeySet();

  private VcpuStates() {}

  /**
   * Takes the state.
   *
   * @param msrs the registers that this KVM says a guest's state has
   */
  static MachineState.Vcpu capture(KvmVcpu vcpu, int[] msrs) throws KvmException {
    KvmRegs regs = KvmRegs.allocate();
    KvmSregs sregs = KvmSregs.allocate();
    KvmVcpuEvents events = KvmVcpuEvents.allocate();
    // The order matters: this one lets KVM decide on a pending start-up message first.
    int mpState = vcpu.getMpState();
    vcpu.getRegs(regs);
    vcpu.getSregs(sregs);
    vcpu.getVcpuEvents(events);
    long tsc = 0;
    List<MachineState.Msr> saved = new ArrayList<>();
    for (KvmMsrEntry msr : vcpu.getReadableMsrs(msrs)) {
      if (msr.index() == MSR_TSC) {
        tsc = msr.data();
      } else {
        saved.add(new MachineState.Msr(msr.index(), msr.data()));
      }
    }
    List<MachineState.Leaf> leaves = new ArrayList<>();
    for (KvmCpuidEntry2 leaf : vcpu.getCpuid2()) {
      leaves.add(
          new MachineState.Leaf(
              leaf.function(),
              leaf.index(),
              leaf.flags(),
              leaf.eax(),
              leaf.ebx(),
              leaf.ecx(),
              leaf.edx()));
    }
    return new MachineState.Vcpu(
        regs.toBytes(),
        sregs.toBytes(),
        events.toBytes(),
        vcpu.getXsave(),
        vcpu.getXcrs(),
        vcpu.getDebugregs(),
        vcpu.getLapic(),
        mpState,
        tsc,
        vcpu.getTscKhz(),
        saved,
        leaves);
  }

  /**
   * Sets the state, but for the time stamp counter. The order is KVM's: the local APIC needs its
   * base from the segment registers' struct, the deadline timer's register needs the local APIC,
   * and events come last, because others clear them.
   */
  static void apply(KvmVcpu vcpu, MachineState.Vcpu state)
      throws KvmException, BadSnapshotException {
    String where = "vCPU " + vcpu.id();
    KvmRegs regs = KvmRegs.allocate();
    KvmSregs sregs = KvmSregs.allocate();
    KvmVcpuEvents events = KvmVcpuEvents.allocate();
    if (state.xsave().length != vcpu.xsaveSize()) {
      throw new BadSnapshotException(
          "%s has %d bytes of XSAVE state, this host's processor has %d."
              .formatted(where, state.xsave().length, vcpu.xsaveSize()));
    }
    try {
      regs.setBytes(state.regs());
      sregs.setBytes(state.sregs());
      events.setBytes(state.events());
      vcpu.setCpuid2(cpuid(state));
      vcpu.setMpState(state.mpState());
      vcpu.setRegs(regs);
      vcpu.setSregs(sregs);
      vcpu.setXcrs(state.xcrs());
      vcpu.setXsave(state.xsave());
      vcpu.setDebugregs(state.debugregs());
      vcpu.setLapic(state.lapic());
      setMsrs(vcpu, where, state);
      vcpu.setVcpuEvents(events);
    } catch (IllegalArgumentException e) {
      throw new BadSnapshotException("%s: %s.".formatted(where, e.getMessage()), e);
    }
  }

  private static List<KvmCpuidEntry2> cpuid(MachineState.Vcpu state) {
    List<KvmCpuidEntry2> cpuid = new ArrayList<>();
    for (MachineState.Leaf leaf : state.cpuid()) {
      cpuid.add(
          new KvmCpuidEntry2(
              leaf.function(),
              leaf.index(),
              leaf.flags(),
              leaf.eax(),
              leaf.ebx(),
              leaf.ecx(),
              leaf.edx()));
    }
    return cpuid;
  }

  /**
   * Some registers can be read but not written; that is well where they have their value already.
   * Which these are is the same for all vCPUs of a host: known ones are only compared, all at once,
   * where finding one out takes KVM three calls.
   */
  private static void setMsrs(KvmVcpu vcpu, String where, MachineState.Vcpu state)
      throws KvmException, BadSnapshotException {
    List<KvmMsrEntry> fixed = new ArrayList<>();
    List<KvmMsrEntry> rest = new ArrayList<>();
    for (MachineState.Msr msr : state.msrs()) {
      (FIXED_MSRS.contains(msr.index()) ? fixed : rest)
          .add(new KvmMsrEntry(msr.index(), msr.data()));
    }
    while (!rest.isEmpty()) {
      int done = vcpu.trySetMsrs(rest);
      if (done >= rest.size()) {
        break;
      }
      KvmMsrEntry refused = rest.get(done);
      FIXED_MSRS.add(refused.index());
      fixed.add(refused);
      rest = rest.subList(done + 1, rest.size());
    }
    int[] indices = fixed.stream().mapToInt(KvmMsrEntry::index).toArray();
    List<KvmMsrEntry> now = vcpu.getReadableMsrs(indices);
    for (KvmMsrEntry one : fixed) {
      // Another value may be one that can be written.
      if (!now.contains(one) && vcpu.trySetMsrs(List.of(one)) < 1) {
        throw new BadSnapshotException("%s: this host's KVM refuses %s.".formatted(where, one));
      }
    }
  }
}
