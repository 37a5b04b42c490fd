package io.vivarium.library;

import io.vivarium.client.Disks;
import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.SpecRules;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.qcow2.Qcow2Disk;
import io.vivarium.images.disk.qcow2.Qcow2Indexes;
import io.vivarium.library.LayersCheck.Bad;
import io.vivarium.library.LayersCheck.Chain;
import io.vivarium.library.SnapshotStore.Entry;
import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Checks one VM: first, while nobody changes its snapshots, what its small files say and whether
 * all is there that they name; then, while it may go on, every byte of its layers.
 */
final class VmCheck {
  private static final Set<String> KNOWN =
      Set.of(
          "spec.json",
          "current",
          "snapshots",
          "memory",
          "disks",
          "trash",
          "names",
          "sums",
          "undo.json",
          "schedule.json",
          "run");
  private static final int MOST_NAMES = 5;

  private final MachineFolder folder;
  private final SnapshotStore store;
  private final LayersCheck layers;
  private final DiskLayers disks;
  private final Findings findings;
  private final List<Runnable> told = new ArrayList<>();
  private final List<Holder> holders = new ArrayList<>();
  private boolean unclear;

  VmCheck(Home home, MachineFolder folder, Findings findings) {
    this.folder = folder;
    this.store = new SnapshotStore(home, folder);
    this.layers = new LayersCheck(folder);
    this.disks = new DiskLayers(folder.path());
    this.findings = findings;
  }

  /**
   * Somebody who stands on layers: the VM (without an entry), a snapshot, a removed one.
   *
   * @param place its folder
   */
  private record Holder(
      @Nullable Entry entry,
      boolean removed,
      Path place,
      List<DiskSpec> disks,
      Chain chain,
      @Nullable MemoryMap map) {
    boolean reads(String memoryLayer) {
      return map != null && map.layers().stream().anyMatch(one -> one.id().equals(memoryLayer));
    }
  }

  void run() throws VivariumException, IOException {
    leftovers();
    store.whileLayersStay(
        () -> {
          smallFiles();
          return folder;
        });
    // Repairs change the snapshots, for which they take the lock themselves.
    told.forEach(Runnable::run);
    readMemory();
    readDisks();
  }

  private String of(String what) {
    return what + " of VM '" + folder.name() + "'";
  }

  private void damage(String where, String what, String how, Findings.@Nullable Repair repair) {
    told.add(() -> findings.damage(where, what, how, repair));
  }

  private void litter(String where, String what, String how, Findings.@Nullable Repair repair) {
    told.add(() -> findings.litter(where, what, how, repair));
  }

  private void stranger(String file) {
    litter(of("file " + file), "it is not known here", "", null);
  }

  private void leftovers() throws IOException {
    List<Path> places = new ArrayList<>();
    places.add(folder.path());
    places.addAll(
        List.of(
            folder.snapshots(),
            folder.memory(),
            folder.trash(),
            folder.names(),
            folder.sums(),
            disks.folder()));
    places.addAll(LibraryCheck.entries(folder.snapshots()));
    for (Path place : places) {
      if (Files.isDirectory(place)) {
        String called = folder.path().getParent() == null ? "" : called(place);
        LibraryCheck.leftovers(place, called, findings);
      }
    }
  }

  private String called(Path place) {
    return "machines/" + folder.name() + "/" + folder.path().relativize(place);
  }

  private void smallFiles() throws IOException, VivariumException {
    for (Path entry : LibraryCheck.entries(folder.path())) {
      String name = String.valueOf(entry.getFileName());
      if (!KNOWN.contains(name) && !name.startsWith(DurableFiles.UNFINISHED)) {
        stranger(name);
      }
    }
    VmSpec spec = spec();
    unclear = spec == null;
    schedule();
    undo();
    snapshots();
    removed();
    current();
    if (spec != null) {
      boolean running = EngineLock.held(folder.lock());
      MemoryMap map = running ? runningMap() : null;
      holders.add(
          new Holder(null, false, folder.path(), spec.disks(), layers.chain(spec.disks()), map));
      if (!running) {
        ownDisks(spec);
      }
    }
    chains();
    diskFolder();
    memoryFolder();
    names();
  }

