package io.vivarium.library;

import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.FileSpace;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * What a folder's files hold.
 *
 * @param allocated bytes of the host's disk that deleting them frees: blocks, but for files that
 *     have another name elsewhere
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
        allocated += data(file);
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) {
      return FileVisitResult.CONTINUE;
    }
  }

  /** Bytes that its blocks take; none where they have other names too, or cannot be told. */
  private static long data(Path file) {
    try {
      FileSpace space = FileSpace.of(file);
      return space.links() > 1 ? 0 : space.allocated();
    } catch (ErrnoException e) {
      return 0;
    }
  }
}
