package io.vivarium.kvm;

import io.vivarium.kvm.abi.KvmRequests;
import io.vivarium.linux.Errno;
import io.vivarium.linux.Fd;
import io.vivarium.linux.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/** Calls ioctls and turns failures into {@link KvmException}. */
final class Ioctl {
  private Ioctl() {}

  /** Calls again when a signal interrupted it; returns what the kernel returned. */
  static int call(Fd fd, long request, long argument) throws KvmException {
    int number = fd.number();
    while (true) {
      int result = LibC.ioctl(number, request, argument);
      if (result >= 0) {
        return result;
      }
      int errno = LibC.errno();
      if (errno != Errno.EINTR) {
        throw failure(fd, request, errno);
      }
    }
  }

  static int call(Fd fd, long request, MemorySegment argument) throws KvmException {
    try {
      return call(fd, request, argument.address());
    } finally {
      Reference.reachabilityFence(argument);
    }
  }

  static KvmException failure(Fd fd, long request, int errno) {
    String name = KvmRequests.name(request);
    return new KvmException(name + " on " + fd.what(), errno, Hints.forIoctl(name, errno));
  }

  /** A struct that the kernel fills, as bytes. */
  static byte[] get(Fd fd, long request, int size) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment struct = arena.allocate(size, 8);
      call(fd, request, struct);
      return struct.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /**
   * Hands the kernel a struct of exactly {@code size} bytes. Throws IllegalArgumentException when
   * the bytes are more or fewer: a saved state that was damaged.
   */
  static void set(Fd fd, long request, int size, byte[] bytes) throws KvmException {
    if (bytes.length != size) {
      throw new IllegalArgumentException(
          "%s takes %d bytes, not %d".formatted(KvmRequests.name(request), size, bytes.length));
    }
    try (Arena arena = Arena.ofConfined()) {
      call(fd, request, arena.allocate(size, 8).copyFrom(MemorySegment.ofArray(bytes)));
    }
  }
}