  /** Notes of names that no snapshot has: they are passed over. */
  private void names() throws IOException {
    Set<String> ids = new HashSet<>();
    for (Path at : LibraryCheck.entries(folder.snapshots())) {
      ids.add(String.valueOf(at.getFileName()));
    }
    SnapshotNames names = new SnapshotNames(folder);
    for (Path file : LibraryCheck.entries(folder.names())) {
      String name = String.valueOf(file.getFileName());
      String id = names.id(name);
      if (name.startsWith(DurableFiles.UNFINISHED)) {
        continue;
      }
      if (SpecRules.name(name) != null || !Files.isSymbolicLink(file)) {
        stranger("names/" + name);
      } else if (id == null || !ids.contains(id)) {
        litter(
            of("file names/" + name),
            "it names no snapshot that is there",
            "remove it",
            () -> DurableFiles.delete(file));
      }
    }
  }

  private @Nullable VmSpec spec() {
    String where = "VM '" + folder.name() + "'";
    try {
      byte[] text = Files.readAllBytes(folder.spec());
      VmSpec spec = SpecCodec.read(Json.parse(text), folder.name());
      if (!CheckedJson.untouched(text)) {
        damage(where, "spec.json is not what was written: its checksum is wrong", "", null);
      }
      return spec;
    } catch (NoSuchFileException e) {
      damage(where, "spec.json is missing", "", null);
    } catch (JsonException | IOException e) {
      damage(where, "spec.json is damaged: " + LayersCheck.phrase(e), "", null);
    }
    return null;
  }

  private void schedule() {
    try {
      ScheduleFile.parse(Files.readAllBytes(folder.schedule()));
    } catch (NoSuchFileException e) {
      // The default.
    } catch (JsonException | IOException e) {
      damage(
          of("schedule.json"),
          LayersCheck.phrase(e),
          "take no snapshots by itself until it is set again",
          () -> DurableFiles.delete(folder.schedule()));
    }
  }

  private void undo() {
    try {
      UndoJournal.parse(Files.readAllBytes(folder.undo()));
    } catch (NoSuchFileException e) {
      // Nothing can be taken back.
    } catch (JsonException | IOException e) {
      litter(
          of("undo.json"),
          "what could be taken back is not known any more: " + LayersCheck.phrase(e),
          "remove it",
          () -> DurableFiles.delete(folder.undo()));
    }
  }

  private void snapshots() throws IOException {
    for (Path at : LibraryCheck.entries(folder.snapshots())) {
      String id = String.valueOf(at.getFileName());
      if (SnapshotStore.isId(id) && Files.isDirectory(at)) {
        snapshot(id, at);
      } else if (!id.startsWith(DurableFiles.UNFINISHED)) {
        stranger("snapshots/" + id);
      }
    }
  }

  private void snapshot(String id, Path at) throws IOException {
    Entry entry;
    try {
      byte[] text = Files.readAllBytes(at.resolve(SnapshotCodec.FILE));
      entry = SnapshotCodec.read(text, id, folder.name());
    } catch (JsonException | IOException e) {
      unclear = true;
      String why = e instanceof NoSuchFileException ? "is missing" : "is damaged";
      broken(id, id, SnapshotCodec.FILE + " " + why + ": " + LayersCheck.phrase(e));
      return;
    }
    foreign(at, id);
    String wrongName = store.wrongName(entry);
    if (wrongName != null) {
      litter(
          of("snapshot '" + entry.name() + "'"),
          wrongName,
          "note it",
          () -> store.repairName(entry));
    }
    MemoryMap map = null;
    if (entry.live()) {
      try {
        map = machine(at);
      } catch (JsonException | IOException e) {
        unclear = true;
        broken(id, entry.name(), LayersCheck.phrase(e));
      }
    }
    holders.add(
        new Holder(
            entry, false, at, entry.spec().disks(), layers.chain(entry.spec().disks()), map));
  }

  private void foreign(Path at, String id) throws IOException {
    for (Path file : LibraryCheck.entries(at)) {
      String name = String.valueOf(file.getFileName());
      if (!SnapshotFiles.ALL.contains(name) && !name.startsWith(DurableFiles.UNFINISHED)) {
        stranger("snapshots/" + id + "/" + name);
      }
    }
    for (Path file : LibraryCheck.entries(at.resolve(SnapshotFiles.MACHINE))) {
      String name = String.valueOf(file.getFileName());
      if (!SnapshotFiles.OF_MACHINE.contains(name)) {
        stranger("snapshots/" + id + "/" + SnapshotFiles.MACHINE + "/" + name);
      }
    }
  }

