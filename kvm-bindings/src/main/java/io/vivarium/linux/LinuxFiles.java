package io.vivarium.linux;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/** What files can do beyond java.nio: holes, places of data, durable folders, locks. */
public final class LinuxFiles {
  public static final int R_OK = 4;
  public static final int W_OK = 2;
  public static final int X_OK = 1;

  private static final int FALLOC_FL_KEEP_SIZE = 1;
  private static final int FALLOC_FL_PUNCH_HOLE = 2;
  private static final int FALLOC_FL_ZERO_RANGE = 0x10;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final int AT_FDCWD = -100;
  private static final int AT_EACCESS = 0x200;
  private static final int LOCK_EX = 2;
  private static final int LOCK_SH = 1;
  private static final int LOCK_NB = 4;
  private static final int SYNC_FILE_RANGE_WRITE = 2;

  private LinuxFiles() {}

  /** Gives a range's blocks back to the file system; it reads as zeros, the size stays. */
  public static void punchHole(Fd file, long offset, long length) throws ErrnoException {
    fallocate("punch hole in ", file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
  }

  /** Makes a range read as zeros, its blocks kept; the size stays. */
  public static void zeroRange(Fd file, long offset, long length) throws ErrnoException {
    fallocate("zero range of ", file, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, offset, length);
  }

  /**
   * Reserves blocks for a range, so that writing it cannot run out of space.
   *
   * @param keepSize whether the file's size stays when the range ends beyond it
   */
  public static void allocate(Fd file, long offset, long length, boolean keepSize)
      throws ErrnoException {
    fallocate("allocate ", file, keepSize ? FALLOC_FL_KEEP_SIZE : 0, offset, length);
  }

  private static void fallocate(String what, Fd file, int mode, long offset, long length)
      throws ErrnoException {
    long result;
    do {
      result = LibC.syscall(Syscalls.FALLOCATE, file.number(), mode, offset, length);
    } while (result < 0 && LibC.errno() == Errno.EINTR);
    LibC.check(what + file.what(), result);
  }

  /** Sets a file's size in bytes; what is added reads as zeros. */
  public static void truncate(Fd file, long size) throws ErrnoException {
    LibC.check("ftruncate " + file.what(), LibC.syscall(Syscalls.FTRUNCATE, file.number(), size));
  }

  /** Waits until a file's data and size are on the disk. */
  public static void fsync(Fd file) throws ErrnoException {
    LibC.check("fsync " + file.what(), LibC.syscall(Syscalls.FSYNC, file.number()));
  }

  /** As {@link #fsync}, leaving out what is not needed to read the data again, as times. */
  public static void fdatasync(Fd file) throws ErrnoException {
    LibC.check("fdatasync " + file.what(), LibC.syscall(Syscalls.FDATASYNC, file.number()));
  }

  /** Makes creations, renames and deletions in a folder durable. */
  public static void fsyncFolder(Path folder) throws ErrnoException {
    try (Fd fd = Fd.open(folder.toString(), Fd.O_RDONLY | Fd.O_DIRECTORY, 0)) {
      fsync(fd);
    }
  }

  /** Starts to write a range to the disk without waiting; makes nothing durable. */
  public static void startWriteback(Fd file, long offset, long length) throws ErrnoException {
    LibC.check(
        "sync_file_range of " + file.what(),
        LibC.syscall(
            Syscalls.SYNC_FILE_RANGE, file.number(), offset, length, SYNC_FILE_RANGE_WRITE));
  }

  /** Where the next data is at or after a place; -1 when only a hole follows. */
  public static long seekData(Fd file, long from) throws ErrnoException {
    return seek(file, from, SEEK_DATA);
  }

  /** Where the next hole is at or after a place, the file's end at last; -1 beyond the end. */
  public static long seekHole(Fd file, long from) throws ErrnoException {
    return seek(file, from, SEEK_HOLE);
  }

  private static long seek(Fd file, long from, int whence) throws ErrnoException {
    long result = LibC.syscall(Syscalls.LSEEK, file.number(), from, whence);
    if (result < 0 && LibC.errno() == Errno.ENXIO) {
      return -1;
    }
    return LibC.check("lseek in " + file.what(), result);
  }

  /**
   * Takes a lock on an open file, {@code flock(2)}, without waiting. It belongs to the open file,
   * not to the process, and ends when the last descriptor of it closes, however the process dies.
   *
   * @return whether it was free
   */
  public static boolean tryLock(Fd file, boolean exclusive) throws ErrnoException {
    long result =
        LibC.syscall(Syscalls.FLOCK, file.number(), (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);
    if (result < 0 && LibC.errno() == Errno.EAGAIN) {
      return false;
    }
    LibC.check("flock " + file.what(), result);
    return true;
  }

  /**
   * Whether this process may use a path, as its effective user.
   *
   * @param mode R_OK, W_OK, X_OK together
   * @return 0, or what stands against it: EACCES, ENOENT...
   */
  public static int access(String path, int mode) {
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom(path).address();
      return LibC.syscall(Syscalls.FACCESSAT2, AT_FDCWD, name, mode, AT_EACCESS) == 0
          ? 0
          : LibC.errno();
    }
  }
}
