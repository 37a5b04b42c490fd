package io.vivarium.assist;

/**
 * Completes SYSCALL on hosts where it forgets the privilege level.
 *
 * <p>There SYSCALL from ring 3 loads RIP from LSTAR, RCX, R11 and the masked RFLAGS, but stays in
 * ring 3, so that the fetch of the first kernel instruction faults and the guest enters its page
 * fault handler. A kernel that sees SMAP begins the handler with CLAC, which the host's emulator
 * lacks: the moment at which the frame on the stack can be recognised and turned back into the
 * system call that it was.
 */
final class SyscallCure {
  private static final int FRAME_ERROR_CODE = 0;
  private static final int FRAME_RIP = 8;
  private static final int FRAME_CS = 16;
  private static final int FRAME_RFLAGS = 24;
  private static final int FRAME_RSP = 32;

  /** A user-mode instruction fetch; whether the page was present doesn't matter. */
  private static final long USER_FETCH = PageWalk.ERROR_USER | PageWalk.ERROR_FETCH;

  /** A handler may begin with ENDBR64, of four bytes, before its CLAC. */
  private static final int ENDBR = 4;

  private final LinearMemory memory;

  SyscallCure(LinearMemory memory) {
    this.memory = memory;
  }

  /**
   * Called where ring 0 is about to do a CLAC. True when that was the page fault of a SYSCALL: the
   * vCPU now stands at the system call entry, as the processor would have left it. A user program
   * that jumps to the entry address gets what a SYSCALL there would give it, so RFLAGS are masked
   * here once more.
   */
  boolean apply(CpuState cpu) throws GuestFault {
    if (!cpu.longModeActive() || cpu.cpl() != 0) {
      return false;
    }
    long frame = cpu.register(CpuState.RSP);
    if (!looksLikeSyscall(cpu, frame)) {
      return false;
    }
    long handler = pageFaultHandler(cpu);
    long distance = cpu.rip() - handler;
    if (distance < 0 || distance > ENDBR) {
      return false;
    }
    long entry = memory.read(cpu, frame + FRAME_RIP, 8);
    if (entry != cpu.msr(CpuState.MSR_LSTAR)) {
      return false;
    }
    long flags = memory.read(cpu, frame + FRAME_RFLAGS, 8);
    long cleared = cpu.msr(CpuState.MSR_SYSCALL_MASK) | CpuState.FLAG_RF;
    long stack = memory.read(cpu, frame + FRAME_RSP, 8);
    cpu.setRip(entry);
    cpu.setRflags((flags & ~cleared) | 2);
    cpu.setRegister(CpuState.RSP, stack);
    return true;
  }

  /** Cheap tests first: an MSR costs a system call, and most CLACs are ordinary ones. */
  private boolean looksLikeSyscall(CpuState cpu, long frame) throws GuestFault {
    if ((frame & 7) != 0 || frame >= 0) {
      return false;
    }
    long errorCode = memory.read(cpu, frame + FRAME_ERROR_CODE, 8);
    if ((errorCode & ~PageWalk.ERROR_PRESENT) != USER_FETCH) {
      return false;
    }
    return (memory.read(cpu, frame + FRAME_CS, 8) & 3) == 3
        && memory.read(cpu, frame + FRAME_RIP, 8) < 0;
  }

  private long pageFaultHandler(CpuState cpu) throws GuestFault {
    long gate = cpu.idtBase() + 16L * GuestFault.PAGE;
    long low = memory.readSystem(cpu, gate);
    long high = memory.readSystem(cpu, gate + 8);
    return (low & 0xffff) | (low >>> 32 & 0xffff_0000L) | high << 32;
  }
}
