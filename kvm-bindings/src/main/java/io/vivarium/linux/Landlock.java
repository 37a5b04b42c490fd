package io.vivarium.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A sandbox that a process puts itself into, {@code landlock(7)}: what the ruleset handles is
 * forbidden except below the paths that it allows. Descriptors that are open stay usable.
 */
public final class Landlock implements AutoCloseable {
  public static final long EXECUTE = 1L;
  public static final long WRITE_FILE = 1L << 1;
  public static final long READ_FILE = 1L << 2;
  public static final long READ_DIR = 1L << 3;
  public static final long REMOVE_DIR = 1L << 4;
  public static final long REMOVE_FILE = 1L << 5;
  public static final long MAKE_CHAR = 1L << 6;
  public static final long MAKE_DIR = 1L << 7;
  public static final long MAKE_REG = 1L << 8;
  public static final long MAKE_SOCK = 1L << 9;
  public static final long MAKE_FIFO = 1L << 10;
  public static final long MAKE_BLOCK = 1L << 11;
  public static final long MAKE_SYM = 1L << 12;

  /** Linking and renaming between folders; since ABI 2. */
  public static final long REFER = 1L << 13;

  /** Since ABI 3. */
  public static final long TRUNCATE = 1L << 14;

  /** Since ABI 5. */
  public static final long IOCTL_DEV = 1L << 15;

  public static final long READ = EXECUTE | READ_FILE | READ_DIR;
  public static final long WRITE =
      WRITE_FILE
          | REMOVE_DIR
          | REMOVE_FILE
          | MAKE_DIR
          | MAKE_REG
          | MAKE_SOCK
          | MAKE_FIFO
          | MAKE_SYM
          | REFER
          | TRUNCATE;

  private static final int CREATE_RULESET_VERSION = 1;
  private static final int RULE_PATH_BENEATH = 1;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int FILES_ONLY = (int) (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE);

  private final Fd ruleset;
  private final long handled;

  /**
   * The kernel's version of Landlock.
   *
   * @return 1 or more; 0 when the kernel has none or it is turned off
   */
  public static int abi() {
    long version = LibC.syscall(Syscalls.LANDLOCK_CREATE_RULESET, 0, 0, CREATE_RULESET_VERSION);
    return version < 0 ? 0 : (int) version;
  }

  /**
   * A ruleset that forbids these rights on files; those that the kernel does not know are left out.
   */
  public Landlock(long rights) throws ErrnoException {
    int abi = abi();
    long known =
        abi >= 5
            ? (IOCTL_DEV << 1) - 1
            : abi >= 3 ? (TRUNCATE << 1) - 1 : abi == 2 ? (REFER << 1) - 1 : REFER - 1;
    handled = rights & known;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attribute = arena.allocateFrom(ValueLayout.JAVA_LONG, handled);
      long fd = LibC.syscall(Syscalls.LANDLOCK_CREATE_RULESET, attribute.address(), 8, 0);
      ruleset = new Fd((int) LibC.check("landlock_create_ruleset", fd), "Landlock ruleset");
    }
  }

  /** Allows rights below a folder, or on one file. */
  public void allow(String path, long rights) throws ErrnoException {
    try (Fd parent = Fd.open(path, Fd.O_PATH, 0);
        Arena arena = Arena.ofConfined()) {
      boolean folder = java.nio.file.Files.isDirectory(java.nio.file.Path.of(path));
      MemorySegment rule = arena.allocate(12, 8); // struct landlock_path_beneath_attr is packed
      long allowed = handled & rights & (folder ? -1L : FILES_ONLY | IOCTL_DEV);
      rule.set(ValueLayout.JAVA_LONG, 0, allowed);
      rule.set(ValueLayout.JAVA_INT, 8, parent.number());
      LibC.check(
          "landlock_add_rule " + path,
          LibC.syscall(
              Syscalls.LANDLOCK_ADD_RULE, ruleset.number(), RULE_PATH_BENEATH, rule.address(), 0));
    }
  }

  /**
   * Puts the calling thread, and those that it will start, under the rules; for good. Threads that
   * run already stay free: call it before any is started.
   */
  public void restrictThread() throws ErrnoException {
    LibC.check(
        "prctl PR_SET_NO_NEW_PRIVS", LibC.syscall(Syscalls.PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0));
    LibC.check(
        "landlock_restrict_self",
        LibC.syscall(Syscalls.LANDLOCK_RESTRICT_SELF, ruleset.number(), 0));
  }

  @Override
  public void close() {
    ruleset.close();
  }
}
