package io.vivarium.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

/**
 * The C library's functions as JNA direct mappings: the one door to native code, for this module's
 * own classes only.
 *
 * <p>Kept small, because registering each function costs start-up time: what is not on the way to a
 * running vCPU goes through {@link #syscall}. Addresses travel as {@code long}. A call that fails
 * returns -1 and leaves its error number for {@link #errno()}; that is read after a failure only,
 * on the same thread, before anything else is called.
 */
public final class LibC {
  static {
    // Costs of JNA's start that buy us nothing: the search for another, perhaps older, native part
    // of JNA in the system, and a run of ldconfig to learn where libraries are.
    setUnlessSet("jna.nosys", "true");
    setUnlessSet("jna.platform.library.path", "");
    // The C library is in the process already.
    Native.register(LibC.class, NativeLibrary.getProcess());
  }

  private static void setUnlessSet(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  private LibC() {}

  public static native int open(long path, int flags, int mode);

  public static native int close(int fd);

  public static native int ioctl(int fd, long request, long argument);

  public static native long mmap(
      long address, long length, int protection, int flags, int fd, long offset);

  public static native int munmap(long address, long length);

  public static native int sigaction(int signal, long action, long oldAction);

  public static native long dlsym(long handle, long name);

  /** Any system call, by its number in {@link Syscalls}. */
  public static native long syscall(
      long number, long a0, long a1, long a2, long a3, long a4, long a5);

  public static long syscall(long number, long a0) {
    return syscall(number, a0, 0, 0, 0, 0, 0);
  }

  public static long syscall(long number, long a0, long a1) {
    return syscall(number, a0, a1, 0, 0, 0, 0);
  }

  public static long syscall(long number, long a0, long a1, long a2) {
    return syscall(number, a0, a1, a2, 0, 0, 0);
  }

  public static long syscall(long number, long a0, long a1, long a2, long a3) {
    return syscall(number, a0, a1, a2, a3, 0, 0);
  }

  /** The error number that the last failed call on this thread left. */
  public static int errno() {
    return Native.getLastError();
  }

  /** Passes a result on, or throws what {@code call} failed with when it is -1. */
  static long check(String call, long result) throws ErrnoException {
    if (result == -1) {
      throw new ErrnoException(call, errno(), null);
    }
    return result;
  }
}
