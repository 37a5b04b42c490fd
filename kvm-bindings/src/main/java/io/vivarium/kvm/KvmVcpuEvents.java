package io.vivarium.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.vivarium.kvm.abi.VcpuStructs.VcpuEvents;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Exceptions, interrupts and NMIs on their way into the vCPU, a view of {@code struct
 * kvm_vcpu_events} in native memory.
 */
public final class KvmVcpuEvents {
  public static final int SIZE = VcpuEvents.SIZE;

  private final MemorySegment struct;

  KvmVcpuEvents(MemorySegment struct) {
    this.struct = struct;
  }

  /** Nothing pending, in memory of its own. */
  public static KvmVcpuEvents allocate() {
    return new KvmVcpuEvents(Arena.ofAuto().allocate(SIZE, 8));
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
    KvmSregs.copy("kvm_vcpu_events", bytes, struct);
  }

  /** Makes an exception without error code the next thing that the vCPU takes. */
  public void injectException(int vector) {
    exceptionInjected(1);
    exceptionNr(vector);
    exceptionHasErrorCode(0);
    exceptionErrorCode(0);
    exceptionPending(0);
  }

  /** Makes an exception with error code the next thing that the vCPU takes. */
  public void injectException(int vector, int errorCode) {
    injectException(vector);
    exceptionHasErrorCode(1);
    exceptionErrorCode(errorCode);
  }

  public int exceptionInjected() {
    return struct.get(JAVA_BYTE, VcpuEvents.EXCEPTION__INJECTED) & 0xff;
  }

  public void exceptionInjected(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.EXCEPTION__INJECTED, (byte) value);
  }

  public int exceptionNr() {
    return struct.get(JAVA_BYTE, VcpuEvents.EXCEPTION__NR) & 0xff;
  }

  public void exceptionNr(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.EXCEPTION__NR, (byte) value);
  }

  public int exceptionHasErrorCode() {
    return struct.get(JAVA_BYTE, VcpuEvents.EXCEPTION__HAS_ERROR_CODE) & 0xff;
  }

  public void exceptionHasErrorCode(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.EXCEPTION__HAS_ERROR_CODE, (byte) value);
  }

  public int exceptionPending() {
    return struct.get(JAVA_BYTE, VcpuEvents.EXCEPTION__PENDING) & 0xff;
  }

  public void exceptionPending(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.EXCEPTION__PENDING, (byte) value);
  }

  public int exceptionErrorCode() {
    return struct.get(JAVA_INT, VcpuEvents.EXCEPTION__ERROR_CODE);
  }

  public void exceptionErrorCode(int value) {
    struct.set(JAVA_INT, VcpuEvents.EXCEPTION__ERROR_CODE, value);
  }

  public int interruptInjected() {
    return struct.get(JAVA_BYTE, VcpuEvents.INTERRUPT__INJECTED) & 0xff;
  }

  public void interruptInjected(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.INTERRUPT__INJECTED, (byte) value);
  }

  public int interruptNr() {
    return struct.get(JAVA_BYTE, VcpuEvents.INTERRUPT__NR) & 0xff;
  }

  public void interruptNr(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.INTERRUPT__NR, (byte) value);
  }

  public int interruptSoft() {
    return struct.get(JAVA_BYTE, VcpuEvents.INTERRUPT__SOFT) & 0xff;
  }

  public void interruptSoft(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.INTERRUPT__SOFT, (byte) value);
  }

  public int interruptShadow() {
    return struct.get(JAVA_BYTE, VcpuEvents.INTERRUPT__SHADOW) & 0xff;
  }

  public void interruptShadow(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.INTERRUPT__SHADOW, (byte) value);
  }

  public int nmiInjected() {
    return struct.get(JAVA_BYTE, VcpuEvents.NMI__INJECTED) & 0xff;
  }

  public void nmiInjected(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.NMI__INJECTED, (byte) value);
  }

  public int nmiPending() {
    return struct.get(JAVA_BYTE, VcpuEvents.NMI__PENDING) & 0xff;
  }

  public void nmiPending(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.NMI__PENDING, (byte) value);
  }

  public int nmiMasked() {
    return struct.get(JAVA_BYTE, VcpuEvents.NMI__MASKED) & 0xff;
  }

  public void nmiMasked(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.NMI__MASKED, (byte) value);
  }

  public int sipiVector() {
    return struct.get(JAVA_INT, VcpuEvents.SIPI_VECTOR);
  }

  public void sipiVector(int value) {
    struct.set(JAVA_INT, VcpuEvents.SIPI_VECTOR, value);
  }

  public int flags() {
    return struct.get(JAVA_INT, VcpuEvents.FLAGS);
  }

  public void flags(int value) {
    struct.set(JAVA_INT, VcpuEvents.FLAGS, value);
  }

  public int smiSmm() {
    return struct.get(JAVA_BYTE, VcpuEvents.SMI__SMM) & 0xff;
  }

  public void smiSmm(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.SMI__SMM, (byte) value);
  }

  public int smiPending() {
    return struct.get(JAVA_BYTE, VcpuEvents.SMI__PENDING) & 0xff;
  }

  public void smiPending(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.SMI__PENDING, (byte) value);
  }

  public int smiSmmInsideNmi() {
    return struct.get(JAVA_BYTE, VcpuEvents.SMI__SMM_INSIDE_NMI) & 0xff;
  }

  public void smiSmmInsideNmi(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.SMI__SMM_INSIDE_NMI, (byte) value);
  }

  public int smiLatchedInit() {
    return struct.get(JAVA_BYTE, VcpuEvents.SMI__LATCHED_INIT) & 0xff;
  }

  public void smiLatchedInit(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.SMI__LATCHED_INIT, (byte) value);
  }

  public int tripleFaultPending() {
    return struct.get(JAVA_BYTE, VcpuEvents.TRIPLE_FAULT__PENDING) & 0xff;
  }

  public void tripleFaultPending(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.TRIPLE_FAULT__PENDING, (byte) value);
  }

  public int exceptionHasPayload() {
    return struct.get(JAVA_BYTE, VcpuEvents.EXCEPTION_HAS_PAYLOAD) & 0xff;
  }

  public void exceptionHasPayload(int value) {
    struct.set(JAVA_BYTE, VcpuEvents.EXCEPTION_HAS_PAYLOAD, (byte) value);
  }

  public long exceptionPayload() {
    return struct.get(JAVA_LONG, VcpuEvents.EXCEPTION_PAYLOAD);
  }

  public void exceptionPayload(long value) {
    struct.set(JAVA_LONG, VcpuEvents.EXCEPTION_PAYLOAD, value);
  }
}
