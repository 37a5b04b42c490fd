package io.vivarium.library;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Sealed files shared between folders, so that each is whole by itself and nothing is copied. */
public final class HardLinks {
  private HardLinks() {}

  /** All finished files of a folder, durably; where {@code from} is not there, nothing. */
  public static void all(Path from, Path to) throws IOException {
    if (!Files.isDirectory(from)) {
      return;
    }
    DurableFiles.makeFolders(to);
    try (var files = Files.newDirectoryStream(from)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        if (!name.startsWith(DurableFiles.UNFINISHED)) {
          link(file, to.resolve(name));
        }
      }
    }
    DurableFiles.sync(to);
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
    DurableFiles.create(to, file -> Files.copy(from, file));
  }
}
