package io.vivarium.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A kernel counter that wakes readers: {@code eventfd(2)}. Safe for use by several threads. */
public final class EventFd implements AutoCloseable {
  private static final int EFD_CLOEXEC = 0x80000;
  private static final int EFD_NONBLOCK = 0x800;

  private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1L);

  private final Fd fd;

  /** A blocking counter at zero: {@link #take} waits. */
  public static EventFd blocking() throws ErrnoException {
    return new EventFd(0);
  }

  /** A non-blocking counter at zero, for {@link Epoll}: {@link #take} gives 0 at once. */
  public static EventFd nonBlocking() throws ErrnoException {
    return new EventFd(EFD_NONBLOCK);
  }

  private EventFd(int flags) throws ErrnoException {
    int number =
        (int) LibC.check("eventfd", LibC.syscall(Syscalls.EVENTFD2, 0, flags | EFD_CLOEXEC));
    fd = new Fd(number, "eventfd");
  }

  public Fd fd() {
    return fd;
  }

  /** Adds one to the counter. */
  public void signal() throws ErrnoException {
    fd.write(ONE);
  }

  /**
   * Takes the counter and sets it to zero.
   *
   * @return the count; 0 when a non-blocking counter was at zero or a signal interrupted the wait
   */
  public long take() throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
      long result = LibC.syscall(Syscalls.READ, fd.number(), value.address(), 8);
      if (result == 8) {
        return value.get(ValueLayout.JAVA_LONG, 0);
      }
      int errno = LibC.errno();
      if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
        return 0;
      }
      throw new ErrnoException("read eventfd", errno, null);
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
