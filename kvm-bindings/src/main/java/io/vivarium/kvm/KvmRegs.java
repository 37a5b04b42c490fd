package io.vivarium.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.vivarium.kvm.abi.VcpuStructs.Regs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The general registers, a view of {@code struct kvm_regs} in native memory. */
public final class KvmRegs {
  public static final int SIZE = Regs.SIZE;

  /** Offset of the register that an instruction encodes by a number: rax, rcx, rdx, rbx, rsp... */
  private static final int[] ENCODED = {
    Regs.RAX, Regs.RCX, Regs.RDX, Regs.RBX, Regs.RSP, Regs.RBP, Regs.RSI, Regs.RDI,
    Regs.R8, Regs.R9, Regs.R10, Regs.R11, Regs.R12, Regs.R13, Regs.R14, Regs.R15
  };

  private final MemorySegment struct;

  KvmRegs(MemorySegment struct) {
    this.struct = struct;
  }

  /** Zeroed registers in memory of their own. */
  public static KvmRegs allocate() {
    return new KvmRegs(Arena.ofAuto().allocate(SIZE, 8));
  }

  /** The struct itself, {@value #SIZE} bytes. */
  public MemorySegment segment() {
    return struct;
  }

  /** The struct's bytes, a copy. */
  public byte[] toBytes() {
    return struct.toArray(JAVA_BYTE);
  }

  /** Sets the struct from bytes. Throws IllegalArgumentException at a wrong length. */
  public void setBytes(byte[] bytes) {
    KvmSregs.copy("kvm_regs", bytes, struct);
  }

  /** The register of an instruction's encoding: 0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp ... 15 r15. */
  public long gpr(int encoded) {
    return struct.get(JAVA_LONG, ENCODED[encoded]);
  }

  public void gpr(int encoded, long value) {
    struct.set(JAVA_LONG, ENCODED[encoded], value);
  }

  public long rax() {
    return struct.get(JAVA_LONG, Regs.RAX);
  }

  public void rax(long value) {
    struct.set(JAVA_LONG, Regs.RAX, value);
  }

  public long rbx() {
    return struct.get(JAVA_LONG, Regs.RBX);
  }

  public void rbx(long value) {
    struct.set(JAVA_LONG, Regs.RBX, value);
  }

  public long rcx() {
    return struct.get(JAVA_LONG, Regs.RCX);
  }

  public void rcx(long value) {
    struct.set(JAVA_LONG, Regs.RCX, value);
  }

  public long rdx() {
    return struct.get(JAVA_LONG, Regs.RDX);
  }

  public void rdx(long value) {
    struct.set(JAVA_LONG, Regs.RDX, value);
  }

  public long rsi() {
    return struct.get(JAVA_LONG, Regs.RSI);
  }

  public void rsi(long value) {
    struct.set(JAVA_LONG, Regs.RSI, value);
  }

  public long rdi() {
    return struct.get(JAVA_LONG, Regs.RDI);
  }

  public void rdi(long value) {
    struct.set(JAVA_LONG, Regs.RDI, value);
  }

  public long rsp() {
    return struct.get(JAVA_LONG, Regs.RSP);
  }

  public void rsp(long value) {
    struct.set(JAVA_LONG, Regs.RSP, value);
  }

  public long rbp() {
    return struct.get(JAVA_LONG, Regs.RBP);
  }

  public void rbp(long value) {
    struct.set(JAVA_LONG, Regs.RBP, value);
  }

  public long r8() {
    return struct.get(JAVA_LONG, Regs.R8);
  }

  public void r8(long value) {
    struct.set(JAVA_LONG, Regs.R8, value);
  }

  public long r9() {
    return struct.get(JAVA_LONG, Regs.R9);
  }

  public void r9(long value) {
    struct.set(JAVA_LONG, Regs.R9, value);
  }

  public long r10() {
    return struct.get(JAVA_LONG, Regs.R10);
  }

  public void r10(long value) {
    struct.set(JAVA_LONG, Regs.R10, value);
  }

  public long r11() {
    return struct.get(JAVA_LONG, Regs.R11);
  }

  public void r11(long value) {
    struct.set(JAVA_LONG, Regs.R11, value);
  }

  public long r12() {
    return struct.get(JAVA_LONG, Regs.R12);
  }

  public void r12(long value) {
    struct.set(JAVA_LONG, Regs.R12, value);
  }

  public long r13() {
    return struct.get(JAVA_LONG, Regs.R13);
  }

  public void r13(long value) {
    struct.set(JAVA_LONG, Regs.R13, value);
  }

  public long r14() {
    return struct.get(JAVA_LONG, Regs.R14);
  }

  public void r14(long value) {
    struct.set(JAVA_LONG, Regs.R14, value);
  }

  public long r15() {
    return struct.get(JAVA_LONG, Regs.R15);
  }

  public void r15(long value) {
    struct.set(JAVA_LONG, Regs.R15, value);
  }

  public long rip() {
    return struct.get(JAVA_LONG, Regs.RIP);
  }

  public void rip(long value) {
    struct.set(JAVA_LONG, Regs.RIP, value);
  }

  public long rflags() {
    return struct.get(JAVA_LONG, Regs.RFLAGS);
  }

  public void rflags(long value) {
    struct.set(JAVA_LONG, Regs.RFLAGS, value);
  }
}
