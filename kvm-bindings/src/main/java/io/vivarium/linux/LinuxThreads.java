package io.vivarium.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/** Threads as the kernel sees them, by thread id. */
public final class LinuxThreads {
  private static final int PID = (int) LibC.syscall(Syscalls.GETPID, 0);

  /** Affinity masks of up to this many processors. */
  private static final int MAX_CPUS = 8192;

  private LinuxThreads() {}

  /** The kernel's id of the calling (platform) thread. */
  public static int currentId() {
    return (int) LibC.syscall(Syscalls.GETTID, 0);
  }

  /**
   * Sends a signal to a thread of this process, {@code tgkill(2)}.
   *
   * @return whether there was such a thread
   */
  public static boolean signal(int threadId, int signal) {
    return LibC.syscall(Syscalls.TGKILL, PID, threadId, signal) == 0;
  }

  /** Processor time that a thread of this process has used, in nanoseconds. */
  public static long cpuTimeNanos(int threadId) throws ErrnoException {
    // The clock of a thread, as pthread_getcpuclockid(3) makes it: ~id, per-thread, CPUCLOCK_SCHED.
    long clock = ~(long) threadId << 3 | 4 | 2;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment timespec = arena.allocate(16, 8);
      LibC.check(
          "clock_gettime of thread " + threadId,
          LibC.syscall(Syscalls.CLOCK_GETTIME, clock, timespec.address()));
      return timespec.get(ValueLayout.JAVA_LONG, 0) * 1_000_000_000L
          + timespec.get(ValueLayout.JAVA_LONG, 8);
    }
  }

  /** The processors that a thread may run on; 0 is the calling thread. */
  public static BitSet affinity(int threadId) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MAX_CPUS / 8, 8);
      LibC.check(
          "sched_getaffinity",
          LibC.syscall(Syscalls.SCHED_GETAFFINITY, threadId, mask.byteSize(), mask.address()));
      return BitSet.valueOf(mask.toArray(ValueLayout.JAVA_LONG));
    }
  }

  /** Binds a thread to processors; 0 is the calling thread. */
  public static void setAffinity(int threadId, BitSet cpus) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MAX_CPUS / 8, 8);
      long[] words = cpus.toLongArray();
      MemorySegment.copy(words, 0, mask, ValueLayout.JAVA_LONG, 0, words.length);
      LibC.check(
          "sched_setaffinity",
          LibC.syscall(Syscalls.SCHED_SETAFFINITY, threadId, mask.byteSize(), mask.address()));
    }
  }
}
