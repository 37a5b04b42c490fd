package io.vivarium.cli;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Where an export goes: to a file, which is there once it is whole, or to standard output. */
final class ExportTarget {
  private static final int BUFFER = 1 << 20;

  private ExportTarget() {}

  /** What writes the export. */
  interface Writing {
    void to(OutputStream target) throws VivariumException;
  }

  /** Standard output, for a pipe; never a terminal. */
  static void standardOutput(Writing writing) throws VivariumException {
    if (Terminal.isTerminal(1)) {
      throw new VivariumException(
          Kind.USAGE,
          "a disk's bytes are not for a terminal",
          "Send them into a pipe, or to a file: -o FILE");
    }
    // Not closed: the descriptor is the process's own.
    OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER);
    writing.to(out);
    try {
      out.flush();
    } catch (IOException e) {
      throw new VivariumException(
          Kind.HOST, "standard output takes no more: " + e.getMessage(), "", e);
    }
  }

  /** A file, written beside and renamed; what stood there before stays when that fails. */
  static void file(Path file, boolean holes, Writing writing) throws VivariumException {
    Path target = file.toAbsolutePath();
    if (!Files.isDirectory(target.resolveSibling("."))) {
      throw new VivariumException(
          Kind.NOT_FOUND,
          "there is no folder for the file '" + file + "'",
          "Make it first, or check the path.");
    }
    Path beside =
        target.resolveSibling(
            "." + target.getFileName() + ".part-" + ProcessHandle.current().pid());
    try {
      try {
        try (FileOutputStream out = new FileOutputStream(beside.toFile())) {
          if (holes) {
            writing.to(out);
          } else {
            OutputStream buffered = new BufferedOutputStream(out, BUFFER);
            writing.to(buffered);
            buffered.flush();
          }
          out.getFD().sync();
        }
        Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(beside);
      }
    } catch (IOException e) {
      throw new VivariumException(
          Kind.HOST, "cannot write the file '" + file + "': " + e.getMessage(), "", e);
    }
  }
}
