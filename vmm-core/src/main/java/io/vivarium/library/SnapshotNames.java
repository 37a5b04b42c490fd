package io.vivarium.library;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which snapshot has which name: {@code names/<name>} is a symbolic link to its folder, which takes
 * no block of the host's disk, so that of a thousand only the one that is meant is read. A note is
 * made before what it tells of, and what it tells is looked at again by who reads it: one that is
 * out of date does no harm. Where the folder is there, all snapshots are noted but for those whose
 * notes a power loss took.
 */
final class SnapshotNames {
  private final Path folder;

  SnapshotNames(MachineFolder machine) {
    this.folder = machine.names();
  }

  private static Path target(String id) {
    return Path.of("..", "snapshots", id);
  }

  boolean there() {
    return Files.isDirectory(folder);
  }

  /** The id that is noted for a valid name, perhaps one of a snapshot that is gone; or null. */
  @Nullable String id(String name) {
    try {
      Path target = Files.readSymbolicLink(folder.resolve(name));
      String id = String.valueOf(target.getFileName());
      return SnapshotStore.isId(id) && target.equals(target(id)) ? id : null;
    } catch (IOException e) {
      return null; // There is none, or something else: it is searched for.
    }
  }

  /** Notes all snapshots, where none was noted so far. */
  void build(Map<String, String> ids) throws IOException {
    Path beside = DurableFiles.unfinished(DurableFiles.parent(folder));
    try {
      DurableFiles.makeFolderQuickly(beside);
      for (Map.Entry<String, String> one : ids.entrySet()) {
        Path target = target(one.getValue());
        DurableFiles.makeQuickly(
            beside.resolve(one.getKey()), file -> Files.createSymbolicLink(file, target));
      }
      DurableFiles.renameQuickly(beside, folder);
    } finally {
      DurableFiles.deleteTree(beside);
    }
  }

  void put(String name, String id) throws IOException {
    Path beside = DurableFiles.unfinished(folder);
    try {
      DurableFiles.makeQuickly(beside, file -> Files.createSymbolicLink(file, target(id)));
      DurableFiles.renameQuickly(beside, folder.resolve(name));
    } catch (IOException e) {
      DurableFiles.discard(beside);
      throw e;
    }
  }

  /** The snapshot of this id does not have the name any more. */
  void forget(String name, String id) throws IOException {
    if (id.equals(id(name))) {
      DurableFiles.delete(folder.resolve(name));
    }
  }
}
