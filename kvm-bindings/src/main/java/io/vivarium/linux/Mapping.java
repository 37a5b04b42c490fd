package io.vivarium.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Memory from {@code mmap(2)}, as a segment whose use after {@link #close} throws instead of
 * killing the JVM.
 *
 * <p>A file that is mapped must never be truncated below the mapping: an access past its end is
 * SIGBUS, which the JVM may not survive. Any thread may use the segment; closing is safe against
 * them, and closing twice is harmless.
 */
public final class Mapping implements AutoCloseable {
  public static final int PROT_NONE = 0;
  public static final int PROT_READ = 1;
  public static final int PROT_WRITE = 2;
  public static final int PROT_EXEC = 4;

  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_FIXED = 0x10;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MAP_NORESERVE = 0x4000;
  private static final int MS_SYNC = 4;
  private static final int RW = PROT_READ | PROT_WRITE;

  /** Advice to the kernel about a range, as in {@code madvise(2)}. */
  public enum Advice {
    WILLNEED(3),
    /** Drop the pages: anonymous ones read as zero next, file-backed ones as the file. */
    DONTNEED(4),
    FREE(8),
    /** Drop the pages and punch a hole in the shared file behind them. */
    REMOVE(9),
    DONTFORK(10),
    MERGEABLE(12),
    HUGEPAGE(14),
    NOHUGEPAGE(15),
    DONTDUMP(16),
    COLD(20),
    PAGEOUT(21),
    POPULATE_READ(22),
    POPULATE_WRITE(23);

    private final int number;

    Advice(int number) {
      this.number = number;
    }
  }

  /** Held for reading by calls on the range, which would hit another's memory once it is gone. */
  private final ReentrantReadWriteLock closing = new ReentrantReadWriteLock();

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;

  private Mapping(long length, int protection, int flags, int fd, long offset, String what)
      throws ErrnoException {
    long address = map(0, length, protection, flags, fd, offset, what);
    memory =
        MemorySegment.ofAddress(address)
            .reinterpret(length, arena, segment -> LibC.munmap(segment.address(), length));
  }

  /** Zeroed memory of this process alone; pages are taken when touched. Length in bytes. */
  public static Mapping anonymous(long length) throws ErrnoException {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    return new Mapping(length, RW, flags, -1, 0, "anonymous memory");
  }

  /** A range of addresses with nothing behind it, to be filled by the {@code place} methods. */
  public static Mapping reserved(long length) throws ErrnoException {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    return new Mapping(length, PROT_NONE, flags, -1, 0, "reserved addresses");
  }

  /** A file's range, shared: writes go to the file. Offset a multiple of 4096 bytes. */
  public static Mapping shared(Fd file, long offset, long length) throws ErrnoException {
    return new Mapping(length, RW, MAP_SHARED, file.number(), offset, file.what());
  }

  /** A file's range, shared and read-only. Offset a multiple of 4096 bytes. */
  public static Mapping sharedReadOnly(Fd file, long offset, long length) throws ErrnoException {
    return new Mapping(length, PROT_READ, MAP_SHARED, file.number(), offset, file.what());
  }

  /** A file's range, copied page by page when written: writes never reach the file. */
  public static Mapping copyOnWrite(Fd file, long offset, long length) throws ErrnoException {
    int flags = MAP_PRIVATE | MAP_NORESERVE;
    return new Mapping(length, RW, flags, file.number(), offset, file.what());
  }

  /** The memory. Its use after {@link #close} throws IllegalStateException. */
  public MemorySegment segment() {
    return memory;
  }

  /** Address of the first byte, for KVM and system calls. */
  public long address() {
    return memory.address();
  }

  /** Length in bytes. */
  public long length() {
    return memory.byteSize();
  }

  /** Replaces a range of this mapping by zeroed private memory. */
  public void placeAnonymous(long at, long length) throws ErrnoException {
    place(at, length, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0, "anonymous memory");
  }

  /** Replaces a range of this mapping by a file's range, shared. */
  public void placeShared(long at, Fd file, long offset, long length) throws ErrnoException {
    place(at, length, MAP_SHARED, file.number(), offset, file.what());
  }

  /** Replaces a range of this mapping by a file's range, copied when written. */
  public void placeCopyOnWrite(long at, Fd file, long offset, long length) throws ErrnoException {
    place(at, length, MAP_PRIVATE | MAP_NORESERVE, file.number(), offset, file.what());
  }

  private void place(long at, long length, int flags, int fd, long offset, String what)
      throws ErrnoException {
    closing.readLock().lock();
    try {
      map(range(at, length), length, RW, flags | MAP_FIXED, fd, offset, what);
    } finally {
      closing.readLock().unlock();
    }
  }

  /** {@code madvise(2)} on a range; start a multiple of 4096 bytes. */
  public void advise(long at, long length, Advice advice) throws ErrnoException {
    call("madvise " + advice, Syscalls.MADVISE, at, length, advice.number);
  }

  /** {@code mprotect(2)} on a range; start a multiple of 4096 bytes. */
  public void protect(long at, long length, int protection) throws ErrnoException {
    call("mprotect", Syscalls.MPROTECT, at, length, protection);
  }

  /** Writes a range of a shared mapping to its file and waits for the disk. */
  public void sync(long at, long length) throws ErrnoException {
    call("msync", Syscalls.MSYNC, at, length, MS_SYNC);
  }

  private void call(String name, int number, long at, long length, int argument)
      throws ErrnoException {
    closing.readLock().lock();
    try {
      LibC.check(name, LibC.syscall(number, range(at, length), length, argument));
    } finally {
      closing.readLock().unlock();
    }
  }

  /** The address of a range of this mapping, which stands. To be called with the lock held. */
  private long range(long at, long length) {
    if (!arena.scope().isAlive()) {
      throw new IllegalStateException("the mapping is closed");
    }
    return memory.asSlice(at, length).address();
  }

  private static long map(
      long address, long length, int protection, int flags, int fd, long offset, String what)
      throws ErrnoException {
    long result = LibC.mmap(address, length, protection, flags, fd, offset);
    return LibC.check("mmap of %d bytes of %s".formatted(length, what), result);
  }

  /** Unmaps; a second time does nothing. */
  @Override
  public void close() {
    closing.writeLock().lock();
    try {
      if (arena.scope().isAlive()) {
        arena.close();
      }
    } finally {
      closing.writeLock().unlock();
    }
  }
}
