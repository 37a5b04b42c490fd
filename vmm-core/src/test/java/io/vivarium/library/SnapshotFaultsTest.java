package io.vivarium.library;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.Finding;
import io.vivarium.client.Progress;
import io.vivarium.client.SnapshotSchedule;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.Disk;
import io.vivarium.library.SnapshotStore.Entry;
import io.vivarium.memory.MemoryLayers;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each verb on the snapshots of a stopped VM, ended at each of its steps: by a kill, by a failing
 * step, by a power loss that takes back what was not synced. All snapshots stay whole.
 */
final class SnapshotFaultsTest {
  private static final String VM = "web";

  /** What is done, in a library with the snapshots "one" and "two" and a disk written after. */
  private interface Verb {
    void run(Library library, SnapshotStore store) throws Exception;
  }

  private static final String THIN_OUT = "thin out and merge";
  private static final String FORK = "fork";
  private static final String DISPOSABLE = "fork one that may vanish";
  private static final Map<String, Verb> VERBS = verbs();

  private static Map<String, Verb> verbs() {
    Map<String, Verb> all = new TreeMap<>();
    all.put("take", (library, store) -> take(library, store, "three"));
    all.put("take live", (library, store) -> SavedFixture.take(store, "three", "now"));
    all.put("restore", (library, store) -> restore(library, store, "one"));
    all.put(
        "switch",
        (library, store) -> {
          take(library, store, "three");
          restore(library, store, "one");
        });
    all.put("remove", (library, store) -> store.remove(store.find("one")));
    all.put(
        "remove and empty",
        (library, store) -> {
          take(library, store, "three");
          store.remove(store.find("three"));
          store.emptyTrash(Instant.MAX);
        });
    all.put(
        "undo",
        (library, store) -> {
          String id = store.find("two").id();
          store.remove(store.find("two"));
          store.bringBack(id);
        });
    all.put("rename", (library, store) -> store.edit("two", "zwei", "noted"));
    all.put("pin", (library, store) -> store.pin("one", true));
    all.put(
        "drop",
        (library, store) -> {
          take(library, store, "three");
          store.drop(store.find("three").id());
        });
    all.put(
        "journal",
        (library, store) ->
            new UndoJournal(store.machine())
                .add(
                    new UndoJournal.Action(
                        UndoJournal.Kind.WENT, store.find("one").id(), true, "a test")));
    all.put(
        "grow",
        (library, store) ->
            library.whileStopped(
                VM,
                "grown",
                (machine, spec) -> {
                  DiskSpec disk = spec.disks().getFirst();
                  new DiskLayers(machine.path()).grow(disk, 3 << 20);
                  DiskSpec grown = new DiskSpec(disk.file(), "qcow2", 3 << 20, false);
                  Library.rewrite(machine, spec.withDisks(List.of(grown)));
                  return machine;
                }));
    all.put(
        "schedule",
        (library, store) -> {
          ScheduleFile.write(store.machine(), SnapshotSchedule.DEFAULT.every(5));
          ScheduleFile.write(store.machine(), SnapshotSchedule.DEFAULT);
        });
    all.put(
        THIN_OUT,
        (library, store) ->
            new Thinning(store)
                .run(new SnapshotSchedule(0, 0, 0, 0, 0), Instant.now(), true, part -> true));
    all.put(FORK, (library, store) -> fork(store, false));
    all.put(DISPOSABLE, (library, store) -> fork(store, true));
    all.put("sum", (library, store) -> sumAll(store));
    all.put("create", (library, store) -> library.create(withDisk("other")));
    all.put("rename the VM", (library, store) -> renameThereAndBack(library));
    all.put(
        "repair",
        (library, store) -> {
          LibraryCheck.check(library, List.of(), true, Progress.NONE);
          return;
        });
    return all;
  }

  private static VmSpec withDisk(String name) {
    return LibraryTest.spec(name).withDisks(List.of(new DiskSpec("", "qcow2", 2 << 20, false)));
  }

  private static void renameThereAndBack(Library library) throws Exception {
    library.create(withDisk("other"));
    library.rename("other", "another");
    library.trash("another");
  }

  /** Automatic snapshots between "two" and now: they go, and their layers become one. */
  private static void prepareThinOut(Library library, SnapshotStore store) throws Exception {
    for (int i = 0; i < 3; i++) {
      String name = "auto" + i;
      library.whileStopped(
          VM,
          "snapshotted",
          (machine, spec) -> new StoppedSnapshots(store).take(spec, name, "", true));
      write(store.home().root(), "now");
    }
    take(library, store, "three");
    sumAll(store);
  }

  private static void fork(SnapshotStore store, boolean disposable) throws Exception {
    ForkFolders.make(store.home(), store, ForkFolders.template(store, "live"), "copy", disposable);
  }

