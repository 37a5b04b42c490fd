package io.vivarium.library;

import io.vivarium.client.Disks;
import io.vivarium.client.JsonException;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.SpecRules;
import io.vivarium.client.TrashInfo;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of one VM: {@code snapshots/<id>} holds {@code snapshot.json} and, in {@code
 * machine/}, what the machine wrote. A tree by parent; {@code current} names "you are here".
 */
public final class SnapshotStore {
  private static final Pattern ID = Pattern.compile("[0-9a-f]{12}");

  /** How long one waits for another process that changes the same VM's snapshots. */
  private static final long PATIENCE_MILLIS = 20_000;

  private final Home home;
  private final MachineFolder folder;
  private final SnapshotTrash trash;
  private final SnapshotNames names;

  public SnapshotStore(Home home, MachineFolder folder) {
    this.home = home;
    this.folder = folder;
    this.trash = new SnapshotTrash(folder);
    this.names = new SnapshotNames(folder);
  }

  /**
   * What is known of a snapshot before its bytes are counted.
   *
   * @param parent in the tree; removed ones are passed over
   */
  public record Entry(
      String id,
      String name,
      @Nullable String parent,
      String note,
      Instant takenAt,
      boolean live,
      boolean automatic,
      boolean pinned,
      String lastConsoleLines,
      VmSpec spec) {

    /** The same with another parent. */
    Entry withParent(@Nullable String other) {
      return new Entry(
          id, name, other, note, takenAt, live, automatic, pinned, lastConsoleLines, spec);
    }

    /** The same, called and described otherwise; null leaves that as it is. */
    Entry withName(@Nullable String other, @Nullable String otherNote) {
      return new Entry(
          id,
          other == null ? name : other,
          parent,
          otherNote == null ? note : otherNote,
          takenAt,
          live,
          automatic,
          pinned,
          lastConsoleLines,
          spec);
    }

    Entry withPin(boolean set) {
      return new Entry(
          id, name, parent, note, takenAt, live, automatic, set, lastConsoleLines, spec);
    }
  }

  static boolean isId(String text) {
    return ID.matcher(text).matches();
  }

  public static String newId() {
    return UUID.randomUUID().toString().replace("-", "").substring(0, 12);
  }

  MachineFolder machine() {
    return folder;
  }

  Home home() {
    return home;
  }

  SnapshotTrash trash() {
    return trash;
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
    if (lookUp(name) != null) {
      throw new VivariumException(
          Kind.CONFLICT,
          "VM '" + folder.name() + "' already has a snapshot '" + name + "'",
          "Choose another name, or remove it: viv snapshot rm " + folder.name() + " " + name);
    }
  }

  /** A name that is free: the one that is wanted, or with a number behind it. */
  public String freeName(String wanted) throws VivariumException {
    String name = wanted;
    for (int i = 2; lookUp(name) != null; i++) {
      name = wanted + "-" + i;
    }
    return name;
  }

  /** An empty folder beside the snapshots, for {@link #keep}. */
  public Path begin() throws IOException {
    DurableFiles.makeFolders(folder.snapshots());
    Path unfinished = DurableFiles.unfinished(folder.snapshots());
    DurableFiles.makeFolders(unfinished.resolve("machine"));
    return unfinished;
  }

  /** Makes a finished folder the snapshot, and the VM its child. */
  public void keep(Path unfinished, Entry entry) throws IOException {
    DurableFiles.write(unfinished.resolve(SnapshotCodec.FILE), SnapshotCodec.write(entry));
    DurableFiles.sync(unfinished.resolve("machine"));
    noteName(entry.name(), entry.id());
    DurableFiles.rename(unfinished, folder.snapshots().resolve(entry.id()));
    setCurrent(entry.id());
  }

  /**
   * Takes back a {@link #keep} whose VM has not gone on from it: as if it had never been taken. The
   * disks stay whole, with a layer more.
   */
  public void drop(String id) throws IOException, VivariumException {
    Entry entry = read(id);
    setCurrent(entry.parent());
    Path aside = DurableFiles.unfinished(folder.snapshots());
    DurableFiles.rename(folder.snapshots().resolve(id), aside);
    names.forget(entry.name(), id);
    DurableFiles.deleteTree(aside);
  }

