package io.vivarium.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Waits for many descriptors at once: {@code epoll(7)}, level-triggered unless asked otherwise.
 *
 * <p>One thread calls {@link #await} and reads its results; any thread may add and remove. A
 * descriptor must be removed before it is closed, or its token may still be reported.
 */
public final class Epoll implements AutoCloseable {
  public static final int EPOLLIN = 1;
  public static final int EPOLLPRI = 2;
  public static final int EPOLLOUT = 4;
  public static final int EPOLLERR = 8;
  public static final int EPOLLHUP = 0x10;
  public static final int EPOLLRDHUP = 0x2000;
  public static final int EPOLLET = 1 << 31;

  private static final int EPOLL_CLOEXEC = 0x80000;
  private static final int ADD = 1;
  private static final int DELETE = 2;
  private static final int MODIFY = 3;

  // struct epoll_event is packed on x86-64
  private static final int EVENT_SIZE = 12;
  private static final int EVENTS = 0;
  private static final int DATA = 4;
  private static final int MOST = 64;

  private final Fd fd;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment ready = arena.allocate((long) EVENT_SIZE * MOST, 8);

  public Epoll() throws ErrnoException {
    fd =
        new Fd(
            (int) LibC.check("epoll_create1", LibC.syscall(Syscalls.EPOLL_CREATE1, EPOLL_CLOEXEC)),
            "epoll");
  }

  /**
   * Watches a descriptor.
   *
   * @param events EPOLLIN, EPOLLOUT...
   * @param token what {@link #token} gives when it is ready
   */
  public void add(Fd watched, int events, long token) throws ErrnoException {
    control(ADD, watched, events, token);
  }

  /** Changes what a watched descriptor is watched for. */
  public void modify(Fd watched, int events, long token) throws ErrnoException {
    control(MODIFY, watched, events, token);
  }

  public void remove(Fd watched) throws ErrnoException {
    control(DELETE, watched, 0, 0);
  }

  private void control(int operation, Fd watched, int events, long token) throws ErrnoException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment event = scratch.allocate(EVENT_SIZE, 8);
      event.set(ValueLayout.JAVA_INT, EVENTS, events);
      event.set(ValueLayout.JAVA_LONG_UNALIGNED, DATA, token);
      LibC.check(
          "epoll_ctl on " + watched.what(),
          LibC.syscall(
              Syscalls.EPOLL_CTL, fd.number(), operation, watched.number(), event.address()));
    }
  }

  /**
   * Waits until a descriptor is ready.
   *
   * @param milliseconds the longest wait; 0 only looks, -1 waits without end
   * @return how many are ready, at most 64; 0 at the time's end or when a signal came
   */
  public int await(int milliseconds) throws ErrnoException {
    long count =
        LibC.syscall(Syscalls.EPOLL_WAIT, fd.number(), ready.address(), MOST, milliseconds);
    if (count < 0 && LibC.errno() == Errno.EINTR) {
      return 0;
    }
    return (int) LibC.check("epoll_wait", count);
  }

  /** The token of ready descriptor {@code i} of the last {@link #await}. */
  public long token(int i) {
    return ready.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) i * EVENT_SIZE + DATA);
  }

  /** What ready descriptor {@code i} of the last {@link #await} is ready for. */
  public int events(int i) {
    return ready.get(ValueLayout.JAVA_INT_UNALIGNED, (long) i * EVENT_SIZE + EVENTS);
  }

  /** Closes the descriptor; no thread may be in {@link #await}. A second time does nothing. */
  @Override
  public synchronized void close() {
    fd.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
