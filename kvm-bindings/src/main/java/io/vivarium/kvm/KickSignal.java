package io.vivarium.kvm;

import io.vivarium.linux.LibC;
import io.vivarium.linux.LinuxThreads;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A signal that does nothing but end a system call of the thread it is sent to.
 *
 * <p>Its handler is the C library's own {@code getpid}: any function will do that has no effect and
 * is safe in a signal handler, and this one needs no code of ours. Without SA_RESTART the call that
 * it interrupts returns EINTR; elsewhere the thread does not notice.
 */
final class KickSignal {
  /** SIGRTMIN + 6 of glibc; the JVM uses no real-time signal. */
  static final int NUMBER = 40;

  private static final int SIGACTION_SIZE = 152;

  private KickSignal() {}

  static {
    try (Arena arena = Arena.ofConfined()) {
      long handler = LibC.dlsym(0, arena.allocateFrom("getpid").address());
      MemorySegment action = arena.allocate(SIGACTION_SIZE, 8); // no flags, empty mask
      action.set(ValueLayout.JAVA_LONG, 0, handler);
      if (handler == 0 || LibC.sigaction(NUMBER, action.address(), 0) != 0) {
        throw new ExceptionInInitializerError("cannot install a handler for signal " + NUMBER);
      }
    }
  }

  /** Makes sure that the handler stands: by loading this class. */
  static void install() {}

  /** Interrupts a thread of this process; nothing happens when it is gone. */
  static void send(int threadId) {
    LinuxThreads.signal(threadId, NUMBER);
  }
}
