package io.vivarium.assist;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * XSAVE, XRSTOR and their company (SDM 1, chapter 13). The vCPU's own state comes and goes in the
 * standard format; supervisor components don't exist here (IA32_XSS is zero).
 */
final class XsaveOps {
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  static final int MXCSR = 24;
  static final int MXCSR_MASK = 28;
  static final int MXCSR_INITIAL = 0x1f80;
  static final int FCW_INITIAL = 0x37f;
  private static final int XMM = 160;
  private static final int XMM_END = 416;
  static final int XSTATE_BV = 512;
  private static final int XCOMP_BV = 520;
  private static final long COMPACTED = 1L << 63;

  private final LinearMemory memory;
  private final XsaveLayout layout;
  private final MemorySegment scratch;

  XsaveOps(LinearMemory memory, XsaveLayout layout) {
    this.memory = memory;
    this.layout = layout;
    this.scratch = Arena.ofAuto().allocate(16384, 64);
  }

  void perform(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    if ((cpu.cr4() & CpuState.CR4_OSXSAVE) == 0 || instruction.lock()) {
      throw GuestFault.invalidOpcode();
    }
    if ((cpu.cr0() & CpuState.CR0_TS) != 0) {
      throw GuestFault.deviceNotAvailable();
    }
    Op op = instruction.op();
    if ((op == Op.XSAVES || op == Op.XRSTORS) && cpu.cpl() != 0) {
      throw GuestFault.generalProtection(0);
    }
    long address =
        memory.address(cpu, instruction.memoryOperand(), nextRip, XsaveLayout.HEADER_END);
    if ((address & 63) != 0) {
      throw GuestFault.generalProtection(0);
    }
    long xcr0 = cpu.xcr0();
    long requested =
        xcr0 & ((cpu.register(CpuState.RDX) << 32) | (cpu.register(CpuState.RAX) & 0xffff_ffffL));
    switch (op) {
      case XSAVE, XSAVEOPT -> save(cpu, address, requested, op == Op.XSAVEOPT);
      case XSAVEC, XSAVES -> saveCompacted(cpu, address, requested);
      default -> restore(cpu, address, requested, xcr0, op == Op.XRSTORS);
    }
  }

  /** XGETBV: XCR0, or for ECX = 1 the components in use. */
  static void getBitVector(CpuState cpu) throws GuestFault {
    if ((cpu.cr4() & CpuState.CR4_OSXSAVE) == 0) {
      throw GuestFault.invalidOpcode();
    }
    int number = (int) cpu.register(CpuState.RCX);
    if (number != 0 && number != 1) {
      throw GuestFault.generalProtection(0);
    }
    long value = cpu.xcr0();
    if (number == 1) {
      value &= cpu.loadXsave().get(U64, XSTATE_BV);
    }
    cpu.setRegister(CpuState.RAX, value & 0xffff_ffffL);
    cpu.setRegister(CpuState.RDX, value >>> 32);
  }

  private void save(CpuState cpu, long address, long requested, boolean optimized)
      throws GuestFault {
    MemorySegment state = cpu.loadXsave();
    long inUse = state.get(U64, XSTATE_BV);
    long written = optimized ? requested & inUse : requested;
    memory.checkWritable(cpu, address, layout.standardSize(requested));
    long header = memory.read(cpu, address + XSTATE_BV, 8);
    writeLegacy(cpu, address, state, written, (requested & 6) != 0);
    for (int i = 2; i < XsaveLayout.COMPONENTS; i++) {
      if ((written >>> i & 1) != 0 && layout.size(i) != 0) {
        int offset = layout.offset(i);
        memory.write(cpu, address + offset, state.asSlice(offset, layout.size(i)));
      }
    }
    memory.write(cpu, address + XSTATE_BV, 8, (header & ~requested) | (inUse & requested));
  }

  private void saveCompacted(CpuState cpu, long address, long requested) throws GuestFault {
    MemorySegment state = cpu.loadXsave();
    long inUse = state.get(U64, XSTATE_BV);
    if (state.get(U32, MXCSR) != MXCSR_INITIAL) {
      // MXCSR belongs to SSE here and counts for its being in use (SDM 1, 13.10).
      inUse |= XsaveLayout.SSE;
    }
    int end = layout.compactedOffset(requested, XsaveLayout.COMPONENTS);
    memory.checkWritable(cpu, address, end);
    long written = requested & inUse;
    writeLegacy(cpu, address, state, written, (written & XsaveLayout.SSE) != 0);
    for (int i = 2; i < XsaveLayout.COMPONENTS; i++) {
      if ((written >>> i & 1) != 0) {
        MemorySegment component = state.asSlice(layout.offset(i), layout.size(i));
        memory.write(cpu, address + layout.compactedOffset(requested, i), component);
      }
    }
    memory.write(cpu, address + XSTATE_BV, 8, written);
    memory.write(cpu, address + XCOMP_BV, 8, requested | COMPACTED);
  }