  /** Reads what a live snapshot's folder holds; the layers of its memory are read later. */
  static MemoryMap machine(Path at) throws IOException, JsonException {
    Path machine = at.resolve(SnapshotFiles.MACHINE);
    MemoryMap map = MemoryMap.read(machine);
    Path state = machine.resolve(MemoryMap.STATE);
    if (!Files.isRegularFile(state)) {
      throw new IOException(MemoryMap.STATE + " is missing");
    }
    map.checkState(state, Files.readAllBytes(state));
    Path engine = at.resolve(SnapshotFiles.ENGINE);
    if (!Files.isRegularFile(engine)) {
      throw new IOException(SnapshotFiles.ENGINE + " is missing");
    }
    try {
      CheckedJson.read(
          Files.readAllBytes(engine), SnapshotFiles.ENGINE_VERSION, SnapshotFiles.ENGINE_SINCE);
    } catch (JsonException e) {
      throw new IOException(SnapshotFiles.ENGINE + " is damaged: " + e.getMessage(), e);
    }
    return map;
  }

  private void broken(String id, String name, String why) {
    damage(
        of("snapshot '" + name + "'"),
        why,
        "move it to the trash",
        () -> store.remove(store.find(id)));
  }

  private void removed() throws IOException {
    for (Path at : LibraryCheck.entries(folder.trash())) {
      String name = String.valueOf(at.getFileName());
      if (!SnapshotTrash.isItem(name) && !name.startsWith(DurableFiles.UNFINISHED)) {
        stranger("trash/" + name);
      }
    }
    for (SnapshotTrash.Item item : store.trash().items()) {
      Entry entry = item.entry();
      try {
        if (entry == null) {
          throw new IOException(SnapshotCodec.FILE + " cannot be read");
        }
        MemoryMap map = entry.live() ? machine(item.path()) : null;
        Chain chain = layers.chain(entry.spec().disks());
        holders.add(new Holder(entry, true, item.path(), entry.spec().disks(), chain, map));
      } catch (JsonException | IOException e) {
        unclear = true;
        litter(
            of("the removed snapshot '" + (entry == null ? item.id() : entry.name()) + "'"),
            "it cannot be brought back: " + LayersCheck.phrase(e),
            "",
            null);
      }
    }
  }

  private void current() throws IOException {
    Set<String> there = new HashSet<>();
    Map<String, String> parents = new HashMap<>();
    for (Path at : LibraryCheck.entries(folder.snapshots())) {
      there.add(String.valueOf(at.getFileName()));
    }
    for (SnapshotTrash.Item item : store.trash().items()) {
      there.add(item.id());
    }
    for (Holder holder : holders) {
      Entry entry = holder.entry();
      if (entry != null && entry.parent() != null) {
        parents.put(entry.id(), entry.parent());
      }
    }
    for (Holder holder : holders) {
      Entry entry = holder.entry();
      String parent = entry == null ? null : entry.parent();
      if (entry != null && parent != null && !holder.removed()) {
        boolean circle = circle(entry.id(), parents);
        if (circle || !there.contains(parent)) {
          damage(
              of("snapshot '" + entry.name() + "'"),
              circle ? "it is its own ancestor" : "the snapshot that it came after is not there",
              "let it be a root of the tree",
              () -> unparent(entry.id()));
          parents.remove(entry.id());
        }
      }
    }
    if (Files.exists(folder.current())) {
      String written =
          new String(Files.readAllBytes(folder.current()), StandardCharsets.ISO_8859_1).strip();
      if (!SnapshotStore.isId(written) || !there.contains(written)) {
        damage(
            of("the file current"),
            "it names no snapshot that is there, so where the VM is in the tree is not known",
            "let it be at none",
            () -> store.setCurrent(null));
      }
    }
  }

  private static boolean circle(String id, Map<String, String> parents) {
    String at = parents.get(id);
    for (int i = 0; at != null && i <= parents.size(); i++) {
      if (at.equals(id)) {
        return true;
      }
      at = parents.get(at);
    }
    return false;
  }

  private void unparent(String id) throws VivariumException, IOException {
    store.whileLayersStay(
        () -> {
          for (Entry entry : store.asWritten()) {
            if (entry.id().equals(id)) {
              store.rewrite(entry.withParent(null));
            }
          }
          return id;
        });
  }

  private @Nullable MemoryMap runningMap() {
    try {
      return Files.exists(folder.runningMap()) ? MemoryMap.read(folder.run()) : null;
    } catch (IOException e) {
      unclear = true;
      litter(
          of("run/memory.map"),
          "what saved memory the VM runs from is not known, so none is removed: "
              + LayersCheck.phrase(e),
          "",
          null);
      return null;
    }
  }