  /** A fork is there and whole, or is not there; never half. */
  private static void assertForkWhole(Path home, boolean finished, String where) throws Exception {
    MachineFolder copy = new MachineFolder(home.resolve("machines").resolve("copy"));
    if (finished) {
      assertThat(copy.path()).as(where).isDirectory();
    }
    if (Files.isDirectory(copy.path())) {
      VmSpec spec = Library.open(new Home(home)).read(copy);
      assertThat(read(copy, spec)).as(where).isEqualTo("two");
      MemoryLayers layers = new MemoryLayers(copy.memory());
      assertThat(layers.ids()).as(where).hasSize(1);
    }
  }

  private static void sumAll(SnapshotStore store) throws Exception {
    for (Entry entry : store.entries()) {
      SealedSums.record(store.machine(), entry.spec().disks(), part -> true);
    }
  }

  @TempDir Path folder;
  private Path original = Path.of("unset");
  private final Map<String, String> contents = new HashMap<>();

  private static void take(Library library, SnapshotStore store, String name) throws Exception {
    library.whileStopped(
        VM,
        "snapshotted",
        (machine, spec) -> new StoppedSnapshots(store).take(spec, name, "", false));
  }

  private static void restore(Library library, SnapshotStore store, String name) throws Exception {
    library.whileStopped(
        VM,
        "restored",
        (machine, spec) -> {
          new StoppedSnapshots(store).restore(spec, store.find(name));
          return name;
        });
  }

  @BeforeEach
  void makeLibrary() throws Exception {
    original = folder.resolve("original");
    Library library = Library.open(new Home(original));
    library.create(withDisk(VM));
    SnapshotStore store = store(original);
    for (String name : List.of("one", "two")) {
      write(original, name);
      take(library, store, name);
      contents.put(store.find(name).id(), name);
    }
    sumAll(store);
    write(original, "now");
  }

  private static SnapshotStore store(Path home) {
    return new SnapshotStore(new Home(home), machine(home));
  }

  private static MachineFolder machine(Path home) {
    return new MachineFolder(home.resolve("machines").resolve(VM));
  }

  private static void write(Path home, String text) throws Exception {
    DiskSpec disk = Library.open(new Home(home)).read(machine(home)).disks().getFirst();
    try (Disk open = new DiskLayers(machine(home).path()).open(disk, false)) {
      byte[] bytes = (text + "   ").substring(0, 3).getBytes(StandardCharsets.US_ASCII);
      open.write(70_000, MemorySegment.ofArray(bytes));
      open.flush();
    }
  }

  private static String read(Path home, VmSpec spec) throws IOException {
    return read(machine(home), spec);
  }

  private static String read(MachineFolder machine, VmSpec spec) throws IOException {
    byte[] bytes = new byte[3];
    try (Disk open = new DiskLayers(machine.path()).openSealed(spec.disks().getFirst())) {
      open.read(70_000, MemorySegment.ofArray(bytes));
    }
    return new String(bytes, StandardCharsets.US_ASCII).strip();
  }

  @Test
  void aKillAtAnyStepLosesNothing() throws Exception {
    everywhere((home, at) -> new Kill(at));
  }

  @Test
  void aStepThatFailsLosesNothing() throws Exception {
    everywhere((home, at) -> new Fail(at));
  }

  @Test
  void aPowerLossAtAnyStepLosesNothing() throws Exception {
    everywhere(
        (home, at) ->
            new PowerLoss(
                at, Files.createDirectories(home.resolveSibling(home.getFileName() + "-old"))));
  }

  private interface Faults {
    Fault at(Path home, int step) throws IOException;
  }

  private void everywhere(Faults faults) throws Exception {
    int points = 0;
    for (Map.Entry<String, Verb> verb : VERBS.entrySet()) {
      boolean reached = true;
      for (int at = 0; reached; at++) {
        Path home = copy(verb.getKey().replace(' ', '-') + "-" + at);
        if (verb.getKey().equals(THIN_OUT)) {
          prepareThinOut(Library.open(new Home(home)), store(home));
        }
        boolean forks = verb.getKey().equals(FORK) || verb.getKey().equals(DISPOSABLE);
        if (forks) {
          SavedFixture.take(store(home), "live", "now");
        }
        Fault fault = faults.at(home, at);
        reached = run(home, verb.getValue(), fault);
        fault.after();
        points += reached ? 1 : 0;
        String where = verb.getKey() + " ended at step " + at + ": " + fault.last();
        assertWhole(home, where);
        if (forks) {
          assertForkWhole(home, !reached && verb.getKey().equals(FORK), where);
        }
        Library.open(new Home(home)).sweep();
        store(home).prune(null);
        assertWhole(home, where + ", swept");
        Library library = Library.open(new Home(home));
        LibraryCheck.check(library, List.of(), true, Progress.NONE);
        assertThat(LibraryCheck.check(library, List.of(), false, Progress.NONE))
            .as(where + ", repaired")
            .isEmpty();
      }
    }
    System.out.printf("%d points%n", points);
    assertThat(points).isGreaterThan(50);
  }

  /** Whether the step was reached. */
  private static boolean run(Path home, Verb verb, Fault fault) throws Exception {
    try {
      ScopedValue.where(DurableFiles.STEPS, fault)
          .call(
              () -> {
                verb.run(Library.open(new Home(home)), store(home));
                return home;
              });
    } catch (Killed | IOException | io.vivarium.client.VivariumException e) {
      if (!fault.reached()) {
        throw e;
      }
    }
    return fault.reached();
  }

