package io.vivarium.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.vivarium.kvm.abi.VcpuStructs.Dtable;
import io.vivarium.kvm.abi.VcpuStructs.Segment;
import io.vivarium.kvm.abi.VcpuStructs.Sregs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The segment and control registers, a view of {@code struct kvm_sregs} in native memory. */
public final class KvmSregs {
  public static final int SIZE = Sregs.SIZE;

  private final MemorySegment struct;
  private final KvmSegment cs;
  private final KvmSegment ds;
  private final KvmSegment es;
  private final KvmSegment fs;
  private final KvmSegment gs;
  private final KvmSegment ss;
  private final KvmSegment tr;
  private final KvmSegment ldt;

  KvmSregs(MemorySegment struct) {
    this.struct = struct;
    cs = segmentAt(Sregs.CS);
    ds = segmentAt(Sregs.DS);
    es = segmentAt(Sregs.ES);
    fs = segmentAt(Sregs.FS);
    gs = segmentAt(Sregs.GS);
    ss = segmentAt(Sregs.SS);
    tr = segmentAt(Sregs.TR);
    ldt = segmentAt(Sregs.LDT);
  }

  private KvmSegment segmentAt(int offset) {
    return new KvmSegment(struct.asSlice(offset, Segment.SIZE));
  }

  /** Zeroed registers in memory of their own. */
  public static KvmSregs allocate() {
    return new KvmSregs(Arena.ofAuto().allocate(SIZE, 8));
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
    copy("kvm_sregs", bytes, struct);
  }

  static void copy(String name, byte[] bytes, MemorySegment struct) {
    if (bytes.length != struct.byteSize()) {
      throw new IllegalArgumentException(
          "%s has %d bytes, not %d".formatted(name, struct.byteSize(), bytes.length));
    }
    MemorySegment.copy(bytes, 0, struct, JAVA_BYTE, 0, bytes.length);
  }

  /** Privilege level that the vCPU runs at, 0 to 3. */
  public int cpl() {
    return ss.dpl();
  }

  public KvmSegment cs() {
    return cs;
  }

  public KvmSegment ds() {
    return ds;
  }

  public KvmSegment es() {
    return es;
  }

  public KvmSegment fs() {
    return fs;
  }

  public KvmSegment gs() {
    return gs;
  }

  public KvmSegment ss() {
    return ss;
  }

  public KvmSegment tr() {
    return tr;
  }

  public KvmSegment ldt() {
    return ldt;
  }

  public long gdtBase() {
    return struct.get(JAVA_LONG, Sregs.GDT + Dtable.BASE);
  }

  public void gdtBase(long value) {
    struct.set(JAVA_LONG, Sregs.GDT + Dtable.BASE, value);
  }

  public int gdtLimit() {
    return struct.get(JAVA_SHORT, Sregs.GDT + Dtable.LIMIT) & 0xffff;
  }

  public void gdtLimit(int value) {
    struct.set(JAVA_SHORT, Sregs.GDT + Dtable.LIMIT, (short) value);
  }

  public long idtBase() {
    return struct.get(JAVA_LONG, Sregs.IDT + Dtable.BASE);
  }

  public void idtBase(long value) {
    struct.set(JAVA_LONG, Sregs.IDT + Dtable.BASE, value);
  }

  public int idtLimit() {
    return struct.get(JAVA_SHORT, Sregs.IDT + Dtable.LIMIT) & 0xffff;
  }

  public void idtLimit(int value) {
    struct.set(JAVA_SHORT, Sregs.IDT + Dtable.LIMIT, (short) value);
  }

  public long cr0() {
    return struct.get(JAVA_LONG, Sregs.CR0);
  }

  public void cr0(long value) {
    struct.set(JAVA_LONG, Sregs.CR0, value);
  }

  public long cr2() {
    return struct.get(JAVA_LONG, Sregs.CR2);
  }

  public void cr2(long value) {
    struct.set(JAVA_LONG, Sregs.CR2, value);
  }

  public long cr3() {
    return struct.get(JAVA_LONG, Sregs.CR3);
  }

  public void cr3(long value) {
    struct.set(JAVA_LONG, Sregs.CR3, value);
  }

  public long cr4() {
    return struct.get(JAVA_LONG, Sregs.CR4);
  }

  public void cr4(long value) {
    struct.set(JAVA_LONG, Sregs.CR4, value);
  }

  public long cr8() {
    return struct.get(JAVA_LONG, Sregs.CR8);
  }

  public void cr8(long value) {
    struct.set(JAVA_LONG, Sregs.CR8, value);
  }

  public long efer() {
    return struct.get(JAVA_LONG, Sregs.EFER);
  }

  public void efer(long value) {
    struct.set(JAVA_LONG, Sregs.EFER, value);
  }

  public long apicBase() {
    return struct.get(JAVA_LONG, Sregs.APIC_BASE);
  }

  public void apicBase(long value) {
    struct.set(JAVA_LONG, Sregs.APIC_BASE, value);
  }

  /** Word {@code i} (0 to 3) of the bitmap of the external interrupt that waits to be taken. */
  public long interruptBitmap(int i) {
    return struct.get(JAVA_LONG, Sregs.INTERRUPT_BITMAP + 8L * i);
  }

  public void interruptBitmap(int i, long value) {
    struct.set(JAVA_LONG, Sregs.INTERRUPT_BITMAP + 8L * i, value);
  }
}
