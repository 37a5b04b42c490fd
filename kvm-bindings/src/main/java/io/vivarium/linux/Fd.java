package io.vivarium.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;

/**
 * The owner of a file descriptor: closes it once, and never hands out its number afterwards.
 *
 * <p>Closing while another thread is inside a call on the same descriptor is the caller's error:
 * stop the threads first.
 */
public final class Fd implements AutoCloseable {
  public static final int O_RDONLY = 0;
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0x40;
  public static final int O_EXCL = 0x80;
  public static final int O_TRUNC = 0x200;
  public static final int O_NONBLOCK = 0x800;
  public static final int O_DIRECT = 0x4000;
  public static final int O_DIRECTORY = 0x10000;
  public static final int O_NOFOLLOW = 0x20000;
  public static final int O_CLOEXEC = 0x80000;
  public static final int O_PATH = 0x200000;

  private static final VarHandle NUMBER;

  static {
    try {
      NUMBER = MethodHandles.lookup().findVarHandle(Fd.class, "number", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private volatile int number;
  private final String what;

  /**
   * Takes ownership of an open descriptor.
   *
   * @param number the descriptor, not negative
   * @param what its name in error sentences, "/dev/kvm" or "vCPU 0"
   */
  public Fd(int number, String what) {
    if (number < 0) {
      throw new IllegalArgumentException(what + ": not a descriptor: " + number);
    }
    this.number = number;
    this.what = what;
  }

  /**
   * {@code open(2)}; O_CLOEXEC is always added.
   *
   * @param mode permission bits of a file that O_CREAT makes
   */
  public static Fd open(String path, int flags, int mode) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom(path).address();
      int fd;
      do {
        fd = LibC.open(name, flags | O_CLOEXEC, mode);
      } while (fd < 0 && LibC.errno() == Errno.EINTR);
      return new Fd((int) LibC.check("open " + path, fd), path);
    }
  }

  /** The descriptor's number. Throws IllegalStateException when it is closed. */
  public int number() {
    int current = number;
    if (current < 0) {
      throw new IllegalStateException(what + " is closed");
    }
    return current;
  }

  public boolean isOpen() {
    return number >= 0;
  }

  /** The descriptor's name in error sentences. */
  public String what() {
    return what;
  }

  /**
   * Reads into a native segment, which must not be freed meanwhile.
   *
   * @return bytes read, 0 at the end, -1 when a non-blocking descriptor has nothing
   */
  public long read(MemorySegment target) throws ErrnoException {
    return transfer("read", Syscalls.READ, target, 0);
  }

  /**
   * Writes out of a native segment, which must not be freed meanwhile.
   *
   * @return bytes written, -1 when a non-blocking descriptor takes nothing now
   */
  public long write(MemorySegment source) throws ErrnoException {
    return transfer("write", Syscalls.WRITE, source, 0);
  }

  /** {@code pread(2)} into a native segment; as {@link #read} at a place. */
  public long pread(MemorySegment target, long offset) throws ErrnoException {
    return transfer("pread", Syscalls.PREAD64, target, offset);
  }

  /** {@code pwrite(2)} out of a native segment; as {@link #write} at a place. */
  public long pwrite(MemorySegment source, long offset) throws ErrnoException {
    return transfer("pwrite", Syscalls.PWRITE64, source, offset);
  }

  private long transfer(String call, int syscall, MemorySegment memory, long offset)
      throws ErrnoException {
    if (!memory.isNative() || !memory.scope().isAlive()) {
      throw new IllegalStateException("not native memory, or freed: " + memory);
    }
    try {
      long result =
          LibC.syscall(syscall, number(), memory.address(), memory.byteSize(), offset, 0, 0);
      int errno = result < 0 ? LibC.errno() : 0;
      if (errno != 0 && errno != Errno.EAGAIN) {
        throw new ErrnoException(call + " " + what, errno, null);
      }
      return result;
    } finally {
      Reference.reachabilityFence(memory);
    }
  }

  /** Closes the descriptor; a second time does nothing. */
  @Override
  public void close() {
    int old = (int) NUMBER.getAndSet(this, -1);
    if (old >= 0) {
      LibC.close(old); // Linux frees the number even when close reports an error
    }
  }

  @Override
  public String toString() {
    int current = number;
    return current < 0 ? what + " (closed)" : what + " (fd " + current + ")";
  }
}