  private void assertWhole(Path home, String where) throws Exception {
    assertThat(LibraryCheck.check(Library.open(new Home(home)), List.of(), false, Progress.NONE))
        .as(where)
        .noneMatch(Finding::loss);
    SnapshotStore store = store(home);
    Set<String> there = new HashSet<>();
    for (Entry entry : store.entries()) {
      assertThat(SnapshotStore.damage(entry)).as(where).isNull();
      there.add(entry.id());
      String expected = contents.getOrDefault(entry.id(), entry.live() ? "two" : "now");
      assertThat(read(home, entry.spec())).as("%s: %s", where, entry.name()).isEqualTo(expected);
    }
    for (SnapshotTrash.Item item : store.trash().items()) {
      assertThat(item.entry()).as(where).isNotNull();
      there.add(item.id());
    }
    assertThat(there).as(where).containsAll(contents.keySet());
    VmSpec spec = Library.open(new Home(home)).read(machine(home));
    assertThat(read(home, spec)).as(where).isIn("now", "one");
  }

  private Path copy(String name) throws IOException {
    Path to = folder.resolve(name);
    try (Stream<Path> all = Files.walk(original)) {
      for (Path path : all.toList()) {
        Files.copy(
            path, to.resolve(original.relativize(path).toString()), LinkOption.NOFOLLOW_LINKS);
      }
    }
    return to;
  }

  /** The process is gone. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  /** Something that happens at a step. */
  private abstract static class Fault implements FileSteps {
    private final int at;
    private int steps;
    private String last = "none";

    Fault(int at) {
      this.at = at;
    }

    @Override
    public void before(Kind kind, Path path, @Nullable Path target) throws IOException {
      if (steps++ == at) {
        last = kind + " " + path + (target == null ? "" : " " + target);
      }
      step(steps - 1 - at, kind, path, target);
    }

    /** At 0 it happens. */
    abstract void step(int at, Kind kind, Path path, @Nullable Path target) throws IOException;

    /** What is found afterwards. */
    void after() throws IOException {}

    boolean reached() {
      return steps > at;
    }

    String last() {
      return last;
    }
  }

  private static final class Kill extends Fault {
    Kill(int at) {
      super(at);
    }

    @Override
    void step(int at, Kind kind, Path path, @Nullable Path target) {
      if (at >= 0) {
        throw new Killed();
      }
    }
  }

  private static final class Fail extends Fault {
    Fail(int at) {
      super(at);
    }

    @Override
    void step(int at, Kind kind, Path path, @Nullable Path target) throws IOException {
      if (at == 0) {
        throw new IOException("No space left on device");
      }
    }
  }

  /** A kill, after which all that was not synced is as it was before. */
  private static final class PowerLoss extends Fault {
    private record Change(Kind kind, Path path, @Nullable Path target, @Nullable Path old) {}

    private final Path olds;
    private final java.util.ArrayList<Change> pending = new java.util.ArrayList<>();

    PowerLoss(int at, Path olds) {
      super(at);
      this.olds = olds;
    }

    @Override
    void step(int at, Kind kind, Path path, @Nullable Path target) throws IOException {
      if (at >= 0) {
        throw new Killed();
      }
      switch (kind) {
        case SYNC_FILE -> pending.removeIf(c -> c.kind() == Kind.WRITE && c.path().equals(path));
        case SYNC_FOLDER ->
            pending.removeIf(
                c -> c.kind() != Kind.WRITE && path.equals(named(c).toAbsolutePath().getParent()));
        case WRITE -> pending.add(new Change(kind, path, null, keep(path)));
        case RENAME, LINK -> pending.add(new Change(kind, path, target, keep(target)));
        case DELETE, MAKE_FOLDER -> pending.add(new Change(kind, path, null, keep(path)));
      }
    }

    private static Path named(Change change) {
      return change.target() == null ? change.path() : change.target();
    }

    private @Nullable Path keep(@Nullable Path path) throws IOException {
      if (path == null || !Files.isRegularFile(path)) {
        return null;
      }
      return Files.copy(
          path, olds.resolve(Integer.toString(pending.size()) + "-" + olds.toFile().list().length));
    }

    @Override
    void after() throws IOException {
      for (Change change : pending.reversed()) {
        Path target = change.target();
        switch (change.kind()) {
          case RENAME -> {
            if (target != null && Files.exists(target)) {
              Files.move(target, change.path());
            }
          }
          case WRITE, LINK -> DurableFiles.deleteTree(named(change));
          case MAKE_FOLDER -> {
            String[] inside = change.path().toFile().list();
            if (change.old() == null && inside != null && inside.length == 0) {
              Files.delete(change.path());
            }
          }
          default -> {}
        }
        if (change.old() != null) {
          Files.createDirectories(named(change).toAbsolutePath().getParent());
          Files.copy(
              change.old(), named(change), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }
}
