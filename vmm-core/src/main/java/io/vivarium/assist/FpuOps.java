package io.vivarium.assist;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** x87 control instructions, FXSAVE and MXCSR (SDM 1, chapters 8 and 10). */
final class FpuOps {
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int FSW = 2;
  private static final int FTW = 4;
  private static final int REGISTERS = 32;
  private static final int REGISTER_SIZE = 16;
  private static final int FCW_WRITABLE = 0x1f3f;

  /** Reads as one. */
  private static final int FCW_FIXED = 0x40;

  private static final int FSW_ERROR_SUMMARY = 1 << 7;
  private static final int FSW_EXCEPTIONS = 0x80ff;

  /** FXSAVE writes 416 bytes; the rest is the operating system's. */
  private static final int FXSAVE_WRITTEN = 416;

  private static final int XMM_64 = 256;
  private static final int XMM_32 = 128;

  private final LinearMemory memory;

  FpuOps(LinearMemory memory) {
    this.memory = memory;
  }

  void perform(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    switch (instruction.op()) {
      case FWAIT -> wait(cpu);
      case FNINIT -> initialise(cpu);
      case FNCLEX -> clearExceptions(cpu);
      case FNSTCW, FNSTSW -> storeWord(cpu, instruction, nextRip);
      case FLDCW -> loadControlWord(cpu, instruction, nextRip);
      case LDMXCSR, STMXCSR -> mxcsr(cpu, instruction, nextRip);
      case FXSAVE -> fxsave(cpu, instruction, nextRip);
      default -> fxrstor(cpu, instruction, nextRip);
    }
  }

  private static void wait(CpuState cpu) throws GuestFault {
    long both = CpuState.CR0_MP | CpuState.CR0_TS;
    if ((cpu.cr0() & both) == both) {
      throw GuestFault.deviceNotAvailable();
    }
    raisePending(cpu, cpu.loadXsave());
  }

  private static void raisePending(CpuState cpu, MemorySegment state) throws GuestFault {
    boolean pending = (state.get(U16, FSW) & FSW_ERROR_SUMMARY) != 0;
    if (pending && (cpu.cr0() & CpuState.CR0_NE) != 0) {
      throw GuestFault.x87();
    }
  }

  private static void requireFpu(CpuState cpu) throws GuestFault {
    if ((cpu.cr0() & (CpuState.CR0_EM | CpuState.CR0_TS)) != 0) {
      throw GuestFault.deviceNotAvailable();
    }
  }

  private static void initialise(CpuState cpu) throws GuestFault {
    requireFpu(cpu);
    MemorySegment state = cpu.loadXsave();
    // The data registers keep their contents, only their tags say empty (SDM 2A, FINIT). An image
    // counts them from the top of the stack, which moves to register 0.
    int top = state.get(U16, FSW) >>> 11 & 7;
    byte[] old = state.asSlice(REGISTERS, 8 * REGISTER_SIZE).toArray(ValueLayout.JAVA_BYTE);
    for (int i = 0; i < 8; i++) {
      int from = ((i - top) & 7) * REGISTER_SIZE;
      MemorySegment.copy(
          old,
          from,
          state,
          ValueLayout.JAVA_BYTE,
          REGISTERS + (long) i * REGISTER_SIZE,
          REGISTER_SIZE);
    }
    state.asSlice(0, XsaveOps.MXCSR).fill((byte) 0);
    state.set(U16, 0, (short) XsaveOps.FCW_INITIAL);
    storeX87(cpu, state);
  }

  private static void clearExceptions(CpuState cpu) throws GuestFault {
    requireFpu(cpu);
    MemorySegment state = cpu.loadXsave();
    state.set(U16, FSW, (short) (state.get(U16, FSW) & ~FSW_EXCEPTIONS));
    storeX87(cpu, state);
  }

  private static void storeX87(CpuState cpu, MemorySegment state) {
    long inUse = state.get(U64, XsaveOps.XSTATE_BV) | XsaveLayout.X87;
    state.set(U64, XsaveOps.XSTATE_BV, inUse);
    cpu.storeXsave();
  }

