package io.vivarium.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * What a file takes of its file system, by {@code statx(2)}. Opens nothing: the locks that this
 * process holds on the file stay (fcntl(2) drops them whenever any descriptor of it closes).
 *
 * @param length in bytes, holes counted too
 * @param allocated bytes of the file system's blocks
 * @param links names that the file has; deleting one of several frees nothing
 */
public record FileSpace(long length, long allocated, long links) {
  private static final int AT_FDCWD = -100;
  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int STATX_NLINK = 0x4;
  private static final int STATX_SIZE = 0x200;
  private static final int STATX_BLOCKS = 0x400;
  private static final long STRUCT_STATX = 256;

  // struct statx (linux/stat.h): stx_nlink, stx_size, stx_blocks, which count 512 bytes.
  private static final long NLINK = 16;
  private static final long SIZE = 40;
  private static final long BLOCKS = 48;
  private static final long BLOCK = 512;

  /** Looks at a file; a link is not followed. */
  public static FileSpace of(Path file) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(file.toString());
      MemorySegment stat = arena.allocate(STRUCT_STATX, Long.BYTES);
      LibC.check(
          "statx " + file,
          LibC.syscall(
              Syscalls.STATX,
              AT_FDCWD,
              name.address(),
              AT_SYMLINK_NOFOLLOW,
              STATX_NLINK | STATX_SIZE | STATX_BLOCKS,
              stat.address(),
              0));
      return new FileSpace(
          stat.get(ValueLayout.JAVA_LONG, SIZE),
          stat.get(ValueLayout.JAVA_LONG, BLOCKS) * BLOCK,
          Integer.toUnsignedLong(stat.get(ValueLayout.JAVA_INT, NLINK)));
    }
  }
}
