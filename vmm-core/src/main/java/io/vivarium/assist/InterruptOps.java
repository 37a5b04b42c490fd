package io.vivarium.assist;

import io.vivarium.assist.CpuState.Segment;

/**
 * INT3, INT n and IRET in ring 0 (SDM 3A, 6.12 and 6.14; SDM 2A). INT3 becomes an injected #BP; the
 * other two are done here, within ring 0 for INT n, and in protected 32-bit and 16-bit code for
 * IRET, also to an outer ring. Tasks and virtual-8086 mode are not.
 */
final class InterruptOps {
  private static final int GATE_INTERRUPT = 0xe;
  private static final int GATE_TRAP = 0xf;
  private static final long FLAGS_POPPED = 0x257fd5;
  private static final long FLAGS_POPPED_16 = 0x7fd5;
  private static final long FLAG_IOPL = 3 << 12;

  private final LinearMemory memory;

  InterruptOps(LinearMemory memory) {
    this.memory = memory;
  }

  void perform(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    if (instruction.lock()) {
      throw GuestFault.invalidOpcode();
    }
    switch (instruction.op()) {
      case INT3 -> {
        cpu.setRip(nextRip);
        throw GuestFault.trap(GuestFault.BREAKPOINT);
      }
      case INT -> softwareInterrupt(cpu, (int) instruction.immediate(), nextRip);
      default -> interruptReturn(cpu, instruction.operandBytes());
    }
  }

  private void softwareInterrupt(CpuState cpu, int vector, long nextRip) throws GuestFault {
    int size = cpu.longModeActive() ? 16 : 8;
    int selectorError = vector * 8 + 2;
    if (vector * size + size - 1 > cpu.idtLimit()) {
      throw GuestFault.generalProtection(selectorError);
    }
    long low = memory.readSystem(cpu, cpu.idtBase() + (long) vector * size);
    int type = (int) (low >>> 40) & 0x1f;
    boolean usable = type == GATE_INTERRUPT || type == GATE_TRAP;
    if (!usable || (low >>> 45 & 3) < cpu.cpl()) {
      throw GuestFault.generalProtection(selectorError);
    }
    if ((low >>> 47 & 1) == 0) {
      throw GuestFault.segmentNotPresent(selectorError);
    }
    long offset = (low & 0xffff) | (low >>> 32 & 0xffff_0000L);
    boolean stackTable = false;
    if (size == 16) {
      offset |= memory.readSystem(cpu, cpu.idtBase() + (long) vector * size + 8) << 32;
      stackTable = (low >>> 32 & 7) != 0;
    }
    Segment code = descriptor(cpu, (int) (low >>> 16) & 0xffff);
    if (code.dpl() != cpu.cpl() || (code.type() & 8) == 0 || stackTable) {
      throw new UnsupportedOperationException("INT " + vector + " that changes the stack");
    }
    long pushed = cpu.rflags();
    if (size == 16) {
      push64(cpu, nextRip, pushed);
    } else {
      push32(cpu, nextRip, pushed);
    }
    long cleared = CpuState.FLAG_TF | CpuState.FLAG_NT | CpuState.FLAG_RF | CpuState.FLAG_VM;
    if (type == GATE_INTERRUPT) {
      cleared |= CpuState.FLAG_IF;
    }
    cpu.setRflags(pushed & ~cleared);
    cpu.setSegment(CpuState.CS, code);
    cpu.setRip(offset);
  }

  private void push64(CpuState cpu, long rip, long flags) throws GuestFault {
    long rsp = cpu.register(CpuState.RSP);
    long frame = (rsp & ~15L) - 40;
    memory.checkWritable(cpu, frame, 40);
    memory.write(cpu, frame, 8, rip);
    memory.write(cpu, frame + 8, 8, cpu.selector(CpuState.CS));
    memory.write(cpu, frame + 16, 8, flags);
    memory.write(cpu, frame + 24, 8, rsp);
    memory.write(cpu, frame + 32, 8, cpu.selector(CpuState.SS));
    cpu.setRegister(CpuState.RSP, frame);
  }

  private void push32(CpuState cpu, long rip, long flags) throws GuestFault {
    long offset = stackOffset(cpu, -12);
    long frame = (cpu.segmentBase(CpuState.SS) + offset) & 0xffff_ffffL;
    memory.checkWritable(cpu, frame, 12);
    memory.write(cpu, frame, 4, rip);
    memory.write(cpu, frame + 4, 4, cpu.selector(CpuState.CS));
    memory.write(cpu, frame + 8, 4, flags);
    setStackOffset(cpu, offset);
  }