  /** Notes a name before a snapshot has it. */
  private void noteName(String name, String id) throws IOException {
    if (!names.there()) {
      Map<String, String> all = new HashMap<>();
      try {
        for (Entry entry : asWritten()) {
          if (damage(entry) == null) {
            all.put(entry.name(), entry.id());
          }
        }
      } catch (VivariumException e) {
        throw new IOException(e.getMessage(), e);
      }
      names.build(all);
    }
    names.put(name, id);
  }

  /** What is wrong with the note of a snapshot's name, in a phrase; null when it is right. */
  @Nullable String wrongName(Entry entry) {
    String noted = names.there() ? names.id(entry.name()) : entry.id();
    return noted != null && Files.isDirectory(folder(noted)) ? null : "its name is not noted";
  }

  /** Notes a snapshot's name, if it still has it. */
  void repairName(Entry entry) throws VivariumException, IOException {
    whileLayersStay(
        () -> {
          Entry now = read(entry.id());
          if (damage(now) == null) {
            noteName(now.name(), now.id());
          }
          return now;
        });
  }

  /** Writes what is known of a snapshot anew. */
  void rewrite(Entry entry) throws IOException {
    DurableFiles.write(
        folder.snapshots().resolve(entry.id()).resolve(SnapshotCodec.FILE),
        SnapshotCodec.write(entry));
  }

