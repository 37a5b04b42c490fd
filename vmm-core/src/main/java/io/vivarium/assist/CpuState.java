package io.vivarium.assist;

import java.lang.foreign.MemorySegment;

/**
 * The registers of a stopped vCPU, as the instructions of this package see them. Changes are
 * visible to later reads at once and to the guest when it next runs.
 */
interface CpuState {
  int RAX = 0;
  int RCX = 1;
  int RDX = 2;
  int RBX = 3;
  int RSP = 4;

  int ES = 0;
  int CS = 1;
  int SS = 2;
  int DS = 3;
  int FS = 4;
  int GS = 5;

  long FLAG_CF = 1;
  long FLAG_PF = 1 << 2;
  long FLAG_AF = 1 << 4;
  long FLAG_ZF = 1 << 6;
  long FLAG_SF = 1 << 7;
  long FLAG_TF = 1 << 8;
  long FLAG_IF = 1 << 9;
  long FLAG_OF = 1 << 11;
  long FLAG_NT = 1 << 14;
  long FLAG_RF = 1 << 16;
  long FLAG_VM = 1 << 17;
  long FLAG_AC = 1 << 18;

  long CR0_PE = 1;
  long CR0_MP = 1 << 1;
  long CR0_EM = 1 << 2;
  long CR0_TS = 1 << 3;
  long CR0_NE = 1 << 5;
  long CR0_WP = 1 << 16;
  long CR0_PG = 1L << 31;

  long CR4_PSE = 1 << 4;
  long CR4_PAE = 1 << 5;
  long CR4_OSFXSR = 1 << 9;
  long CR4_LA57 = 1 << 12;
  long CR4_FSGSBASE = 1 << 16;
  long CR4_OSXSAVE = 1 << 18;
  long CR4_SMEP = 1 << 20;
  long CR4_SMAP = 1 << 21;
  long CR4_PKE = 1 << 22;

  long EFER_LMA = 1 << 10;
  long EFER_NXE = 1 << 11;

  int MSR_STAR = 0xc0000081;
  int MSR_LSTAR = 0xc0000082;
  int MSR_SYSCALL_MASK = 0xc0000084;

  /**
   * A segment register with its hidden part (SDM 3A, 3.4.3).
   *
   * @param selector 16 bits
   * @param base linear address
   * @param limit in bytes, already scaled by the granularity bit
   * @param type type field of the descriptor, 4 bits
   * @param dpl descriptor privilege level
   * @param system false for code and data (the S bit of the descriptor is set)
   * @param present whether it is usable
   * @param longMode L bit
   * @param big D/B bit
   * @param granularity G bit
   */
  record Segment(
      int selector,
      long base,
      int limit,
      int type,
      int dpl,
      boolean system,
      boolean present,
      boolean longMode,
      boolean big,
      boolean granularity) {
    Segment withBase(long newBase) {
      return new Segment(
          selector, newBase, limit, type, dpl, system, present, longMode, big, granularity);
    }
  }

  /** A general register by its number in encodings, 0 (RAX) to 15 (R15). */
  long register(int number);

  void setRegister(int number, long value);

  long rip();

  void setRip(long value);

  long rflags();

  void setRflags(long value);

  /** A segment register by its number in encodings, {@link #ES} to {@link #GS}. */
  Segment segment(int number);

  void setSegment(int number, Segment segment);

  /** Same as {@code segment(number).base()}, cheaper. */
  long segmentBase(int number);

  /** Same as {@code segment(number).selector()}, cheaper. */
  int selector(int number);

  /** 16, 32 or 64: how the current code segment makes the processor decode. */
  int codeBits();

  long idtBase();

  int idtLimit();

  long gdtBase();

  int gdtLimit();

  long cr0();

  void setCr2(long value);

  long cr3();

  long cr4();

  long efer();

  /** A model-specific register; costs a system call. */
  long msr(int index);

  /** XCR0; costs a system call. */
  long xcr0();

  /**
   * The extended state in the standard format of XSAVE, read from the vCPU now (a system call).
   * What is changed in it reaches the vCPU with {@link #storeXsave}.
   */
  MemorySegment loadXsave();

  /** Makes the image returned by the last {@link #loadXsave} the vCPU's extended state. */
  void storeXsave();

  /** Current privilege level, 0 to 3 (SDM 3A, 5.5). */
  default int cpl() {
    if ((cr0() & CR0_PE) == 0) {
      return 0;
    }
    return (rflags() & FLAG_VM) != 0 ? 3 : selector(CS) & 3;
  }

  default boolean longModeActive() {
    return (efer() & EFER_LMA) != 0;
  }
}