  private void storeWord(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    requireFpu(cpu);
    int offset = instruction.op() == Op.FNSTCW ? 0 : FSW;
    int value = cpu.loadXsave().get(U16, offset) & 0xffff;
    if (instruction.memory() == null) {
      long rax = cpu.register(CpuState.RAX);
      cpu.setRegister(CpuState.RAX, (rax & ~0xffffL) | value);
    } else {
      long address = memory.address(cpu, instruction.memory(), nextRip, 2);
      memory.write(cpu, address, 2, value);
    }
  }

  private void loadControlWord(CpuState cpu, Instruction instruction, long nextRip)
      throws GuestFault {
    requireFpu(cpu);
    MemorySegment state = cpu.loadXsave();
    raisePending(cpu, state);
    long address = memory.address(cpu, instruction.memoryOperand(), nextRip, 2);
    int control = ((int) memory.read(cpu, address, 2) & FCW_WRITABLE) | FCW_FIXED;
    state.set(U16, 0, (short) control);
    // Unmasking an exception that is flagged raises it at the next waiting instruction.
    int status = state.get(U16, FSW);
    boolean pending = (status & ~control & 0x3f) != 0;
    int summary = FSW_ERROR_SUMMARY | 0x8000;
    state.set(U16, FSW, (short) (pending ? status | summary : status & ~summary));
    storeX87(cpu, state);
  }

  private void mxcsr(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    boolean usable = (cpu.cr0() & CpuState.CR0_EM) == 0 && (cpu.cr4() & CpuState.CR4_OSFXSR) != 0;
    if (!usable || instruction.lock()) {
      throw GuestFault.invalidOpcode();
    }
    if ((cpu.cr0() & CpuState.CR0_TS) != 0) {
      throw GuestFault.deviceNotAvailable();
    }
    long address = memory.address(cpu, instruction.memoryOperand(), nextRip, 4);
    MemorySegment state = cpu.loadXsave();
    if (instruction.op() == Op.STMXCSR) {
      memory.write(cpu, address, 4, state.get(U32, XsaveOps.MXCSR));
      return;
    }
    int value = (int) memory.read(cpu, address, 4);
    if ((value & ~XsaveOps.mxcsrMask(state)) != 0) {
      throw GuestFault.generalProtection(0);
    }
    state.set(U32, XsaveOps.MXCSR, value);
    long inUse = state.get(U64, XsaveOps.XSTATE_BV) | XsaveLayout.SSE;
    state.set(U64, XsaveOps.XSTATE_BV, inUse);
    cpu.storeXsave();
  }

  private void fxsave(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    long address = fxAddress(cpu, instruction, nextRip);
    memory.checkWritable(cpu, address, XsaveLayout.LEGACY);
    MemorySegment state = cpu.loadXsave();
    memory.write(cpu, address, state.asSlice(0, FXSAVE_WRITTEN - XMM_64 + xmmBytes(cpu)));
  }

  private void fxrstor(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    long address = fxAddress(cpu, instruction, nextRip);
    MemorySegment state = cpu.loadXsave();
    int mxcsr = (int) memory.read(cpu, address + XsaveOps.MXCSR, 4);
    if ((mxcsr & ~XsaveOps.mxcsrMask(state)) != 0) {
      throw GuestFault.generalProtection(0);
    }
    int mask = state.get(U32, XsaveOps.MXCSR_MASK);
    memory.read(cpu, address, state.asSlice(0, FXSAVE_WRITTEN - XMM_64 + xmmBytes(cpu)));
    state.set(U32, XsaveOps.MXCSR, mxcsr);
    state.set(U32, XsaveOps.MXCSR_MASK, mask);
    state.set(ValueLayout.JAVA_BYTE, FTW + 1L, (byte) 0);
    long inUse = state.get(U64, XsaveOps.XSTATE_BV) | XsaveLayout.X87 | XsaveLayout.SSE;
    state.set(U64, XsaveOps.XSTATE_BV, inUse);
    cpu.storeXsave();
  }

  private long fxAddress(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    if (instruction.lock()) {
      throw GuestFault.invalidOpcode();
    }
    requireFpu(cpu);
    long address = memory.address(cpu, instruction.memoryOperand(), nextRip, XsaveLayout.LEGACY);
    if ((address & 15) != 0) {
      throw GuestFault.generalProtection(0);
    }
    return address;
  }

  /** Outside 64-bit mode only XMM0 to XMM7 are saved. */
  private static int xmmBytes(CpuState cpu) {
    return cpu.codeBits() == 64 ? XMM_64 : XMM_32;
  }
}
