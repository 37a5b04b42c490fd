package io.vivarium.assist;

import java.security.SecureRandom;

/** CLAC, STAC, segment bases, CMPXCHG16B, random numbers, fences (SDM 2). */
final class SystemOps {
  /**
   * One CMPXCHG16B at a time, of all vCPUs: host memory has no 16-byte exchange for Java. It is
   * atomic among assisted ones; guests here don't see the CPUID bit and don't mix it with others.
   */
  private static final Object EXCHANGE = new Object();

  private static final SecureRandom RANDOM = new SecureRandom();

  private final LinearMemory memory;

  SystemOps(LinearMemory memory) {
    this.memory = memory;
  }

  void perform(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    switch (instruction.op()) {
      case CLAC -> alignmentCheck(cpu, instruction, false);
      case STAC -> alignmentCheck(cpu, instruction, true);
      case RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE -> segmentBase(cpu, instruction);
      case CMPXCHG16B -> compareExchange(cpu, instruction, nextRip);
      case RDRAND, RDSEED -> random(cpu, instruction);
      case CACHE_FLUSH -> {
        long address = memory.address(cpu, instruction.memoryOperand(), nextRip, 1);
        memory.read(cpu, address, 1);
      }
      default -> {}
    }
  }

  private static void alignmentCheck(CpuState cpu, Instruction instruction, boolean set)
      throws GuestFault {
    if (cpu.cpl() != 0 || instruction.lock()) {
      throw GuestFault.invalidOpcode();
    }
    long flags = cpu.rflags() & ~CpuState.FLAG_AC;
    cpu.setRflags(set ? flags | CpuState.FLAG_AC : flags);
  }

  private static void segmentBase(CpuState cpu, Instruction instruction) throws GuestFault {
    boolean there = (cpu.cr4() & CpuState.CR4_FSGSBASE) != 0 && cpu.codeBits() == 64;
    if (!there || instruction.lock()) {
      throw GuestFault.invalidOpcode();
    }
    Op op = instruction.op();
    int number = op == Op.RDFSBASE || op == Op.WRFSBASE ? CpuState.FS : CpuState.GS;
    int bytes = Math.max(4, instruction.operandBytes());
    if (op == Op.RDFSBASE || op == Op.RDGSBASE) {
      IntegerOps.result(cpu, instruction.rm(), bytes, cpu.segmentBase(number));
      return;
    }
    long base = cpu.register(instruction.rm());
    if (bytes == 4) {
      base &= 0xffff_ffffL;
    }
    if (!LinearMemory.canonical(cpu, base)) {
      throw GuestFault.generalProtection(0);
    }
    CpuState.Segment old = cpu.segment(number);
    cpu.setSegment(number, old.withBase(base));
  }

  private void compareExchange(CpuState cpu, Instruction instruction, long nextRip)
      throws GuestFault {
    long address = memory.address(cpu, instruction.memoryOperand(), nextRip, 16);
    if ((address & 15) != 0) {
      throw GuestFault.generalProtection(0);
    }
    memory.checkWritable(cpu, address, 16);
    synchronized (EXCHANGE) {
      long low = memory.read(cpu, address, 8);
      long high = memory.read(cpu, address + 8, 8);
      boolean equal = low == cpu.register(CpuState.RAX) && high == cpu.register(CpuState.RDX);
      if (equal) {
        memory.write(cpu, address, 8, cpu.register(CpuState.RBX));
        memory.write(cpu, address + 8, 8, cpu.register(CpuState.RCX));
      } else {
        cpu.setRegister(CpuState.RAX, low);
        cpu.setRegister(CpuState.RDX, high);
      }
      IntegerOps.flags(cpu, CpuState.FLAG_ZF, equal ? CpuState.FLAG_ZF : 0);
    }
  }

  private static void random(CpuState cpu, Instruction instruction) throws GuestFault {
    if (instruction.lock()) {
      throw GuestFault.invalidOpcode();
    }
    IntegerOps.result(cpu, instruction.rm(), instruction.operandBytes(), RANDOM.nextLong());
    long all =
        CpuState.FLAG_CF
            | CpuState.FLAG_PF
            | CpuState.FLAG_AF
            | CpuState.FLAG_ZF
            | CpuState.FLAG_SF
            | CpuState.FLAG_OF;
    IntegerOps.flags(cpu, all, CpuState.FLAG_CF);
  }
}
