package io.vivarium.library;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.memory.LayerWriter;
import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layers of saved memory are counted, and deleted once nobody stands on them. */
final class HoldersTest {
  private static final int PAGES = 256;

  @TempDir Path home;
  private MachineFolder folder = new MachineFolder(Path.of("unset"));
  private SnapshotStore store = new SnapshotStore(new Home(Path.of("unset")), folder);
  private MemoryLayers memory = new MemoryLayers(Path.of("unset"));

  @BeforeEach
  void create() throws Exception {
    folder = Library.open(new Home(home)).create(LibraryTest.spec("web"));
    store = new SnapshotStore(new Home(home), folder);
    memory = new MemoryLayers(Files.createDirectory(folder.memory()));
  }

  /** A live snapshot in whose memory the first pages are others than in the one before. */
  private MemoryMap snapshot(String name, @Nullable MemoryMap base, int pages) throws IOException {
    Path beside = store.begin();
    byte[] ram = new byte[pages * MemoryLayers.PAGE];
    Arrays.fill(ram, (byte) name.charAt(0));
    MemoryMap map;
    try (LayerWriter writer =
        new LayerWriter(memory, DurableFiles.unfinished(folder.memory()), PAGES, base)) {
      writer.store(0, MemorySegment.ofArray(ram));
      map = writer.seal(new byte[1], beside.resolve("machine"));
      writer.name();
    }
    store.keep(
        beside,
        new SnapshotStore.Entry(
            SnapshotStore.newId(),
            name,
            Library.current(folder),
            "",
            Instant.now(),
            true,
            false,
            false,
            "",
            LibraryTest.spec("web")));
    return map;
  }

  @Test
  void ofWhatIsRemovedOnlyItsOwnGoes() throws Exception {
    MemoryMap a = snapshot("a", null, 200);
    MemoryMap b = snapshot("b", a, 50);
    MemoryMap c = snapshot("c", b, 10);
    assertThat(memory.ids()).hasSize(3);
    List<SnapshotInfo> infos = store.infos(store.entries());
    assertThat(infos.getFirst().ownBytes()).isLessThan(50L * 4096);
    assertThat(infos.getFirst().sharedBytes()).isGreaterThanOrEqualTo(200L * 4096);
    assertThat(infos.getLast().ownBytes()).isBetween(10L * 4096, 30L * 4096);

    store.remove(store.find("b"));
    assertThat(store.prune(null)).isZero();
    assertThat(memory.ids()).hasSize(3);
    assertThat(store.emptyTrash(Instant.MAX)).isPositive();
    assertThat(memory.ids()).as("c stands on all of them").hasSize(3);

    store.remove(store.find("c"));
    assertThat(store.emptyTrash(Instant.MAX)).isGreaterThanOrEqualTo(60L * 4096);
    assertThat(memory.ids()).containsExactly(a.layers().getFirst().id());
    assertThat(c.layers()).hasSize(3);
  }

  @Test
  void whatAVmRunsFromStays() throws Exception {
    MemoryMap a = snapshot("a", null, 20);
    Path machine = store.folder(store.find("a").id()).resolve("machine");
    Files.copy(machine.resolve(MemoryMap.NAME), folder.runningMap());
    EngineLock lock = java.util.Objects.requireNonNull(EngineLock.acquire(folder.lock()));
    try {
      store.remove(store.find("a"));
      store.emptyTrash(Instant.MAX);
      assertThat(memory.ids()).containsExactly(a.layers().getFirst().id());
    } finally {
      lock.close();
    }
    store.prune(null);
    assertThat(memory.ids()).as("the engine is gone, whatever note it left").isEmpty();
  }

  @Test
  void nothingGoesWhileAMapCannotBeRead() throws Exception {
    snapshot("a", null, 20);
    snapshot("b", null, 20);
    Path map = store.folder(store.find("b").id()).resolve("machine").resolve(MemoryMap.NAME);
    Files.write(map, new byte[100]);
    store.remove(store.find("a"));
    store.emptyTrash(Instant.MAX);
    assertThat(memory.ids()).hasSize(2);
  }
}
