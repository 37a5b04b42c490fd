package io.vivarium.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.vivarium.kvm.abi.KvmConstants;
import io.vivarium.kvm.abi.VcpuStructs.Run;
import io.vivarium.kvm.abi.VcpuStructs.SyncRegs;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The page that a vCPU shares with the kernel, {@code struct kvm_run}: read it after {@link
 * KvmVcpu#run} returned, on the same thread. No accessor allocates.
 *
 * <p>The fields of an exit stand until the next {@link KvmVcpu#run}. The answer to a read (of a
 * port, of memory, of an MSR) is written into the page before that.
 *
 * <p>Synchronized registers: after {@link #setValidRegs} every exit leaves the chosen register sets
 * in this page, and {@link #markDirty} makes the next run load them from it. That is far cheaper
 * than the ioctls.
 */
public final class RunPage {
  private static final VarHandle BYTE = JAVA_BYTE.varHandle();

  private final MemorySegment page;
  private final KvmRegs regs;
  private final KvmSregs sregs;
  private final KvmVcpuEvents events;

  RunPage(MemorySegment page) {
    this.page = page;
    regs = new KvmRegs(page.asSlice(Run.S__REGS + SyncRegs.REGS, KvmRegs.SIZE));
    sregs = new KvmSregs(page.asSlice(Run.S__REGS + SyncRegs.SREGS, KvmSregs.SIZE));
    events = new KvmVcpuEvents(page.asSlice(Run.S__REGS + SyncRegs.EVENTS, KvmVcpuEvents.SIZE));
  }

  /** The whole shared area. */
  public MemorySegment segment() {
    return page;
  }

  // Into the kernel

  /** While set, KVM_RUN only finishes what the last exit began, and returns KVM_EXIT_INTR. */
  public void setImmediateExit(boolean on) {
    BYTE.setVolatile(page, (long) Run.IMMEDIATE_EXIT, (byte) (on ? 1 : 0));
  }

  /** While set, KVM_RUN returns KVM_EXIT_IRQ_WINDOW_OPEN when the guest can take an interrupt. */
  public void setRequestInterruptWindow(boolean on) {
    page.set(JAVA_BYTE, Run.REQUEST_INTERRUPT_WINDOW, (byte) (on ? 1 : 0));
  }

  // Every exit

  /** Why KVM_RUN returned: KVM_EXIT_*. */
  public int exitReason() {
    return page.get(JAVA_INT, Run.EXIT_REASON);
  }

  void setExitReason(int reason) {
    page.set(JAVA_INT, Run.EXIT_REASON, reason);
  }

  /** The exit as a value; allocates. */
  public Exit exit() {
    return Exit.decode(this);
  }

  public boolean readyForInterruptInjection() {
    return page.get(JAVA_BYTE, Run.READY_FOR_INTERRUPT_INJECTION) != 0;
  }

  /** The guest's interrupt flag. */
  public boolean ifFlag() {
    return page.get(JAVA_BYTE, Run.IF_FLAG) != 0;
  }

  public long cr8() {
    return page.get(JAVA_LONG, Run.CR8);
  }

  /** Loaded by the next KVM_RUN when the local APIC is not in the kernel. */
  public void setCr8(long value) {
    page.set(JAVA_LONG, Run.CR8, value);
  }

  public long apicBase() {
    return page.get(JAVA_LONG, Run.APIC_BASE);
  }

  // KVM_EXIT_IO

  /** Whether the guest writes to the port; else it waits for {@link #setIoValue}. */
  public boolean ioIsOut() {
    return page.get(JAVA_BYTE, Run.IO__DIRECTION) == KvmConstants.KVM_EXIT_IO_OUT;
  }

  /** Bytes of one access: 1, 2 or 4. */
  public int ioSize() {
    return page.get(JAVA_BYTE, Run.IO__SIZE);
  }

  public int ioPort() {
    return page.get(JAVA_SHORT, Run.IO__PORT) & 0xffff;
  }

  /** Accesses of this exit: 1, or more for a string instruction. */
  public int ioCount() {
    return page.get(JAVA_INT, Run.IO__COUNT);
  }

  /** Access {@code i} of {@link #ioCount}, zero-extended. */
  public int ioValue(int i) {
    int size = ioSize();
    long at = page.get(JAVA_LONG, Run.IO__DATA_OFFSET) + (long) i * size;
    return switch (size) {
      case 1 -> page.get(JAVA_BYTE, at) & 0xff;
      case 2 -> page.get(JAVA_SHORT, at) & 0xffff;
      default -> page.get(JAVA_INT, at);
    };
  }

  /** Answers access {@code i} of {@link #ioCount}. */
  public void setIoValue(int i, int value) {
    int size = ioSize();
    long at = page.get(JAVA_LONG, Run.IO__DATA_OFFSET) + (long) i * size;
    switch (size) {
      case 1 -> page.set(JAVA_BYTE, at, (byte) value);
      case 2 -> page.set(JAVA_SHORT, at, (short) value);
      default -> page.set(JAVA_INT, at, value);
    }
  }

  // KVM_EXIT_MMIO

  public long mmioAddress() {
    return page.get(JAVA_LONG, Run.MMIO__PHYS_ADDR);
  }

  /** Bytes of the access: 1 to 8. */
  public int mmioLength() {
    return page.get(JAVA_INT, Run.MMIO__LEN);
  }

  /** Whether the guest writes; else it waits for {@link #setMmioValue}. */
  public boolean mmioIsWrite() {
    return page.get(JAVA_BYTE, Run.MMIO__IS_WRITE) != 0;
  }

  /** What the guest writes, little-endian, zero-extended. */
  public long mmioValue() {
    long value = page.get(JAVA_LONG_UNALIGNED, Run.MMIO__DATA);
    int length = mmioLength();
    return length >= 8 ? value : value & ((1L << (8 * length)) - 1);
  }

  /** What the guest reads, little-endian. */
  public void setMmioValue(long value) {
    page.set(JAVA_LONG_UNALIGNED, Run.MMIO__DATA, value);
  }

  // KVM_EXIT_INTERNAL_ERROR

  /** KVM_INTERNAL_ERROR_*. */
  public int internalSuberror() {
    return page.get(JAVA_INT, Run.INTERNAL__SUBERROR);
  }

  /** Words of {@link #internalData} that are valid, at most 16. */
  public int internalNdata() {
    return Math.clamp(page.get(JAVA_INT, Run.INTERNAL__NDATA), 0, 16);
  }

  public long internalData(int i) {
    return page.get(JAVA_LONG, Run.INTERNAL__DATA + 8L * i);
  }

  /** Whether this exit is an instruction that KVM's emulator lacks, with its bytes. */
  public boolean isEmulationFailureWithBytes() {
    return exitReason() == KvmConstants.KVM_EXIT_INTERNAL_ERROR
        && internalSuberror() == KvmConstants.KVM_INTERNAL_ERROR_EMULATION
        && internalNdata() >= 1
        && (emulationFlags() & KvmConstants.KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES)
            != 0;
  }

  /** KVM_INTERNAL_ERROR_EMULATION_FLAG_*. */
  public long emulationFlags() {
    return page.get(JAVA_LONG, Run.EMULATION_FAILURE__FLAGS);
  }

  /** Bytes of the failed instruction that are known, at most 15. */
  public int emulationInstructionSize() {
    return Math.min(page.get(JAVA_BYTE, Run.EMULATION_FAILURE__INSN_SIZE) & 0xff, 15);
  }

  /** Byte {@code i} of the failed instruction, 0 to 255. */
  public int emulationInstructionByte(int i) {
    return page.get(JAVA_BYTE, Run.EMULATION_FAILURE__INSN_BYTES + (long) i) & 0xff;
  }

  // The other exits

  public long failEntryReason() {
    return page.get(JAVA_LONG, Run.FAIL_ENTRY__HARDWARE_ENTRY_FAILURE_REASON);
  }

  public int failEntryCpu() {
    return page.get(JAVA_INT, Run.FAIL_ENTRY__CPU);
  }

  public long hardwareExitReason() {
    return page.get(JAVA_LONG, Run.HW__HARDWARE_EXIT_REASON);
  }

  /** KVM_SYSTEM_EVENT_*. */
  public int systemEventType() {
    return page.get(JAVA_INT, Run.SYSTEM_EVENT__TYPE);
  }

  /** The exception of KVM_EXIT_DEBUG: 1 #DB, 3 #BP. */
  public int debugException() {
    return page.get(JAVA_INT, Run.DEBUG__ARCH__EXCEPTION);
  }

  public long debugPc() {
    return page.get(JAVA_LONG, Run.DEBUG__ARCH__PC);
  }

  public long debugDr6() {
    return page.get(JAVA_LONG, Run.DEBUG__ARCH__DR6);
  }

  public long debugDr7() {
    return page.get(JAVA_LONG, Run.DEBUG__ARCH__DR7);
  }

  /** The vector whose end-of-interrupt KVM_EXIT_IOAPIC_EOI tells of, with a split irqchip. */
  public int eoiVector() {
    return page.get(JAVA_BYTE, Run.EOI__VECTOR) & 0xff;
  }

  public int msrIndex() {
    return page.get(JAVA_INT, Run.MSR__INDEX);
  }

  public long msrData() {
    return page.get(JAVA_LONG, Run.MSR__DATA);
  }

  /** Answers KVM_EXIT_X86_RDMSR. */
  public void setMsrData(long value) {
    page.set(JAVA_LONG, Run.MSR__DATA, value);
  }

  /** Whether the guest gets #GP for its MSR access. */
  public void setMsrError(boolean error) {
    page.set(JAVA_BYTE, Run.MSR__ERROR, (byte) (error ? 1 : 0));
  }

  // Synchronized registers

  /** Which register sets every exit leaves here: KVM_SYNC_X86_*, or 0. */
  public void setValidRegs(int sets) {
    page.set(JAVA_LONG, Run.KVM_VALID_REGS, sets);
  }

  /** The next run loads these register sets from here: KVM_SYNC_X86_*; adds to earlier marks. */
  public void markDirty(int sets) {
    page.set(JAVA_LONG, Run.KVM_DIRTY_REGS, page.get(JAVA_LONG, Run.KVM_DIRTY_REGS) | sets);
  }

  /** The register sets marked and not yet loaded. */
  public int dirtyRegs() {
    return (int) page.get(JAVA_LONG, Run.KVM_DIRTY_REGS);
  }

  /** The general registers in this page; valid with KVM_SYNC_X86_REGS. */
  public KvmRegs regs() {
    return regs;
  }

  /** The segment and control registers in this page; valid with KVM_SYNC_X86_SREGS. */
  public KvmSregs sregs() {
    return sregs;
  }

  /** The pending events in this page; valid with KVM_SYNC_X86_EVENTS. */
  public KvmVcpuEvents events() {
    return events;
  }
}
