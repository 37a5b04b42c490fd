package io.vivarium.library;

import io.vivarium.client.JsonException;
import io.vivarium.client.VivariumException;
import io.vivarium.library.SnapshotStore.Entry;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a VM's removed snapshots wait: {@code machines/<name>/trash/<epoch second>-<id>}. Going
 * there and coming back is one rename. What names a removed snapshot as its parent keeps doing so,
 * and is taken for a child of the nearest ancestor that is not removed; so nothing else is written,
 * and nothing can be half done. Its disk layers stay in place until it is deleted for good.
 */
final class SnapshotTrash {
  static final Duration KEPT = Duration.ofDays(7);
  private static final Pattern ITEM = Pattern.compile("(\\d{1,18})-([0-9a-f]{12})");

  private final MachineFolder folder;

  SnapshotTrash(MachineFolder folder) {
    this.folder = folder;
  }

  /**
   * Something in the trash.
   *
   * @param entry what it is, or null where that cannot be read
   */
  record Item(String id, Instant removedAt, Path path, @Nullable Entry entry) {}

  static boolean isItem(String name) {
    return ITEM.matcher(name).matches();
  }

  /** Oldest removal first. */
  List<Item> items() throws IOException {
    List<Item> items = new ArrayList<>();
    try (var paths = Files.newDirectoryStream(folder.trash())) {
      for (Path path : paths) {
        Matcher name = ITEM.matcher(String.valueOf(path.getFileName()));
        if (name.matches()) {
          items.add(item(path, name.group(2), Long.parseLong(name.group(1))));
        }
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    items.sort(java.util.Comparator.comparing(Item::removedAt).thenComparing(Item::id));
    return items;
  }

  private Item item(Path path, String id, long second) {
    Instant removedAt = Instant.ofEpochSecond(Math.min(second, Integer.MAX_VALUE * 1000L));
    try {
      byte[] text = Files.readAllBytes(path.resolve(SnapshotCodec.FILE));
      return new Item(id, removedAt, path, SnapshotCodec.read(text, id, folder.name()));
    } catch (IOException | JsonException e) {
      // It can be listed and deleted, not brought back.
      return new Item(id, removedAt, path, null);
    }
  }

  /** The item of a snapshot, or null when it is not here. Of many only that one is read. */
  @Nullable Item find(String id) throws IOException {
    try (var paths = Files.newDirectoryStream(folder.trash())) {
      for (Path path : paths) {
        Matcher name = ITEM.matcher(String.valueOf(path.getFileName()));
        if (name.matches() && name.group(2).equals(id)) {
          return item(path, id, Long.parseLong(name.group(1)));
        }
      }
      return null;
    } catch (NoSuchFileException e) {
      return null;
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  /** Moves a snapshot here. */
  void put(String id) throws IOException {
    DurableFiles.makeFolders(folder.trash());
    DurableFiles.rename(
        folder.snapshots().resolve(id),
        folder.trash().resolve(Instant.now().getEpochSecond() + "-" + id));
  }

  /** Moves one back. */
  void takeOut(Item item) throws IOException {
    DurableFiles.makeFolders(folder.snapshots());
    DurableFiles.rename(item.path(), folder.snapshots().resolve(item.id()));
  }

  /**
   * The nearest of a snapshot and its ancestors that is in the tree, or null.
   *
   * @param id a snapshot, perhaps a removed one
   */
  @Nullable String standing(@Nullable String id) throws IOException {
    Set<String> seen = new HashSet<>();
    String at = id;
    while (at != null && !Files.isDirectory(folder.snapshots().resolve(at))) {
      Item item = seen.add(at) ? find(at) : null;
      at = item == null || item.entry() == null ? null : item.entry().parent();
    }
    return at;
  }

  /** Removed before that time. */
  List<Item> before(Instant time) throws IOException {
    return items().stream().filter(item -> item.removedAt().isBefore(time)).toList();
  }

  /**
   * Deletes some for good. What descends from them gets the next ancestor as its parent first, so
   * that at any moment every parent that is named is there.
   *
   * @param store of the same VM
   */
  void delete(List<Item> items, SnapshotStore store) throws IOException, VivariumException {
    if (items.isEmpty()) {
      return;
    }
    Lineage lineage = new Lineage(items);
    for (Entry entry : store.asWritten()) {
      if (lineage.goes(entry.parent())) {
        store.rewrite(entry.withParent(lineage.next(entry.parent())));
      }
    }
    for (Item item : items()) {
      Entry entry = item.entry();
      if (entry != null && !lineage.goes(item.id()) && lineage.goes(entry.parent())) {
        DurableFiles.write(
            item.path().resolve(SnapshotCodec.FILE),
            SnapshotCodec.write(entry.withParent(lineage.next(entry.parent()))));
      }
    }
    String current = SnapshotStore.writtenCurrent(folder);
    if (lineage.goes(current)) {
      store.setCurrent(lineage.next(current));
    }
    for (Item item : items) {
      Path aside = DurableFiles.unfinished(folder.trash());
      DurableFiles.rename(item.path(), aside);
      DurableFiles.deleteTree(aside);
    }
  }

  /** Who is a parent once some are gone. */
  private static final class Lineage {
    private final Map<String, Item> going = new HashMap<>();

    Lineage(List<Item> items) {
      items.forEach(item -> going.put(item.id(), item));
    }

    boolean goes(@Nullable String id) {
      return id != null && going.containsKey(id);
    }

    @Nullable String next(@Nullable String id) {
      String at = id;
      for (int i = 0; i <= going.size() && at != null; i++) {
        Item item = going.get(at);
        if (item == null) {
          return at;
        }
        at = item.entry() == null ? null : item.entry().parent();
      }
      return null;
    }
  }
}
