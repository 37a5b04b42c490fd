package io.vivarium.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vivarium.client.Finding;
import io.vivarium.client.Progress;
import io.vivarium.client.SnapshotSchedule;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.Disk;
import io.vivarium.library.SnapshotStore.Entry;
import io.vivarium.memory.MemoryMap;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything that is damaged, missing or foreign is named, and cured where it can be. */
final class LibraryCheckTest {
  private static final String VM = "web";

  @TempDir Path root;
  private Library library;
  private MachineFolder folder;
  private SnapshotStore store;

  /** Two snapshots of a stopped VM, a live one after them, and something written since. */
  @BeforeEach
  void make() throws Exception {
    library = Library.open(new Home(root));
    VmSpec plain = LibraryTest.spec(VM);
    library.create(plain.withDisks(List.of(new DiskSpec("", "qcow2", 2 << 20, false))));
    folder = library.find(VM);
    store = new SnapshotStore(library.home(), folder);
    write("one");
    take("one");
    write("two");
    take("two");
    SavedFixture.take(store, "live", "");
    write("now");
    ScheduleFile.write(folder, SnapshotSchedule.DEFAULT.every(10));
    new UndoJournal(folder)
        .add(new UndoJournal.Action(UndoJournal.Kind.WENT, id("one"), true, "a test"));
    assertThat(check(false)).isEmpty();
  }

  private String id(String name) throws VivariumException {
    return store.find(name).id();
  }

  private void take(String name) throws Exception {
    Entry taken =
        library.whileStopped(
            VM,
            "snapshotted",
            (machine, spec) -> new StoppedSnapshots(store).take(spec, name, "", false));
    SealedSums.record(folder, taken.spec().disks(), part -> true);
  }

  private void write(String text) throws Exception {
    DiskSpec disk = library.read(folder).disks().getFirst();
    try (Disk open = new DiskLayers(folder.path()).open(disk, false)) {
      open.write(70_000, MemorySegment.ofArray(text.getBytes(StandardCharsets.US_ASCII)));
      open.flush();
    }
  }

  private List<Finding> check(boolean repair) throws VivariumException {
    return LibraryCheck.check(library, List.of(), repair, Progress.NONE);
  }

