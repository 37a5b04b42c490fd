package io.vivarium.library;

import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.Fd;
import io.vivarium.linux.LinuxFiles;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * What a folder's files hold.
 *
 * @param allocated bytes that are data, which is what the disk spends on them
 * @param lengths bytes of all files, holes counted too
 */
record DiskUsage(long allocated, long lengths) {
  /** Counts what can be read; what vanishes meanwhile counts as nothing. */
  static DiskUsage of(Path folder) {
    Counter counter = new Counter();
    try {
      Files.walkFileTree(folder, counter);
    } catch (IOException e) {
      return counter.usage();
    }
    return counter.usage();
  }

  private static final class Counter extends SimpleFileVisitor<Path> {
    private long allocated;
    private long lengths;

    DiskUsage usage() {
      return new DiskUsage(allocated, lengths);
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (attributes.isRegularFile()) {
        lengths += attributes.size();
        allocated += data(file, attributes.size());
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) {
      return FileVisitResult.CONTINUE;
    }
  }

  /** Bytes outside of holes (lseek(2), SEEK_DATA). */
  private static long data(Path file, long length) {
    try (Fd fd = Fd.open(file.toString(), Fd.O_RDONLY, 0)) {
      long bytes = 0;
      long at = LinuxFiles.seekData(fd, 0);
      while (at >= 0) {
        long end = LinuxFiles.seekHole(fd, at);
        bytes += end - at;
        at = LinuxFiles.seekData(fd, end);
      }
      return bytes;
    } catch (ErrnoException e) {
      return length;
    }
  }
}
