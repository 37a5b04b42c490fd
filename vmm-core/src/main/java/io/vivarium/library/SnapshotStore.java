package io.vivarium.library;

import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.SpecRules;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of one VM: {@code snapshots/<id>} holds {@code snapshot.json} and, in {@code
 * machine/}, what the machine wrote. A tree by parent; {@code current} names "you are here".
 */
public final class SnapshotStore {
  private static final Pattern ID = Pattern.compile("[0-9a-f]{12}");
  private static final int VERSION = 1;

  private final Home home;
  private final MachineFolder folder;

  public SnapshotStore(Home home, MachineFolder folder) {
    this.home = home;
    this.folder = folder;
  }

  /** What is known of a snapshot before its bytes are counted. */
  public record Entry(
      String id,
      String name,
      @Nullable String parent,
      String note,
      Instant takenAt,
      boolean live,
      String lastConsoleLines,
      VmSpec spec) {}

  static boolean isId(String text) {
    return ID.matcher(text).matches();
  }

  public static String newId() {
    return UUID.randomUUID().toString().replace("-", "").substring(0, 12);
  }

  /** Where a snapshot lies. */
  public Path folder(String id) {
    return folder.snapshots().resolve(id);
  }

  /** Refuses a name that cannot be or is taken, before any work is done. */
  public void checkNewName(String name) throws VivariumException {
    String wrong = SpecRules.name(name);
    if (wrong != null) {
      throw new VivariumException(Kind.USAGE, "snapshot: " + wrong, "");
    }
    for (Entry entry : entries()) {
      if (entry.name().equals(name) || entry.id().equals(name)) {
        throw new VivariumException(
            Kind.CONFLICT,
            "VM '" + folder.name() + "' already has a snapshot '" + name + "'",
            "Choose another name, or remove it: viv snapshot rm " + folder.name() + " " + name);
      }
    }
  }

  /** An empty folder beside the snapshots, for {@link #keep}. */
  public Path begin() throws IOException {
    Files.createDirectories(folder.snapshots());
    Path unfinished = DurableFiles.unfinished(folder.snapshots());
    Files.createDirectories(unfinished.resolve("machine"));
    return unfinished;
  }

  /** Makes a finished folder the snapshot, and the VM its child. */
  public void keep(Path unfinished, Entry entry) throws IOException {
    write(unfinished, entry, entry.parent());
    DurableFiles.sync(unfinished.resolve("machine"));
    DurableFiles.rename(unfinished, folder.snapshots().resolve(entry.id()));
    setCurrent(entry.id());
  }

  private static void write(Path at, Entry entry, @Nullable String parent) throws IOException {
    JsonObject json =
        new JsonObject()
            .put("version", VERSION)
            .put("id", entry.id())
            .put("name", entry.name())
            .put("parent", parent)
            .put("note", entry.note())
            .put("takenAt", entry.takenAt())
            .put("live", entry.live())
            .put("lastConsoleLines", entry.lastConsoleLines())
            .put("spec", SpecCodec.write(entry.spec()));
    DurableFiles.write(
        at.resolve("snapshot.json"), Json.pretty(json).getBytes(StandardCharsets.UTF_8));
  }

  public void setCurrent(String id) throws IOException {
    DurableFiles.write(folder.current(), id.getBytes(StandardCharsets.UTF_8));
  }

