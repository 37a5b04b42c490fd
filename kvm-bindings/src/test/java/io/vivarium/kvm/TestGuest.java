package io.vivarium.kvm;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.Mapping;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/** A VM with 64 KiB of memory at 0 and one vCPU that starts in real mode at 0x1000. */
final class TestGuest implements AutoCloseable {
  static final int ENTRY = 0x1000;

  final Kvm kvm;
  final KvmVm vm;
  final Mapping memory;
  final KvmVcpu vcpu;

  private TestGuest(Kvm kvm, boolean irqchip) throws ErrnoException {
    this.kvm = kvm;
    vm = kvm.createVm();
    if (irqchip) {
      vm.createIrqchip();
      vm.createPit2(false);
    }
    memory = Mapping.anonymous(0x10000);
    vm.setUserMemoryRegion(0, 0, 0, memory.segment());
    vcpu = vm.createVcpu(0);
  }

  /** Skips the test, saying why, where there is no usable /dev/kvm. */
  static void assumeKvm() {
    Path device = Path.of(Kvm.DEVICE);
    assumeTrue(
        Files.isReadable(device) && Files.isWritable(device),
        "skipped: this test needs a readable and writable /dev/kvm");
  }

  /** A guest without interrupt chips: HLT leaves KVM_RUN. */
  static TestGuest plain(int... code) throws ErrnoException {
    return start(false, code);
  }

  /** A guest with PIC, IOAPIC, local APIC and PIT in the kernel. */
  static TestGuest withIrqchip(int... code) throws ErrnoException {
    return start(true, code);
  }

  private static TestGuest start(boolean irqchip, int[] code) throws ErrnoException {
    assumeKvm();
    TestGuest guest = new TestGuest(Kvm.open(), irqchip);
    guest.load(ENTRY, code);
    guest.enterRealMode(ENTRY);
    return guest;
  }

  void load(int address, int... code) {
    MemorySegment target = memory.segment();
    for (int i = 0; i < code.length; i++) {
      target.set(ValueLayout.JAVA_BYTE, address + i, (byte) code[i]);
    }
  }

  void enterRealMode(int ip) throws KvmException {
    KvmSregs sregs = KvmSregs.allocate();
    vcpu.getSregs(sregs);
    sregs.cs().base(0);
    sregs.cs().selector(0);
    vcpu.setSregs(sregs);
    KvmRegs regs = KvmRegs.allocate();
    regs.rip(ip);
    regs.rsp(0x8000);
    regs.rflags(2);
    vcpu.setRegs(regs);
  }

  @Override
  public void close() {
    vcpu.close();
    vm.close();
    memory.close();
    kvm.close();
  }
}
