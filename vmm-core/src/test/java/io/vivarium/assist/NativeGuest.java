package io.vivarium.assist;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.kvm.Kvm;
import io.vivarium.kvm.KvmException;
import io.vivarium.kvm.KvmSegment;
import io.vivarium.kvm.KvmSregs;
import io.vivarium.kvm.KvmVcpu;
import io.vivarium.kvm.KvmVm;
import io.vivarium.kvm.RunPage;
import io.vivarium.kvm.abi.KvmConstants;
import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.Mapping;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A vCPU that executes a few instructions: in 64-bit ring 3, natively also where ring 0 is
 * interpreted, so that the processor itself says what an instruction does.
 */
final class NativeGuest implements AutoCloseable {
  static final int RAM = 64 << 10;
  static final long CODE = 0x8000;
  static final long DATA = 0x9000;
  static final long DATA_END = RAM;
  static final int CODE_SELECTOR = 0x33;
  static final int DATA_SELECTOR = 0x2b;
  static final int RING0_CODE_SELECTOR = 0x10;
  static final int RING0_DATA_SELECTOR = 0x18;
  static final long IDT = 0x5000;
  private static final long GDT = 0x6000;

  /** Mapped, but no RAM: a write to it ends the program. */
  private static final long EXIT_PAGE = 0x20_0000;

  private static final long PML4 = 0x1000;
  private static final long PDPT = 0x2000;
  private static final long PD = 0x3000;
  private static final long PT = 0x4000;
  private static final long ALL = 7;
  private static final long LARGE = 0x80;

  /** {@code movb $0, EXIT_PAGE}, which leaves flags and registers alone. */
  private static final byte[] LEAVE = {(byte) 0xc6, 0x04, 0x25, 0, 0, 0x20, 0, 0};

  private final KvmVm vm;
  private final Mapping ram;
  private final KvmVcpu vcpu;
  private final GuestMemory memory;

  private final @Nullable Assist assist;

  /** In ring 3. */
  NativeGuest(Kvm kvm) throws ErrnoException {
    this(kvm, 3);
  }

  /** In ring 0 or 3; ring 0 gets the assist where this host's KVM interprets it. */
  NativeGuest(Kvm kvm, int ring) throws ErrnoException {
    vm = kvm.createVm();
    HostProfile profile = HostProfile.probe(kvm);
    if (profile.interpretsRing0()) {
      vm.enableExitOnEmulationFailure();
    }
    ram = Mapping.anonymous(RAM);
    memory = new GuestMemory(List.of(new GuestMemory.Region(0, ram.segment())));
    vm.setUserMemoryRegion(0, 0, 0, ram.segment());
    vcpu = vm.createVcpu(0);
    vcpu.setCpuid2(kvm.supportedCpuid());
    assist = profile.interpretsRing0() ? new Assist(vcpu, memory, profile) : null;
    vcpu.runPage().setValidRegs(Assist.SYNC_REGS);
    writePageTables(memory);
    KvmSregs sregs = KvmSregs.allocate();
    vcpu.getSregs(sregs);
    int code = ring == 3 ? CODE_SELECTOR : RING0_CODE_SELECTOR;
    sregs.cs().set(code, 0, -1, 0xb, 1, ring, 0, 1, 1);
    for (KvmSegment data : List.of(sregs.ds(), sregs.es(), sregs.fs(), sregs.gs(), sregs.ss())) {
      data.set(ring == 3 ? DATA_SELECTOR : RING0_DATA_SELECTOR, 0, -1, 0x3, 1, ring, 1, 0, 1);
    }
    sregs.gdtBase(GDT);
    sregs.gdtLimit(0x3f);
    sregs.idtBase(IDT);
    sregs.idtLimit(0xfff);
    memory.setU64(GDT + RING0_CODE_SELECTOR, 0x00af_9b00_0000_ffffL);
    memory.setU64(GDT + RING0_DATA_SELECTOR, 0x00cf_9300_0000_ffffL);
    FakeCpu model = new FakeCpu();
    prepare(model);
    sregs.cr0(model.cr0);
    sregs.cr3(model.cr3);
    sregs.cr4(model.cr4);
    sregs.efer(model.efer | 1 << 8 | 1);
    vcpu.setSregs(sregs);
    byte[] xcrs = new byte[392];
    xcrs[0] = 1;
    xcrs[16] = 7;
    vcpu.setXcrs(xcrs);
  }

  /** Sets a model to this guest's mode. */
  static void prepare(FakeCpu cpu) {
    cpu.cr0 |= CpuState.CR0_PG | CpuState.CR0_MP | CpuState.CR0_WP | 0x10;
    cpu.cr3 = PML4;
    cpu.ring(3);
  }

  /** This guest's page tables: RAM and the exit page, all for ring 3. */
  static void writePageTables(GuestMemory memory) {
    memory.setU64(PML4, PDPT | ALL);
    memory.setU64(PDPT, PD | ALL);
    memory.setU64(PD, PT | ALL);
    memory.setU64(PD + 8, EXIT_PAGE | LARGE | ALL);
    for (long page = 0; page < RAM; page += 4096) {
      memory.setU64(PT + page / 4096 * 8, page | ALL);
    }
  }

  KvmVcpu vcpu() {
    return vcpu;
  }

  GuestMemory memory() {
    return memory;
  }

  /** Loads the model's registers and state, executes one instruction, and stores them back. */
  void execute(byte[] instruction, FakeCpu cpu) throws KvmException {
    memory.write(CODE, instruction);
    memory.write(CODE + instruction.length, LEAVE);
    vcpu.setXsave(cpu.xsave.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
    RunPage page = vcpu.runPage();
    // Leaves the registers in the page, whatever the last exit was.
    while (vcpu.finishExit() != KvmConstants.KVM_EXIT_INTR) {
      Thread.onSpinWait();
    }
    for (int i = 0; i < 16; i++) {
      page.regs().gpr(i, cpu.registers[i]);
    }
    page.regs().rip(CODE);
    page.regs().rflags(cpu.rflags);
    page.markDirty(KvmConstants.KVM_SYNC_X86_REGS);
    int reason = vcpu.run();
    while (reason == KvmConstants.KVM_EXIT_INTR
        || (reason == KvmConstants.KVM_EXIT_INTERNAL_ERROR && assisted())) {
      reason = vcpu.run();
    }
    if (reason != KvmConstants.KVM_EXIT_MMIO || page.mmioAddress() != EXIT_PAGE) {
      throw new IllegalStateException(
          "%s at %#x instead of the exit page".formatted(page.exit(), page.regs().rip()));
    }
    for (int i = 0; i < 16; i++) {
      cpu.registers[i] = page.regs().gpr(i);
    }
    cpu.rflags = page.regs().rflags();
    cpu.xsave.copyFrom(MemorySegment.ofArray(vcpu.getXsave()));
    XsaveOps.settleMxcsr(cpu.xsave);
  }

  private boolean assisted() {
    String trouble = assist == null ? "no assist on this host" : assist.handle();
    if (trouble != null) {
      throw new IllegalStateException(trouble);
    }
    return true;
  }

  @Override
  public void close() {
    vcpu.close();
    vm.close();
    ram.close();
  }
}
