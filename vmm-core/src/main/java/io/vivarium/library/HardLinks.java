package io.vivarium.library;

import io.vivarium.linux.Fd;
import io.vivarium.linux.LinuxFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Sealed files shared between folders, so that each is whole by itself and nothing is copied. */
public final class HardLinks {
  private HardLinks() {}

  /**
   * All finished files of a folder; where {@code from} is not there, nothing. Not durably, so that
   * a start need not wait: who is the first to stand on them makes both folders durable.
   */
  public static void all(Path from, Path to) throws IOException {
    if (!Files.isDirectory(from)) {
      return;
    }
    Files.createDirectories(to);
    try (var files = Files.newDirectoryStream(from)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        if (!name.startsWith(DurableFiles.UNFINISHED)) {
          link(file, to.resolve(name));
        }
      }
    }
  }

  /** One file; a copy where the file system has no such links, or the file is on another one. */
  static void link(Path from, Path to) throws IOException {
    try {
      DurableFiles.link(from, to);
    } catch (FileAlreadyExistsException e) {
      // The same file: names of sealed files are not used twice.
    } catch (NoSuchFileException e) {
      throw e;
    } catch (FileSystemException | UnsupportedOperationException e) {
      copy(from, to);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    DurableFiles.create(to, file -> copyData(from, file));
  }

  /** Holes stay holes. */
  private static void copyData(Path from, Path to) throws IOException {
    try (Fd fd = Fd.open(from.toString(), Fd.O_RDONLY | Fd.O_CLOEXEC, 0);
        FileChannel source = FileChannel.open(from, StandardOpenOption.READ);
        RandomAccessFile target = new RandomAccessFile(to.toFile(), "rw")) {
      target.setLength(source.size());
      for (long at = LinuxFiles.seekData(fd, 0); at >= 0; at = LinuxFiles.seekData(fd, at)) {
        long end = LinuxFiles.seekHole(fd, at);
        target.seek(at);
        while (at < end) {
          long count = source.transferTo(at, end - at, target.getChannel());
          if (count <= 0) {
            throw new IOException(from + " was cut while it was copied");
          }
          at += count;
        }
      }
    }
  }
}