  /** Says of which node the VM is a child; null: of none. */
  public void setCurrent(@Nullable String id) throws IOException {
    if (id == null) {
      DurableFiles.delete(folder.current());
      DurableFiles.sync(folder.path());
    } else {
      DurableFiles.write(folder.current(), id.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Of which snapshot the VM is a child as its file says, removed or not; null: of none. */
  static @Nullable String writtenCurrent(MachineFolder folder) {
    try {
      String id = Files.readString(folder.current()).strip();
      return isId(id) ? id : null;
    } catch (IOException e) {
      return null;
    }
  }

  /** Of which node in the tree the VM is a child, or null. */
  static @Nullable String current(MachineFolder folder) {
    String written = writtenCurrent(folder);
    try {
      return new SnapshotTrash(folder).standing(written);
    } catch (IOException e) {
      return written;
    }
  }

  /** All snapshots, also those that cannot be read, oldest first. */
  public List<Entry> entries() throws VivariumException {
    List<Entry> entries = asWritten();
    try {
      for (int i = 0; i < entries.size(); i++) {
        Entry entry = entries.get(i);
        entries.set(i, entry.withParent(trash.standing(entry.parent())));
      }
    } catch (IOException e) {
      throw Failures.explain("cannot list the snapshots of '" + folder.name() + "'", e);
    }
    entries.sort(Comparator.comparing(Entry::takenAt).thenComparing(Entry::id));
    return entries;
  }

  /** All with the parents that they were written with, which may be removed. */
  List<Entry> asWritten() throws VivariumException {
    List<Entry> entries = new ArrayList<>();
    for (String id : ids()) {
      entries.add(read(id));
    }
    return entries;
  }

  private List<String> ids() throws VivariumException {
    List<String> ids = new ArrayList<>();
    try (var folders = Files.newDirectoryStream(folder.snapshots())) {
      for (Path at : folders) {
        String id = String.valueOf(at.getFileName());
        if (isId(id)) {
          ids.add(id);
        }
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      IOException cause = e instanceof IOException io ? io : new IOException(e);
      throw Failures.explain("cannot list the snapshots of '" + folder.name() + "'", cause);
    }
    return ids;
  }

  /** By id or name. */
  public Entry find(String idOrName) throws VivariumException {
    Entry found = lookUp(idOrName);
    if (found == null) {
      found = search(idOrName);
    }
    if (found != null) {
      return found;
    }
    String near = Suggest.nearest(idOrName, entries().stream().map(Entry::name).toList());
    throw new VivariumException(
        Kind.NOT_FOUND,
        "VM '" + folder.name() + "' has no snapshot '" + idOrName + "'",
        near == null
            ? "'viv snapshot ls " + folder.name() + "' lists them."
            : "Did you mean '" + near + "'?");
  }

  /** One that can be restored. */
  public Entry findWhole(String idOrName) throws VivariumException {
    Entry entry = find(idOrName);
    String damage = damage(entry);
    if (damage != null) {
      throw new VivariumException(
          Kind.BAD_FILE,
          "the snapshot '" + entry.name() + "' cannot be restored: " + damage,
          "Remove it: viv snapshot rm " + folder.name() + " " + entry.name());
    }
    return entry;
  }

  /** By id or name, or null. Of a thousand snapshots only the one that is meant is read. */
  private @Nullable Entry lookUp(String idOrName) throws VivariumException {
    try {
      if (isId(idOrName) && Files.isDirectory(folder(idOrName))) {
        return standing(read(idOrName));
      }
      if (SpecRules.name(idOrName) != null) {
        return null;
      }
      if (!names.there()) {
        return search(idOrName);
      }
      String id = names.id(idOrName);
      if (id == null || !Files.isDirectory(folder(id))) {
        return null;
      }
      Entry entry = read(id);
      return entry.name().equals(idOrName) ? standing(entry) : null;
    } catch (IOException e) {
      throw Failures.explain("cannot list the snapshots of '" + folder.name() + "'", e);
    }
  }

  /** By its name, or null; looks into all files, and parses the one that is meant. */
  private @Nullable Entry search(String name) throws VivariumException {
    try {
      byte[] quoted = ('"' + name + '"').getBytes(StandardCharsets.UTF_8);
      for (String id : ids()) {
        if (mentions(folder(id).resolve(SnapshotCodec.FILE), quoted)) {
          Entry entry = read(id);
          if (entry.name().equals(name)) {
            return standing(entry);
          }
        }
      }
      return null;
    } catch (IOException e) {
      throw Failures.explain("cannot list the snapshots of '" + folder.name() + "'", e);
    }
  }

  private Entry standing(Entry entry) throws IOException {
    return entry.withParent(trash.standing(entry.parent()));
  }

  private static boolean mentions(Path file, byte[] quoted) {
    try {
      byte[] text = Files.readAllBytes(file);
      String latin = new String(text, StandardCharsets.ISO_8859_1);
      return latin.contains(new String(quoted, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Moves a snapshot into the VM's trash, by one rename. Its children are its parent's from then
   * on, and what stands on its disks keeps standing.
   */
  public void remove(Entry entry) throws VivariumException, IOException {
    whileLayersStay(
        () -> {
          trash.put(entry.id());
          names.forget(entry.name(), entry.id());
          return entry;
        });
  }

  /**
   * Brings a removed one back; its children are its own again.
   *
   * @return what came back, by its name, or null when it is not in the trash any more
   */
  public @Nullable Entry bringBack(String id) throws VivariumException, IOException {
    return whileLayersStay(() -> bringBack(trash.find(id)));
  }

  /** As {@link #bringBack}, the one that was removed last under a name. */
  public @Nullable Entry bringBackNamed(String name) throws VivariumException, IOException {
    return whileLayersStay(
        () -> {
          for (SnapshotTrash.Item item : trash.items().reversed()) {
            if (name.equals(item.entry() == null ? item.id() : item.entry().name())) {
              return bringBack(item);
            }
          }
          return null;
        });
  }

  private @Nullable Entry bringBack(SnapshotTrash.@Nullable Item item)
      throws VivariumException, IOException {
    if (item == null || Files.exists(folder(item.id()))) {
      return null;
    }
    Entry entry = item.entry();
    if (entry != null) {
      String called = entry.name();
      if (lookUp(called) != null) {
        // Another took its name meanwhile.
        called = freeName(called);
        DurableFiles.write(
            item.path().resolve(SnapshotCodec.FILE),
            SnapshotCodec.write(entry.withName(called, null)));
      }
      noteName(called, item.id());
    }
    trash.takeOut(item);
    return read(item.id());
  }

  /** These with the bytes that they hold on the host's disk. */
  public List<SnapshotInfo> infos(List<Entry> entries) throws VivariumException {
    Map<String, Holders.Bytes> bytes;
    try {
      bytes = entries.isEmpty() ? Map.of() : Holders.of(this).bytes();
    } catch (IOException e) {
      throw Failures.explain("cannot count the bytes of '" + folder.name() + "'", e);
    }
    Holders.Bytes none = new Holders.Bytes(0, 0, 0);
    return entries.stream().map(one -> info(one, bytes.getOrDefault(one.id(), none))).toList();
  }

  /** What is known of one without counting its bytes, which are told as none. */
  public static SnapshotInfo uncounted(Entry entry) {
    return info(entry, new Holders.Bytes(0, 0, 0));
  }

  /** Sees to it that sealed disks of many layers are opened quickly. */
  public void index(List<DiskSpec> sealed) throws VivariumException, IOException {
    whileLayersStay(
        () -> {
          DiskLayers layers = new DiskLayers(folder.path());
          for (DiskSpec disk : sealed) {
            layers.index(disk);
          }
          return layers;
        });
  }

  private static SnapshotInfo info(Entry entry, Holders.Bytes of) {
    return new SnapshotInfo(
        entry.id(),
        entry.name(),
        entry.parent(),
        entry.note(),
        entry.takenAt(),
        entry.live(),
        entry.automatic(),
        entry.pinned(),
        of.own(),
        of.shared(),
        of.total(),
        entry.lastConsoleLines(),
        damage(entry));
  }

  /** What waits in the trash, with what deleting it frees. */
  List<TrashInfo> trashInfos() throws VivariumException, IOException {
    List<SnapshotTrash.Item> items = trash.items();
    Map<String, Holders.Bytes> bytes = items.isEmpty() ? Map.of() : Holders.of(this).bytes();
    List<TrashInfo> infos = new ArrayList<>();
    for (SnapshotTrash.Item item : items) {
      Holders.Bytes of = bytes.get(item.id());
      infos.add(
          new TrashInfo(
              folder.name(),
              item.entry() == null ? item.id() : item.entry().name(),
              item.removedAt(),
              of == null ? 0 : of.own()));
    }
    return infos;
  }

  /** Whether a removed one still waits in the trash. */
  public boolean inTrash(String id) throws IOException {
    return trash.find(id) != null;
  }

  /** Gives another name or note; null leaves that as it is. */
  public Entry edit(String idOrName, @Nullable String newName, @Nullable String note)
      throws VivariumException, IOException {
    return whileLayersStay(
        () -> {
          Entry entry = whole(idOrName);
          if (newName != null && !newName.equals(entry.name())) {
            checkNewName(newName);
            noteName(newName, entry.id());
          }
          rewrite(read(entry.id()).withName(newName, note));
          if (newName != null && !newName.equals(entry.name())) {
            names.forget(entry.name(), entry.id());
          }
          return find(entry.id());
        });
  }

  /** Says whether thinning out leaves one alone. */
  public Entry pin(String idOrName, boolean pinned) throws VivariumException, IOException {
    return whileLayersStay(
        () -> {
          Entry entry = whole(idOrName);
          rewrite(read(entry.id()).withPin(pinned));
          return find(entry.id());
        });
  }

  private Entry whole(String idOrName) throws VivariumException {
    Entry entry = find(idOrName);
    String damage = damage(entry);
    if (damage != null) {
      throw new VivariumException(
          Kind.BAD_FILE, "the snapshot '" + entry.id() + "' cannot be changed: " + damage, "");
    }
    return entry;
  }

  /**
   * Deletes removed ones for good, and the layers that nothing stands on then.
   *
   * @param before removed before that time
   * @return bytes of the host's disk that came free
   */
  public long emptyTrash(Instant before) throws VivariumException, IOException {
    return deleteAll(trash.before(before));
  }

  /**
   * Deletes some for good, without a wait in the trash, and the layers that nothing stands on then.
   */
  void removeForGood(List<Entry> entries) throws VivariumException, IOException {
    if (entries.isEmpty()) {
      return;
    }
    Set<String> ids = new HashSet<>();
    entries.forEach(entry -> ids.add(entry.id()));
    whileLayersStay(
        () -> {
          for (String id : ids) {
            if (Files.isDirectory(folder(id))) {
              names.forget(read(id).name(), id);
              trash.put(id);
            }
          }
          trash.delete(
              trash.items().stream().filter(item -> ids.contains(item.id())).toList(), this);
          return ids;
        });
    prune(null);
  }

  private long deleteAll(List<SnapshotTrash.Item> items) throws VivariumException, IOException {
    if (items.isEmpty()) {
      return 0;
    }
    long freed = 0;
    for (SnapshotTrash.Item item : items) {
      freed += DiskUsage.of(item.path()).allocated();
    }
    whileLayersStay(
        () -> {
          trash.delete(items, this);
          return items;
        });
    return freed + prune(null);
  }

  /**
   * Removes the layers of disks and of saved memory that nothing of the VM stands on; all stay
   * while something cannot be read.
   *
   * @param place where they go; null: they are deleted
   * @return bytes of the host's disk that came free
   */
  public long prune(@Nullable Path place) throws IOException, VivariumException {
    // An engine that makes layers holds this while nothing names them yet; it prunes next time.
    EngineLock lock = EngineLock.acquire(layersLock());
    if (lock == null) {
      return 0;
    }
    try {
      return Holders.of(this).prune(place);
    } finally {
      lock.close();
    }
  }

  /**
   * Whether the layers that the VM writes to are surely nobody else's, and what they stand on is
   * its node's: told without a look at all other snapshots.
   */
  public boolean aloneOnCurrent(List<DiskSpec> disks) throws IOException {
    String current = current(folder);
    Entry node = current == null ? null : read(current);
    if (node == null || damage(node) != null) {
      return false;
    }
    DiskLayers layers = new DiskLayers(folder.path());
    Set<Path> named = new HashSet<>();
    for (DiskSpec disk : node.spec().disks()) {
      named.add(layers.file(disk));
    }
    for (DiskSpec disk : disks) {
      if (!Disks.inPlace(disk)) {
        Path file = layers.file(disk);
        String name = String.valueOf(file.getFileName());
        String base = layers.baseOf(name);
        boolean sealed = named.contains(file) || Files.exists(SealedSums.file(folder.sums(), name));
        if (sealed || base == null || !named.contains(file.resolveSibling(base))) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * Removes layers that the VM has written to and left.
   *
   * @param alone what {@link #aloneOnCurrent} said of them before; else all layers are looked at
   */
  public void leave(List<DiskSpec> disks, boolean alone) throws VivariumException, IOException {
    if (!alone) {
      prune(null);
      return;
    }
    whileLayersStay(
        () -> {
          Library.discard(folder, disks);
          return folder;
        });
  }

  /** As {@link #prune}, into a new place of the library's trash. */
  public void pruneToTrash(String what) throws IOException, VivariumException {
    prune(Trash.place(home, folder.name() + "-" + what));
  }

  /** What must not meet a removal of layers. */
  public interface Work<T> {
    T run() throws VivariumException, IOException;
  }

  /**
   * Does something to the snapshots or makes layers which nothing names yet, while no other process
   * does. Not inside of itself.
   */
  public <T extends @Nullable Object> T whileLayersStay(Work<T> work)
      throws VivariumException, IOException {
    Files.createDirectories(folder.run());
    EngineLock lock = EngineLock.acquire(layersLock(), PATIENCE_MILLIS);
    if (lock == null) {
      throw new IOException("the snapshots of '" + folder.name() + "' are being changed");
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

  private Entry read(String id) {
    Path file = folder.snapshots().resolve(id).resolve(SnapshotCodec.FILE);
    try {
      return SnapshotCodec.read(Files.readAllBytes(file), id, folder.name());
    } catch (JsonException | IOException e) {
      // Listed all the same, so that it can be seen and removed; restoring it is refused by name.
      return new Entry(
          id,
          id,
          null,
          DAMAGED + e.getMessage(),
          Instant.EPOCH,
          false,
          false,
          false,
          "",
          EMPTY_SPEC);
    }
  }

  /** Why a snapshot cannot be restored, or null. */
  public static @Nullable String damage(Entry entry) {
    return entry.spec().equals(EMPTY_SPEC) ? entry.note() : null;
  }

  private static final String DAMAGED = "damaged: snapshot.json: ";
  private static final VmSpec EMPTY_SPEC = VmSpec.unreadable("damaged");
}