  private void flip(Path file, long at) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[(int) at] ^= 4;
    Files.write(file, bytes);
  }

  /** All files of the VM that are kept, but for the disk that it writes to. */
  private List<Path> files() throws Exception {
    String top = library.read(folder).disks().getFirst().file();
    try (Stream<Path> all = Files.walk(folder.path())) {
      return all.filter(Files::isRegularFile)
          .filter(file -> !file.startsWith(folder.run()))
          .filter(file -> !file.endsWith(top))
          .sorted()
          .toList();
    }
  }

  @Test
  void aFlippedBitInAnyFileIsNamed() throws Exception {
    Random random = new Random(7);
    List<Path> files = files();
    assertThat(files).hasSizeGreaterThan(14);
    for (Path file : files) {
      byte[] before = Files.readAllBytes(file);
      for (int i = 0; i < 5; i++) {
        long at = i == 0 ? 0 : random.nextInt(before.length);
        flip(file, at);
        assertThat(check(false)).as("%s at %d", file, at).isNotEmpty();
        Files.write(file, before);
      }
    }
    assertThat(check(false)).isEmpty();
  }

  @Test
  void aFileThatIsCutIsNamed() throws Exception {
    for (Path file : files()) {
      byte[] before = Files.readAllBytes(file);
      for (int length : List.of(0, before.length / 2, before.length - 1)) {
        Files.write(file, java.util.Arrays.copyOf(before, length));
        assertThat(check(false)).as("%s cut to %d", file, length).isNotEmpty();
      }
      Files.write(file, before);
    }
  }

  @Test
  void aFileThatIsGoneIsNamed() throws Exception {
    List<String> mayBeMissing = List.of("current", "schedule.json", "undo.json");
    for (Path file : files()) {
      boolean needed =
          !mayBeMissing.contains(String.valueOf(file.getFileName()))
              && !file.startsWith(folder.sums());
      byte[] before = Files.readAllBytes(file);
      Files.delete(file);
      assertThat(check(false).isEmpty()).as("%s", file).isEqualTo(!needed);
      Files.write(file, before);
    }
  }

  @Test
  void aForeignFileIsNamedAndLeftAlone() throws Exception {
    List<Path> folders = new ArrayList<>();
    try (Stream<Path> all = Files.walk(folder.path())) {
      all.filter(Files::isDirectory)
          .filter(at -> !at.startsWith(folder.run()))
          .forEach(folders::add);
    }
    folders.add(root.resolve("trash"));
    folders.add(root.resolve("machines"));
    for (Path at : folders) {
      Path foreign = Files.writeString(at.resolve("Stranger.doc"), "x");
      List<Finding> found = check(true);
      assertThat(found).as("%s", at).hasSize(1);
      assertThat(found.getFirst().where()).contains("Stranger.doc");
      assertThat(found.getFirst().loss()).isFalse();
      assertThat(foreign).exists();
      Files.delete(foreign);
    }
  }

  @Test
  void aForeignSnapshotFileIsRefusedByName() throws Exception {
    Path one = store.folder(id("one")).resolve(SnapshotCodec.FILE);
    Path two = store.folder(id("two")).resolve(SnapshotCodec.FILE);
    Files.copy(one, two, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(check(false)).anyMatch(found -> found.what().contains("it is the one of"));
  }

  @Test
  void aDamagedSnapshotGoesToTheTrashAndTheOthersStayWhole() throws Exception {
    Path map = store.folder(id("live")).resolve("machine").resolve(MemoryMap.NAME);
    flip(map, 20);
    List<Finding> found = check(true);
    assertThat(found).hasSize(1);
    assertThat(found.getFirst().where()).isEqualTo("snapshot 'live' of VM 'web'");
    assertThat(found.getFirst().repaired()).isTrue();
    assertThat(store.entries()).extracting(Entry::name).containsExactly("one", "two");
    assertThat(store.trash().items()).hasSize(1);
    assertThat(check(false)).noneMatch(Finding::loss);
  }

  @Test
  void aDamagedLayerNamesAllThatStandOnIt() throws Exception {
    Path layer = folder.path().resolve(store.find("one").spec().disks().getFirst().file());
    flip(layer, Files.size(layer) - 4000);
    List<Finding> found = check(true);
    assertThat(found).hasSize(1);
    assertThat(found.getFirst().what())
        .contains("checksum is wrong", "'one'", "'two'", "'live'", "the VM itself");
    assertThat(found.getFirst().repaired()).as("the VM stands on it").isFalse();
    assertThat(store.entries()).isEmpty();
    assertThat(check(false)).anyMatch(Finding::loss);
  }

  private List<Path> indexes() throws IOException {
    return LibraryCheck.entries(folder.path().resolve("disks")).stream()
        .filter(file -> String.valueOf(file.getFileName()).startsWith(".index-"))
        .toList();
  }

  private String read(VmSpec spec) throws IOException {
    byte[] bytes = new byte[3];
    try (Disk open = new DiskLayers(folder.path()).openSealed(spec.disks().getFirst())) {
      open.read(70_000, MemorySegment.ofArray(bytes));
    }
    return new String(bytes, StandardCharsets.US_ASCII);
  }

  @Test
  void anIndexOfManyLayersIsKnownAndMendedAndGoesWhenTheyAreMerged() throws Exception {
    for (int i = 10; i < 50; i++) {
      write("n" + i);
      take("deep" + i);
      store.index(store.find("deep" + i).spec().disks());
    }
    write("new");
    List<Path> indexes = indexes();
    assertThat(indexes).hasSize(2);
    assertThat(check(false)).isEmpty();
    Path one = indexes.getFirst();
    byte[] whole = Files.readAllBytes(one);
    flip(one, whole.length / 2);
    assertThat(read(library.read(folder))).isEqualTo("new");
    List<Finding> found = check(true);
    assertThat(found).hasSize(1).allMatch(Finding::repaired).noneMatch(Finding::loss);
    assertThat(found.getFirst().where()).contains(String.valueOf(one.getFileName()));
    assertThat(one).doesNotExist();
    Files.write(one, whole);
    Path stray = Files.write(one.resolveSibling(".index-0123456789ab.qcow2"), whole);
    assertThat(check(true)).hasSize(1);
    assertThat(stray).doesNotExist();

    for (int i = 12; i < 48; i++) {
      store.remove(store.find("deep" + i));
    }
    store.emptyTrash(java.time.Instant.MAX);
    assertThat(check(false)).isEmpty();
    new LayerMerge(store).run(part -> true);
    assertThat(indexes()).isEmpty();
    assertThat(check(false)).isEmpty();
    assertThat(read(store.find("deep11").spec())).isEqualTo("n11");
    assertThat(read(store.find("deep49").spec())).isEqualTo("n49");
    assertThat(read(library.read(folder))).isEqualTo("new");
  }

  @Test
  void litterIsRemoved() throws Exception {
    DiskLayers layers = new DiskLayers(folder.path());
    DiskSpec vain = layers.overlay(library.read(folder).disks().getFirst());
    Path half = Files.writeString(folder.snapshots().resolve(".tmp-999999999-x"), "half");
    Path sum = Files.writeString(folder.sums().resolve("000000000000.qcow2.json"), "{}");
    Path memory = Files.write(folder.memory().resolve("0123456789ab.mem"), new byte[4096]);
    List<Finding> found = check(false);
    assertThat(found).hasSize(4).noneMatch(Finding::loss).noneMatch(Finding::repaired);
    assertThat(check(true)).hasSize(4).allMatch(Finding::repaired);
    assertThat(check(false)).isEmpty();
    for (Path gone : List.of(layers.file(vain), half, sum, memory)) {
      assertThat(gone).doesNotExist();
    }
  }

  @Test
  void aTreeThatCannotBeIsMended() throws Exception {
    Entry one = store.find("one");
    store.rewrite(one.withParent("0123456789ab"));
    Entry two = store.find("two");
    store.rewrite(two.withParent(id("live")));
    Files.writeString(folder.current(), "ffffffffffff");
    assertThat(check(true)).hasSize(3).allMatch(Finding::loss).allMatch(Finding::repaired);
    assertThat(check(false)).isEmpty();
    assertThat(Library.current(folder)).isNull();
    String below = store.find("live").parent();
    assertThat(store.find("two").parent()).isEqualTo(below == null ? id("live") : null);
  }

  @Test
  void aDiskThatGrewWithoutItsSpecIsNamedAndTold() throws Exception {
    DiskSpec disk = library.read(folder).disks().getFirst();
    try (Disk open = new DiskLayers(folder.path()).open(disk, false)) {
      open.resize(4 << 20);
      open.flush();
    }
    assertThat(check(true)).hasSize(1).noneMatch(Finding::loss).allMatch(Finding::repaired);
    assertThat(library.read(folder).disks().getFirst().sizeBytes()).isEqualTo(4 << 20);
    assertThat(check(false)).isEmpty();
  }

  @Test
  void aDamagedScheduleIsOffAfterwards() throws Exception {
    Files.writeString(folder.schedule(), "{");
    assertThat(check(true)).hasSize(1).allMatch(Finding::repaired);
    assertThat(ScheduleFile.read(folder)).isEqualTo(SnapshotSchedule.DEFAULT);
  }

  @Test
  void onlyTheVmsThatAreAskedForAreChecked() throws Exception {
    library.create(LibraryTest.spec("other"));
    Files.writeString(root.resolve("machines/other/spec.json"), "{");
    assertThat(LibraryCheck.check(library, List.of(VM), false, Progress.NONE)).isEmpty();
    assertThat(check(false)).hasSize(1);
    VivariumException unknown =
        catchThrowableOfType(
            VivariumException.class,
            () -> LibraryCheck.check(library, List.of("nope"), false, Progress.NONE));
    assertThat(unknown.kind()).isEqualTo(Kind.NOT_FOUND);
  }

  @Test
  void aCheckCanBeCalledOff() {
    Progress off =
        new Progress() {
          @Override
          public void update(String step, double fraction) {}

          @Override
          public boolean cancelled() {
            return true;
          }
        };
    VivariumException e =
        catchThrowableOfType(
            VivariumException.class, () -> LibraryCheck.check(library, List.of(), false, off));
    assertThat(e.kind()).isEqualTo(Kind.CANCELLED);
  }

  @Test
  void aRunningVmIsCheckedAndNotDisturbed() throws Exception {
    EngineLock lock = Objects.requireNonNull(EngineLock.acquire(folder.lock()));
    DiskSpec disk = library.read(folder).disks().getFirst();
    try (Disk open = new DiskLayers(folder.path()).open(disk, false)) {
      open.write(0, MemorySegment.ofArray(new byte[] {1}));
      assertThat(check(true)).isEmpty();
      open.flush();
    } finally {
      lock.close();
    }
  }
}
