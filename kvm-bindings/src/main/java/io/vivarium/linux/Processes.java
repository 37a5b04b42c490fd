package io.vivarium.linux;

/** Processes: handles that cannot be mistaken for another process, sessions, parents. */
public final class Processes {
  public static final int SIGHUP = 1;
  public static final int SIGINT = 2;
  public static final int SIGKILL = 9;
  public static final int SIGTERM = 15;

  private static final int PR_SET_PDEATHSIG = 1;

  private Processes() {}

  /**
   * A descriptor that stands for a process until it is closed, whatever becomes of its number; it
   * is readable (EPOLLIN) when the process has ended.
   *
   * @throws ErrnoException ESRCH when there is no such process
   */
  public static Fd pidfdOpen(long pid) throws ErrnoException {
    long fd = LibC.check("pidfd_open " + pid, LibC.syscall(Syscalls.PIDFD_OPEN, pid, 0));
    return new Fd((int) fd, "process " + pid);
  }

  /**
   * Sends a signal to the process behind a {@link #pidfdOpen} descriptor; 0 only asks.
   *
   * @return false when it has ended
   */
  public static boolean pidfdSendSignal(Fd process, int signal) throws ErrnoException {
    long result = LibC.syscall(Syscalls.PIDFD_SEND_SIGNAL, process.number(), signal, 0, 0);
    if (result < 0 && LibC.errno() == Errno.ESRCH) {
      return false;
    }
    LibC.check("pidfd_send_signal to " + process.what(), result);
    return true;
  }

  /**
   * This process gets a signal when the thread that started it ends; 0 undoes it. Does nothing for
   * a parent that ended before: compare the parent's pid afterwards.
   */
  public static void setParentDeathSignal(int signal) throws ErrnoException {
    LibC.check("prctl PR_SET_PDEATHSIG", LibC.syscall(Syscalls.PRCTL, PR_SET_PDEATHSIG, signal));
  }

  /**
   * Leaves the terminal: the process leads a session and group of its own, {@code setsid(2)}.
   *
   * @return false when it leads its group already
   */
  public static boolean leaveTerminal() {
    return LibC.syscall(Syscalls.SETSID, 0) >= 0;
  }
}
