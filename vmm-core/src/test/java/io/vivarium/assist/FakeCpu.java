package io.vivarium.assist;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/** Registers without a vCPU: 64-bit ring 0 without paging, until a test says otherwise. */
final class FakeCpu implements CpuState {
  private static final int XSAVE_SIZE = 832;

  static final XsaveLayout LAYOUT = new XsaveLayout();

  static {
    LAYOUT.component(2, 576, 256, false);
  }

  final long[] registers = new long[16];
  final Segment[] segments = new Segment[6];
  final Map<Integer, Long> msrs = new HashMap<>();
  final MemorySegment xsave;
  private final MemorySegment shown;

  long rip;
  long rflags = 2;
  long cr0 = CR0_PE | CR0_NE;
  long cr2;
  long cr3;
  long cr4 = CR4_OSFXSR | CR4_OSXSAVE | CR4_PAE | CR4_FSGSBASE;
  long efer = EFER_LMA | EFER_NXE;
  long xcr0 = 7;
  int codeBits = 64;
  long idtBase;
  int idtLimit = 0xfff;
  long gdtBase;
  int gdtLimit = 0xff;

  /** With x87, SSE and AVX, laid out as {@link #LAYOUT}. */
  FakeCpu() {
    this(XSAVE_SIZE);
  }

  /** With {@code xsaveSize} bytes of standard-format state. */
  FakeCpu(int xsaveSize) {
    xsave = Arena.ofAuto().allocate(xsaveSize, 64);
    shown = Arena.ofAuto().allocate(xsaveSize, 64);
    for (int i = 0; i < 6; i++) {
      segments[i] = new Segment(0x18, 0, -1, 3, 0, false, true, false, true, true);
    }
    segments[CS] = new Segment(0x10, 0, -1, 11, 0, false, true, true, false, true);
    xsave.set(ValueLayout.JAVA_SHORT, 0, (short) XsaveOps.FCW_INITIAL);
    xsave.set(ValueLayout.JAVA_INT, XsaveOps.MXCSR, XsaveOps.MXCSR_INITIAL);
    xsave.set(ValueLayout.JAVA_INT, XsaveOps.MXCSR_MASK, 0xffff);
  }

  /** Ring 0 or 3, by the selector's requested privilege level. */
  void ring(int ring) {
    Segment cs = segments[CS];
    segments[CS] =
        new Segment(
            (cs.selector() & ~3) | ring,
            0,
            -1,
            11,
            ring,
            false,
            true,
            cs.longMode(),
            cs.big(),
            true);
  }

  @Override
  public long register(int number) {
    return registers[number];
  }

  @Override
  public void setRegister(int number, long value) {
    registers[number] = value;
  }

  @Override
  public long rip() {
    return rip;
  }

  @Override
  public void setRip(long value) {
    rip = value;
  }

  @Override
  public long rflags() {
    return rflags;
  }

  @Override
  public void setRflags(long value) {
    rflags = value;
  }

  @Override
  public Segment segment(int number) {
    return segments[number];
  }

  @Override
  public void setSegment(int number, Segment segment) {
    segments[number] = segment;
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
    return codeBits;
  }

  @Override
  public long idtBase() {
    return idtBase;
  }

  @Override
  public int idtLimit() {
    return idtLimit;
  }

  @Override
  public long gdtBase() {
    return gdtBase;
  }

  @Override
  public int gdtLimit() {
    return gdtLimit;
  }

  @Override
  public long cr0() {
    return cr0;
  }

  @Override
  public void setCr2(long value) {
    cr2 = value;
  }

  @Override
  public long cr3() {
    return cr3;
  }

  @Override
  public long cr4() {
    return cr4;
  }

  @Override
  public long efer() {
    return efer;
  }

  @Override
  public long msr(int index) {
    return msrs.getOrDefault(index, 0L);
  }

  @Override
  public long xcr0() {
    return xcr0;
  }

  @Override
  public MemorySegment loadXsave() {
    return shown.copyFrom(xsave);
  }

  @Override
  public void storeXsave() {
    xsave.copyFrom(shown);
  }
}
