package io.vivarium.linux;

import java.lang.foreign.Arena;

/** A file in memory alone, {@code memfd_create(2)}: to be mapped, shared and sealed. */
public final class Memfd implements AutoCloseable {
  /** No seal may be added any more. */
  public static final int F_SEAL_SEAL = 1;

  public static final int F_SEAL_SHRINK = 2;
  public static final int F_SEAL_GROW = 4;

  /** No writing, and no writable shared mapping; refused while one stands. */
  public static final int F_SEAL_WRITE = 8;

  /** No new writing; shared mappings that stand may go on. */
  public static final int F_SEAL_FUTURE_WRITE = 0x10;

  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_ALLOW_SEALING = 2;
  private static final int F_ADD_SEALS = 1033;
  private static final int F_GET_SEALS = 1034;

  private final Fd fd;

  /**
   * Makes a file of zeros, which takes memory only where it is written.
   *
   * @param name shown in /proc/PID/maps
   * @param size in bytes
   */
  public Memfd(String name, long size) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      long number =
          LibC.syscall(
              Syscalls.MEMFD_CREATE,
              arena.allocateFrom(name).address(),
              MFD_CLOEXEC | MFD_ALLOW_SEALING);
      fd = new Fd((int) LibC.check("memfd_create " + name, number), "memfd " + name);
    }
    try {
      LinuxFiles.truncate(fd, size);
    } catch (ErrnoException e) {
      fd.close();
      throw e;
    }
  }

  public Fd fd() {
    return fd;
  }

  /** Adds seals, F_SEAL_*; they can never be taken off. */
  public void addSeals(int seals) throws ErrnoException {
    LibC.check(
        "F_ADD_SEALS on " + fd.what(),
        LibC.syscall(Syscalls.FCNTL, fd.number(), F_ADD_SEALS, seals));
  }

  public int seals() throws ErrnoException {
    return (int)
        LibC.check(
            "F_GET_SEALS on " + fd.what(), LibC.syscall(Syscalls.FCNTL, fd.number(), F_GET_SEALS));
  }

  @Override
  public void close() {
    fd.close();
  }
}
