package io.vivarium.library;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Changes of files that a crash leaves undone or done, never half done, step by step as {@link
 * FileSteps} names them. All of the library's changes are made here; layers of saved memory are
 * written by {@code io.vivarium.memory}, and disks by their formats.
 */
public final class DurableFiles {
  /** Begins the names of unfinished work: {@code .tmp-<pid>-<random>}. */
  static final String UNFINISHED = ".tmp-";

  /** Who is told of the steps that this thread makes; bound by tests. */
  static final ScopedValue<FileSteps> STEPS = ScopedValue.newInstance();

  private DurableFiles() {}

  private static void step(FileSteps.Kind kind, Path path, @Nullable Path target)
      throws IOException {
    STEPS.orElse(FileSteps.NONE).before(kind, path, target);
  }

  /** A name for something unfinished in {@code folder}; tells who was at work, for the sweep. */
  public static Path unfinished(Path folder) {
    return folder.resolve(
        UNFINISHED + ProcessHandle.current().pid() + "-" + UUID.randomUUID().toString());
  }

  /** Replaces or creates a file as a whole, durably. */
  public static void write(Path file, byte[] content) throws IOException {
    replace(file, content, true);
  }

  /** Replaces or creates a file as a whole; a power loss may bring back the old one. */
  public static void writeQuickly(Path file, byte[] content) throws IOException {
    replace(file, content, false);
  }

  private static void replace(Path file, byte[] content, boolean durably) throws IOException {
    Path folder = parent(file);
    Path beside = unfinished(folder);
    try {
      step(FileSteps.Kind.WRITE, beside, null);
      try (FileChannel channel = FileChannel.open(beside, CREATE_NEW, WRITE)) {
        ByteBuffer buffer = ByteBuffer.wrap(content);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        if (durably) {
          step(FileSteps.Kind.SYNC_FILE, beside, null);
          channel.force(true);
        }
      }
      step(FileSteps.Kind.RENAME, beside, file);
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      discard(beside);
      throw e;
    }
    if (durably) {
      sync(folder);
    }
  }

  /** What writes a new file, by means of its own. */
  public interface Making {
    void make(Path file) throws IOException;
  }

  /**
   * Creates a file as a whole, durably.
   *
   * @param making writes it under the name that it is given, which is not there yet
   */
  public static void create(Path file, Making making) throws IOException {
    Path beside = makeBeside(parent(file), making);
    try {
      rename(beside, file);
    } catch (IOException e) {
      discard(beside);
      throw e;
    }
  }

  /** Creates a file that is durable but for its name, which a {@link #rename} gives it. */
  static Path makeBeside(Path folder, Making making) throws IOException {
    Path beside = unfinished(folder);
    try {
      step(FileSteps.Kind.WRITE, beside, null);
      making.make(beside);
      sync(beside);
      return beside;
    } catch (IOException e) {
      discard(beside);
      throw e;
    }
  }

  /** Changes a file in place, by means that keep it whole at any moment and make it durable. */
  public static void change(Path file, Making change) throws IOException {
    step(FileSteps.Kind.WRITE, file, null);
    change.make(file);
    step(FileSteps.Kind.SYNC_FILE, file, null);
  }

  /** Makes a folder that is not there yet, not durably. */
  static void makeFolderQuickly(Path folder) throws IOException {
    step(FileSteps.Kind.MAKE_FOLDER, folder, null);
    Files.createDirectory(folder);
  }

  /** Creates a file that is not there yet, not durably. */
  static void makeQuickly(Path file, Making making) throws IOException {
    step(FileSteps.Kind.WRITE, file, null);
    making.make(file);
  }

  /** Makes a folder, durably, and those above it; one that is there is no error. */
  public static void makeFolders(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      step(FileSteps.Kind.MAKE_FOLDER, folder, null);
      Files.createDirectories(folder);
      sync(parent(folder));
    }
  }

  /** Gives a file a second name, not durably. */
  public static void link(Path file, Path name) throws IOException {
    step(FileSteps.Kind.LINK, file, name);
    Files.createLink(name, file);
  }

  /** Renames a file or folder, not durably. Fails when a folder that is not empty is in the way. */
  static void renameQuickly(Path from, Path to) throws IOException {
    step(FileSteps.Kind.RENAME, from, to);
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Renames a file or folder, durably. Fails when a folder that is not empty is in the way. */
  public static void rename(Path from, Path to) throws IOException {
    renameQuickly(from, to);
    sync(parent(to));
    if (!parent(from).equals(parent(to))) {
      sync(parent(from));
    }
  }

  /** Makes a file's content, or a folder's entries, durable. */
  public static void sync(Path path) throws IOException {
    boolean folder = Files.isDirectory(path);
    step(folder ? FileSteps.Kind.SYNC_FOLDER : FileSteps.Kind.SYNC_FILE, path, null);
    try (FileChannel channel = FileChannel.open(path, READ)) {
      channel.force(true);
    }
  }

  /** Deletes a file or an empty folder, not durably; what is not there is no error. */
  public static void delete(Path path) throws IOException {
    if (Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      step(FileSteps.Kind.DELETE, path, null);
      Files.deleteIfExists(path);
    }
  }

  /** Deletes what is not needed any more, whatever state it is in; the next sweep may have to. */
  static void discard(Path unfinished) {
    try {
      delete(unfinished);
    } catch (IOException e) {
      // The failure that led here is the one to tell.
    }
  }

  /** Deletes a file or a folder with all in it, following no link; what vanishes is no error. */
  public static void deleteTree(Path path) throws IOException {
    if (!Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Deletes what dead processes left unfinished in a folder. */
  public static void sweep(Path folder) {
    try (var entries = Files.newDirectoryStream(folder, UNFINISHED + "*")) {
      for (Path entry : entries) {
        if (ownerIsDead(String.valueOf(entry.getFileName()))) {
          deleteTree(entry);
        }
      }
    } catch (IOException e) {
      // Leftovers cost space, nothing else; the next sweep tries again.
    }
  }

  static boolean ownerIsDead(String name) {
    try {
      String pid = name.substring(UNFINISHED.length()).split("-", 2)[0];
      return ProcessHandle.of(Long.parseLong(pid)).isEmpty();
    } catch (NumberFormatException e) {
      return true;
    }
  }

  static Path parent(Path path) {
    Path parent = path.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IllegalArgumentException("the root folder has no parent: " + path);
    }
    return parent;
  }
}