  /** What a crash left in the disks of a VM that does not run. */
  private void ownDisks(VmSpec spec) {
    for (DiskSpec disk : spec.disks()) {
      if (Disks.inPlace(disk)) {
        continue;
      }
      Bad size = layers.size(disk);
      if (size != null) {
        litter(
            of("disk " + Disks.guestName(spec.disks().indexOf(disk))),
            size.why(),
            "let the VM's spec say what the disk says",
            () -> takeSize(disk));
      }
      if (layers.unsettled(disk)) {
        litter(
            of("disk " + Disks.guestName(spec.disks().indexOf(disk))),
            "a crash left clusters that nothing uses",
            "give them back, as the next start does",
            () -> whileStopped(() -> Qcow2Disk.repair(disks.file(disk))));
      }
    }
  }

  private void takeSize(DiskSpec disk) throws VivariumException, IOException {
    whileStopped(
        () -> {
          VmSpec now;
          try {
            now = SpecCodec.read(Json.parse(Files.readAllBytes(folder.spec())), folder.name());
          } catch (JsonException e) {
            throw new IOException("spec.json: " + e.getMessage(), e);
          }
          List<DiskSpec> right = new ArrayList<>();
          for (DiskSpec one : now.disks()) {
            right.add(one.equals(disk) ? disks.measured(one) : one);
          }
          Library.rewrite(folder, now.withDisks(right));
        });
  }

  private void whileStopped(Findings.Repair repair) throws VivariumException, IOException {
    EngineLock lock = EngineLock.acquire(folder.lock());
    if (lock == null) {
      throw new VivariumException(Kind.WRONG_STATE, "the VM runs now", "");
    }
    try {
      repair.run();
    } finally {
      lock.close();
    }
  }

  /** Layers that are missing, or cannot be followed. */
  private void chains() {
    Map<String, String> bad = new HashMap<>();
    for (Holder holder : holders) {
      Bad its = holder.chain().bad();
      if (its != null) {
        unclear = true;
        bad.putIfAbsent(its.layer(), its.why());
      }
    }
    bad.forEach(
        (layer, why) ->
            told.add(
                () ->
                    standing(
                        of("disk layer " + layer),
                        why,
                        holder -> {
                          Bad its = holder.chain().bad();
                          return its != null && its.layer().equals(layer);
                        })));
  }

  private void diskFolder() throws IOException {
    Set<String> used = new HashSet<>();
    holders.forEach(holder -> used.addAll(holder.chain().names()));
    Set<String> there = new HashSet<>(disks.names());
    for (Path file : LibraryCheck.entries(disks.folder())) {
      String name = String.valueOf(file.getFileName());
      String indexed = Qcow2Indexes.layerOf(name);
      if (indexed != null) {
        if (!there.contains(indexed)) {
          wrongIndex(name, "the disk layer that it tells of is gone", file);
        }
      } else if (!there.contains(name) && !name.startsWith(DurableFiles.UNFINISHED)) {
        stranger("disks/" + name);
      } else if (there.contains(name) && !used.contains(name) && !unclear) {
        litter(
            of("disk layer " + name), "nothing stands on it", "remove it", () -> store.prune(null));
      }
    }
    for (Path file : LibraryCheck.entries(folder.sums())) {
      String name = String.valueOf(file.getFileName());
      String layer = name.endsWith(".json") ? name.substring(0, name.length() - 5) : "";
      if (name.startsWith(DurableFiles.UNFINISHED)) {
        continue;
      }
      if (layer.isEmpty()) {
        stranger("sums/" + name);
      } else if (!there.contains(layer)) {
        litter(
            of("file sums/" + name),
            "the disk layer that it tells of is gone",
            "remove it",
            () -> DurableFiles.delete(file));
      }
    }
  }

  private void wrongIndex(String name, String why, Path file) {
    litter(
        of("index disks/" + name),
        why,
        "remove it: layers are opened one by one",
        () -> DurableFiles.delete(file));
  }

  private void memoryFolder() throws IOException {
    MemoryLayers memory = new MemoryLayers(folder.memory());
    Set<String> ids = memory.ids();
    Set<Path> known = new HashSet<>();
    for (String id : ids) {
      known.add(memory.data(id));
      known.add(memory.sums(id));
      if (!unclear && holders.stream().noneMatch(holder -> holder.reads(id))) {
        litter(
            of("memory layer " + id), "nothing stands on it", "remove it", () -> store.prune(null));
      }
    }
    for (Path file : LibraryCheck.entries(folder.memory())) {
      String name = String.valueOf(file.getFileName());
      if (!known.contains(file) && !name.startsWith(DurableFiles.UNFINISHED)) {
        stranger("memory/" + name);
      }
    }
  }