  private void interruptReturn(CpuState cpu, int bytes) throws GuestFault {
    boolean here = cpu.codeBits() != 64 && (cpu.cr0() & CpuState.CR0_PE) != 0;
    if (!here
        || (cpu.rflags() & (CpuState.FLAG_NT | CpuState.FLAG_VM)) != 0
        || cpu.longModeActive()) {
      throw new UnsupportedOperationException("IRET in this mode");
    }
    long stack = cpu.segmentBase(CpuState.SS);
    long rip = pop(cpu, stack, 0, bytes);
    int selector = (int) pop(cpu, stack, bytes, bytes) & 0xffff;
    long flags = pop(cpu, stack, 2 * bytes, bytes);
    if ((flags & CpuState.FLAG_VM) != 0 && bytes == 4) {
      throw new UnsupportedOperationException("IRET to virtual-8086 mode");
    }
    Segment code = descriptor(cpu, selector);
    int target = selector & 3;
    int current = cpu.cpl();
    if ((code.type() & 8) == 0 || target < current) {
      throw GuestFault.generalProtection(selector & ~3);
    }
    long popped = bytes == 2 ? FLAGS_POPPED_16 : FLAGS_POPPED;
    if (current != 0) {
      popped &= ~FLAG_IOPL;
    }
    if (current > (cpu.rflags() & FLAG_IOPL) >> 12) {
      popped &= ~CpuState.FLAG_IF;
    }
    if (target == current) {
      setStackOffset(cpu, stackOffset(cpu, 3 * bytes));
    } else {
      long rsp = pop(cpu, stack, 3 * bytes, bytes);
      int stackSelector = (int) pop(cpu, stack, 4 * bytes, bytes) & 0xffff;
      cpu.setSegment(CpuState.SS, descriptor(cpu, stackSelector));
      setStackOffset(cpu, rsp);
      dropInnerSegments(cpu, target);
    }
    cpu.setRflags((cpu.rflags() & ~popped) | (flags & popped) | 2);
    cpu.setSegment(CpuState.CS, code);
    cpu.setRip(rip);
  }

  /** Data segments that the outer ring may not use become null (SDM 2A, IRET). */
  private static void dropInnerSegments(CpuState cpu, int ring) {
    for (int number : new int[] {CpuState.ES, CpuState.DS, CpuState.FS, CpuState.GS}) {
      Segment segment = cpu.segment(number);
      boolean conforming = (segment.type() & 0xc) == 0xc;
      if (segment.present() && segment.dpl() < ring && !conforming) {
        cpu.setSegment(number, new Segment(0, 0, 0, 0, 0, false, false, false, false, false));
      }
    }
  }

  private long pop(CpuState cpu, long stackBase, int at, int bytes) throws GuestFault {
    return memory.read(cpu, (stackBase + stackOffset(cpu, at)) & 0xffff_ffffL, bytes);
  }

  private static long stackOffset(CpuState cpu, int change) {
    long mask = cpu.segment(CpuState.SS).big() ? 0xffff_ffffL : 0xffff;
    return (cpu.register(CpuState.RSP) + change) & mask;
  }

  private static void setStackOffset(CpuState cpu, long offset) {
    boolean big = cpu.segment(CpuState.SS).big();
    IntegerOps.result(cpu, CpuState.RSP, big ? 4 : 2, offset);
  }

  /** A code or data descriptor of the GDT, as loaded into a segment register. */
  private Segment descriptor(CpuState cpu, int selector) throws GuestFault {
    int index = selector & ~7;
    if (index == 0 || (selector & 4) != 0 || index + 7 > cpu.gdtLimit()) {
      throw GuestFault.generalProtection(selector & ~3);
    }
    long raw = memory.readSystem(cpu, cpu.gdtBase() + index);
    boolean codeOrData = (raw >>> 44 & 1) != 0;
    boolean present = (raw >>> 47 & 1) != 0;
    if (!codeOrData || !present) {
      throw GuestFault.generalProtection(selector & ~3);
    }
    long base = (raw >>> 16 & 0xff_ffff) | (raw >>> 32 & 0xff00_0000L);
    boolean granularity = (raw >>> 55 & 1) != 0;
    int limit = (int) ((raw & 0xffff) | (raw >>> 32 & 0xf_0000));
    return new Segment(
        selector,
        base,
        granularity ? (limit << 12) | 0xfff : limit,
        (int) (raw >>> 40) & 0xf,
        (int) (raw >>> 45) & 3,
        false,
        true,
        (raw >>> 53 & 1) != 0,
        (raw >>> 54 & 1) != 0,
        granularity);
  }
}
