package io.vivarium.linux;

/** System call numbers of x86-64 Linux, named as in {@code asm/unistd_64.h} without the prefix. */
final class Syscalls {
  static final int READ = 0;
  static final int WRITE = 1;
  static final int LSEEK = 8;
  static final int MPROTECT = 10;
  static final int PREAD64 = 17;
  static final int PWRITE64 = 18;
  static final int MSYNC = 26;
  static final int MADVISE = 28;
  static final int GETPID = 39;
  static final int FCNTL = 72;
  static final int FLOCK = 73;
  static final int FSYNC = 74;
  static final int FDATASYNC = 75;
  static final int FTRUNCATE = 77;
  static final int SETSID = 112;
  static final int PRCTL = 157;
  static final int GETTID = 186;
  static final int SCHED_SETAFFINITY = 203;
  static final int SCHED_GETAFFINITY = 204;
  static final int CLOCK_GETTIME = 228;
  static final int EPOLL_WAIT = 232;
  static final int EPOLL_CTL = 233;
  static final int TGKILL = 234;
  static final int SYNC_FILE_RANGE = 277;
  static final int FALLOCATE = 285;
  static final int EVENTFD2 = 290;
  static final int EPOLL_CREATE1 = 291;
  static final int MEMFD_CREATE = 319;
  static final int STATX = 332;
  static final int PIDFD_SEND_SIGNAL = 424;
  static final int PIDFD_OPEN = 434;
  static final int FACCESSAT2 = 439;
  static final int LANDLOCK_CREATE_RULESET = 444;
  static final int LANDLOCK_ADD_RULE = 445;
  static final int LANDLOCK_RESTRICT_SELF = 446;

  private Syscalls() {}
}