  /** The 512 bytes that FXSAVE knows too, without those that no requested component owns. */
  private void writeLegacy(
      CpuState cpu, long address, MemorySegment state, long components, boolean mxcsr)
      throws GuestFault {
    if ((components & XsaveLayout.X87) != 0) {
      memory.write(cpu, address, state.asSlice(0, MXCSR));
      memory.write(cpu, address + 32, state.asSlice(32, XMM - 32));
    }
    if (mxcsr) {
      memory.write(cpu, address + MXCSR, state.asSlice(MXCSR, 8));
    }
    if ((components & XsaveLayout.SSE) != 0) {
      memory.write(cpu, address + XMM, state.asSlice(XMM, XMM_END - XMM));
    }
  }

  private void restore(CpuState cpu, long address, long requested, long xcr0, boolean supervisor)
      throws GuestFault {
    MemorySegment source = scratch;
    memory.read(cpu, address, source.asSlice(0, XsaveLayout.HEADER_END));
    long present = source.get(U64, XSTATE_BV);
    long compaction = source.get(U64, XCOMP_BV);
    boolean compacted = (compaction & COMPACTED) != 0;
    checkHeader(source, present, compaction, xcr0, supervisor);
    long loaded = requested & present;
    for (int i = 2; i < XsaveLayout.COMPONENTS; i++) {
      if ((loaded >>> i & 1) != 0) {
        int offset =
            compacted ? layout.compactedOffset(compaction & ~COMPACTED, i) : layout.offset(i);
        // Read to where the standard format has it.
        memory.read(cpu, address + offset, source.asSlice(layout.offset(i), layout.size(i)));
      }
    }
    boolean loadsMxcsr = compacted ? (loaded & XsaveLayout.SSE) != 0 : (requested & 6) != 0;
    int mxcsr = source.get(U32, MXCSR);
    MemorySegment state = cpu.loadXsave();
    if (loadsMxcsr && (mxcsr & ~mxcsrMask(state)) != 0) {
      throw GuestFault.generalProtection(0);
    }
    replaceComponents(state, source, requested, loaded);
    if (loadsMxcsr) {
      state.set(U32, MXCSR, mxcsr);
    } else if (compacted && (requested & XsaveLayout.SSE) != 0) {
      state.set(U32, MXCSR, MXCSR_INITIAL);
    }
    long inUse = (state.get(U64, XSTATE_BV) & ~requested) | loaded;
    if (state.get(U32, MXCSR) != MXCSR_INITIAL) {
      // The host takes MXCSR from an image only when this bit is set.
      inUse |= XsaveLayout.SSE;
    }
    state.set(U64, XSTATE_BV, inUse);
    cpu.storeXsave();
  }

  /** SDM 1, 13.8.1 and 13.8.2. */
  private static void checkHeader(
      MemorySegment header, long present, long compaction, long xcr0, boolean supervisor)
      throws GuestFault {
    boolean bad = (present & ~xcr0) != 0;
    if ((compaction & COMPACTED) != 0) {
      long components = compaction & ~COMPACTED;
      bad |= (components & ~xcr0) != 0 || (present & ~components) != 0;
      for (int i = 528; i < XsaveLayout.HEADER_END; i += 8) {
        bad |= header.get(U64, i) != 0;
      }
    } else {
      bad |= supervisor || compaction != 0 || header.get(U64, 528) != 0;
    }
    if (bad) {
      throw GuestFault.generalProtection(0);
    }
  }

  private void replaceComponents(
      MemorySegment state, MemorySegment source, long requested, long loaded) {
    if ((requested & XsaveLayout.X87) != 0) {
      if ((loaded & XsaveLayout.X87) != 0) {
        MemorySegment.copy(source, 0, state, 0, MXCSR);
        MemorySegment.copy(source, 32, state, 32, XMM - 32);
      } else {
        initialiseX87(state);
      }
    }
    if ((requested & XsaveLayout.SSE) != 0) {
      if ((loaded & XsaveLayout.SSE) != 0) {
        MemorySegment.copy(source, XMM, state, XMM, XMM_END - XMM);
      } else {
        state.asSlice(XMM, XMM_END - XMM).fill((byte) 0);
      }
    }
    for (int i = 2; i < XsaveLayout.COMPONENTS; i++) {
      if ((requested >>> i & 1) != 0 && layout.size(i) != 0) {
        int at = layout.offset(i);
        if ((loaded >>> i & 1) != 0) {
          MemorySegment.copy(source, at, state, at, layout.size(i));
        } else {
          state.asSlice(at, layout.size(i)).fill((byte) 0);
        }
      }
    }
  }

  /** FNINIT's state, with the registers cleared too as XRSTOR does (SDM 1, 13.6). */
  static void initialiseX87(MemorySegment state) {
    state.asSlice(0, MXCSR).fill((byte) 0);
    state.asSlice(32, XMM - 32).fill((byte) 0);
    state.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) FCW_INITIAL);
  }

  /**
   * Corrects MXCSR in an image from KVM. SSE not being in use implies MXCSR's initial value, but
   * the kernel then leaves in the image what it last saved there.
   */
  static void settleMxcsr(MemorySegment image) {
    if ((image.get(U64, XSTATE_BV) & XsaveLayout.SSE) == 0) {
      image.set(U32, MXCSR, MXCSR_INITIAL);
    }
  }

  /** Which MXCSR bits may be set; zero in the image means the default (SDM 1, 11.6.6). */
  static int mxcsrMask(MemorySegment state) {
    int mask = state.get(U32, MXCSR_MASK);
    return mask == 0 ? 0xffbf : mask;
  }
}
