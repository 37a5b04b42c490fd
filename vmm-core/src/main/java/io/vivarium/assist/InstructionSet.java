package io.vivarium.assist;

import io.vivarium.devices.memory.GuestMemory;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * Performs one decoded instruction of any family on a vCPU's registers and memory, with the
 * bookkeeping that all share: RIP behind it, or a fault that leaves RIP on it; RF cleared. One for
 * each vCPU; only the counters may be read from other threads.
 */
final class InstructionSet {
  private final LinearMemory memory;
  private final SystemOps system;
  private final XsaveOps xsave;
  private final FpuOps fpu;
  private final IntegerOps integer;
  private final InterruptOps interrupts;
  private final SyscallCure syscall;
  private final Map<Op, LongAdder> counts = new EnumMap<>(Op.class);
  private final LongAdder syscalls = new LongAdder();

  InstructionSet(GuestMemory guestMemory, XsaveLayout layout, PageWalk.Features paging) {
    for (Op op : Op.values()) {
      counts.put(op, new LongAdder());
    }
    memory = new LinearMemory(guestMemory, paging);
    system = new SystemOps(memory);
    xsave = new XsaveOps(memory, layout);
    fpu = new FpuOps(memory);
    integer = new IntegerOps(memory);
    interrupts = new InterruptOps(memory);
    syscall = new SyscallCure(memory);
  }

  LinearMemory memory() {
    return memory;
  }

  /** Adds "assist.clac" and so on, of what was performed at least once. */
  void countInto(Map<String, Long> counters) {
    counts.forEach((op, count) -> add(counters, op.mnemonic(), count));
    add(counters, "syscall", syscalls);
  }

  private static void add(Map<String, Long> counters, String name, LongAdder count) {
    if (count.sum() != 0) {
      counters.merge("assist." + name, count.sum(), Long::sum);
    }
  }

  /**
   * Performs an instruction at RIP, whatever it is but {@link Op#UNKNOWN}.
   *
   * @throws GuestFault to be injected instead; registers are then as before, except that a trap
   *     leaves RIP behind the instruction
   */
  void perform(CpuState cpu, Instruction instruction) throws GuestFault {
    Op op = instruction.op();
    if (op == Op.CLAC && syscall.apply(cpu)) {
      syscalls.increment();
      return;
    }
    Objects.requireNonNull(counts.get(op)).increment();
    long next = nextRip(cpu, instruction);
    switch (op) {
      case INT3, INT, IRET -> {
        interrupts.perform(cpu, instruction, next);
        return;
      }
      case XSAVE, XSAVEOPT, XSAVEC, XSAVES, XRSTOR, XRSTORS ->
          xsave.perform(cpu, instruction, next);
      case XGETBV -> XsaveOps.getBitVector(cpu);
      case FXSAVE, FXRSTOR, LDMXCSR, STMXCSR, FWAIT, FNINIT, FNCLEX, FNSTCW, FLDCW, FNSTSW ->
          fpu.perform(cpu, instruction, next);
      case CLAC,
          STAC,
          CMPXCHG16B,
          RDFSBASE,
          RDGSBASE,
          WRFSBASE,
          WRGSBASE,
          RDRAND,
          RDSEED,
          FENCE,
          CACHE_FLUSH ->
          system.perform(cpu, instruction, next);
      default -> integer.perform(cpu, instruction, next);
    }
    cpu.setRip(next);
    cpu.setRflags(cpu.rflags() & ~CpuState.FLAG_RF);
  }

  private static long nextRip(CpuState cpu, Instruction instruction) {
    long next = cpu.rip() + instruction.length();
    return switch (cpu.codeBits()) {
      case 64 -> next;
      case 32 -> next & 0xffff_ffffL;
      default -> next & 0xffff;
    };
  }
}