  private void readMemory() throws VivariumException {
    List<MemoryMap> maps = new ArrayList<>();
    for (Holder holder : holders) {
      if (holder.map() != null) {
        maps.add(holder.map());
      }
    }
    for (Bad bad : layers.memory(maps, findings)) {
      standing(of("memory layer " + bad.layer()), bad.why(), one -> one.reads(bad.layer()));
    }
  }

  private void readDisks() throws VivariumException {
    Set<String> names = new LinkedHashSet<>();
    holders.forEach(holder -> names.addAll(holder.chain().names()));
    Set<String> missing = new HashSet<>();
    for (Holder holder : holders) {
      if (holder.chain().bad() instanceof Bad(String layer, String why)) {
        missing.add(layer);
      }
    }
    names.removeAll(missing);
    Set<String> tops = tops();
    boolean running = EngineLock.held(folder.lock());
    for (String name : names) {
      boolean own = tops.contains(name);
      if (own && running) {
        continue; // Its guest writes to it.
      }
      try {
        Bad bad = layers.disk(name, !own, findings);
        if (bad != null) {
          standing(of("disk layer " + name), bad.why(), one -> now(one).names().contains(name));
        } else if (!own) {
          index(name);
        }
      } catch (JsonException e) {
        findings.litter(
            of("file sums/" + name + ".json"),
            "the checksum of a disk layer is not known any more: " + e.getMessage(),
            "note what the layer is now",
            () -> SealedSums.record(folder, name, part -> findings.goOn()));
      }
    }
  }

  private void index(String layer) throws VivariumException {
    Path file = disks.folder().resolve(layer);
    Path index = Qcow2Indexes.file(file);
    try {
      if (Files.exists(index) && !Qcow2Indexes.right(file) && Files.exists(index)) {
        findings.litter(
            of("index disks/" + index.getFileName()),
            "it does not say what the disk layers do",
            "remove it: layers are opened one by one",
            () -> DurableFiles.delete(index));
      }
    } catch (IOException e) {
      // A layer below is damaged, which is told; or it went while layers were merged.
    }
  }

  /** The layers that the VM itself writes to. */
  private Set<String> tops() {
    Set<String> tops = new HashSet<>();
    for (Holder holder : holders) {
      if (holder.entry() == null) {
        for (DiskSpec disk : holder.disks()) {
          tops.add(String.valueOf(Path.of(disk.file()).getFileName()));
        }
      }
    }
    return tops;
  }

  private Chain now(Holder holder) {
    return layers.chain(holder.disks());
  }

  /** Tells of a bad layer, and of who stands on it; what is gone meanwhile does not count. */
  private void standing(String where, String why, Predicate<Holder> standsOn) {
    List<Holder> all =
        holders.stream()
            .filter(holder -> Files.isDirectory(holder.place()) && standsOn.test(holder))
            .toList();
    List<Entry> kept = new ArrayList<>();
    boolean vm = false;
    for (Holder holder : all) {
      if (holder.entry() == null) {
        vm = true;
      } else if (!holder.removed()) {
        kept.add(holder.entry());
      }
    }
    if (all.isEmpty()) {
      return;
    }
    if (kept.isEmpty() && !vm) {
      findings.litter(where, why + "; only removed snapshots stand on it", "", null);
      return;
    }
    boolean vmToo = vm;
    findings.damage(
        where,
        why + "; " + names(kept, vm) + " on it",
        kept.isEmpty() ? "" : "move " + (kept.size() == 1 ? "it" : "them") + " to the trash",
        kept.isEmpty() ? null : () -> removeAll(kept, vmToo));
  }

  private void removeAll(List<Entry> entries, boolean vm) throws VivariumException, IOException {
    for (Entry entry : entries) {
      if (Files.isDirectory(store.folder(entry.id()))) {
        store.remove(entry);
      }
    }
    if (vm) {
      throw new VivariumException(
          Kind.BAD_FILE,
          "the snapshots are in the trash, and the VM itself stands on it: go back to a snapshot"
              + " that does not",
          "");
    }
  }

  private static String names(List<Entry> entries, boolean vm) {
    List<String> names = new ArrayList<>();
    for (Entry entry : entries.subList(0, Math.min(MOST_NAMES, entries.size()))) {
      names.add("'" + entry.name() + "'");
    }
    if (entries.size() > MOST_NAMES) {
      names.add((entries.size() - MOST_NAMES) + " more");
    }
    if (vm) {
      names.add("the VM itself");
    }
    String all = String.join(", ", names);
    boolean one = entries.size() + (vm ? 1 : 0) == 1;
    return (entries.isEmpty() ? "" : one ? "the snapshot " : "the snapshots ")
        + all
        + (one ? " stands" : " stand");
  }
}