  /** All snapshots that can be read, oldest first. */
  public List<Entry> entries() throws VivariumException {
    List<Entry> entries = new ArrayList<>();
    try (var folders = Files.newDirectoryStream(folder.snapshots())) {
      for (Path at : folders) {
        String id = String.valueOf(at.getFileName());
        if (isId(id)) {
          entries.add(read(id));
        }
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw Failures.explain("cannot list the snapshots of '" + folder.name() + "'", e);
    }
    entries.sort(Comparator.comparing(Entry::takenAt).thenComparing(Entry::id));
    return entries;
  }

  /** By id or name. */
  public Entry find(String idOrName) throws VivariumException {
    List<Entry> entries = entries();
    for (Entry entry : entries) {
      if (entry.id().equals(idOrName) || entry.name().equals(idOrName)) {
        return entry;
      }
    }
    String near = Suggest.nearest(idOrName, entries.stream().map(Entry::name).toList());
    throw new VivariumException(
        Kind.NOT_FOUND,
        "VM '" + folder.name() + "' has no snapshot '" + idOrName + "'",
        near == null
            ? "'viv snapshot ls " + folder.name() + "' lists them."
            : "Did you mean '" + near + "'?");
  }

  /** With the bytes that it holds on disk. */
  public SnapshotInfo info(Entry entry) {
    DiskUsage usage = DiskUsage.of(folder.snapshots().resolve(entry.id()));
    return new SnapshotInfo(
        entry.id(),
        entry.name(),
        entry.parent(),
        entry.note(),
        entry.takenAt(),
        entry.live(),
        false,
        false,
        usage.allocated(),
        0,
        usage.lengths(),
        entry.lastConsoleLines(),
        damage(entry));
  }

  /** Moves a snapshot into the trash. Its children keep their own files whole. */
  public void trash(String idOrName) throws VivariumException {
    Entry entry = find(idOrName);
    try {
      if (entry.id().equals(Library.current(folder))) {
        if (entry.parent() == null) {
          Files.deleteIfExists(folder.current());
        } else {
          setCurrent(entry.parent());
        }
      }
      for (Entry child : entries()) {
        if (entry.id().equals(child.parent())) {
          write(folder.snapshots().resolve(child.id()), child, entry.parent());
        }
      }
      String label = folder.name() + "-" + entry.name();
      prune(Trash.put(home, folder.snapshots().resolve(entry.id()), label).resolve("layers"));
    } catch (IOException e) {
      throw Failures.explain("cannot remove the snapshot '" + entry.name() + "'", e);
    }
  }

  /**
   * Removes the disk layers that neither the VM nor a snapshot of it stands on; all stay while
   * something cannot be read. Not for the VM's engine, see {@link DiskLayers#prune}.
   *
   * @param trash where they go; null: they are deleted
   */
  public void prune(@Nullable Path trash) throws IOException, VivariumException {
    DiskLayers layers = new DiskLayers(folder.path());
    if (!Files.isDirectory(layers.folder())) {
      return;
    }
    // An engine that makes layers holds this while nothing names them yet; it prunes next time.
    EngineLock lock = EngineLock.acquire(layersLock());
    if (lock == null) {
      return;
    }
    try {
      List<VmSpec.DiskSpec> roots = new ArrayList<>(readSpec().disks());
      for (Entry entry : entries()) {
        if (damage(entry) != null) {
          return;
        }
        roots.addAll(entry.spec().disks());
      }
      layers.prune(roots, trash);
    } finally {
      lock.close();
    }
  }

  /** As {@link #prune}, into a new place of the trash. */
  public void pruneToTrash(String what) throws IOException, VivariumException {
    prune(Trash.place(home, folder.name() + "-" + what));
  }

  /** What must not meet a removal of layers. */
  public interface Work<T> {
    T run() throws VivariumException, IOException;
  }

  /** Does something that makes layers which nothing names yet: none is removed meanwhile. */
  public <T> T whileLayersStay(Work<T> work) throws VivariumException, IOException {
    EngineLock lock = EngineLock.acquire(layersLock());
    if (lock == null) {
      throw new IOException("the disk files of '" + folder.name() + "' are being changed");
    }
    try {
      return work.run();
    } finally {
      lock.close();
    }
  }

  private Path layersLock() {
    return folder.run().resolve("layers.lock");
  }

  private VmSpec readSpec() throws IOException, VivariumException {
    try {
      return SpecCodec.read(Json.parse(Files.readAllBytes(folder.spec())), folder.name());
    } catch (JsonException e) {
      throw new VivariumException(
          Kind.BAD_FILE, "VM '" + folder.name() + "' is damaged: " + e.getMessage(), "", e);
    }
  }

  private Entry read(String id) throws VivariumException {
    Path file = folder.snapshots().resolve(id).resolve("snapshot.json");
    try {
      JsonObject json = Json.parse(Files.readAllBytes(file));
      json.number("version", VERSION, VERSION);
      return new Entry(
          id,
          json.string("name"),
          json.optString("parent"),
          json.string("note"),
          Instant.parse(json.string("takenAt")),
          json.bool("live"),
          json.string("lastConsoleLines"),
          SpecCodec.read(json.object("spec"), folder.name()));
    } catch (JsonException | DateTimeException | IOException e) {
      // Listed all the same, so that it can be seen and removed; restoring it is refused by name.
      return new Entry(
          id, id, null, DAMAGED + e.getMessage(), Instant.EPOCH, false, "", EMPTY_SPEC);
    }
  }

  /** Why a snapshot cannot be restored, or null. */
  public static @Nullable String damage(Entry entry) {
    return entry.spec().equals(EMPTY_SPEC) ? entry.note() : null;
  }

  private static final String DAMAGED = "damaged: snapshot.json: ";
  private static final VmSpec EMPTY_SPEC =
      new VmSpec(1, "damaged", null, null, null, null, 0, 0, List.of(), List.of(), "none", false);
}
