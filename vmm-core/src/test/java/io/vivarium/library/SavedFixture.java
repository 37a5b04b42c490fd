package io.vivarium.library;

import io.vivarium.client.JsonObject;
import io.vivarium.library.SnapshotStore.Entry;
import io.vivarium.memory.LayerWriter;
import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Random;

/** Makes snapshots with memory, as an engine does, without one. */
final class SavedFixture {
  private static final int PAGES = 8;

  private SavedFixture() {}

  /** Takes one of a VM whose snapshot "two" has the disks that go with it. */
  static void take(SnapshotStore store, String name, String note) throws Exception {
    MachineFolder folder = store.machine();
    DurableFiles.makeFolders(folder.memory());
    Path unfinished = store.begin();
    Path machine = unfinished.resolve("machine");
    Path beside = DurableFiles.unfinished(folder.memory());
    try (LayerWriter writer =
        new LayerWriter(new MemoryLayers(folder.memory()), beside, PAGES, null)) {
      byte[] ram = new byte[PAGES * MemoryLayers.PAGE];
      new Random(1).nextBytes(ram);
      writer.store(0, MemorySegment.ofArray(ram).asSlice(0, (PAGES - 2L) * MemoryLayers.PAGE));
      byte[] state = "{}".getBytes(StandardCharsets.US_ASCII);
      Files.write(machine.resolve(MemoryMap.STATE), state);
      writer.seal(state, machine);
      DurableFiles.write(
          unfinished.resolve(SnapshotFiles.ENGINE),
          CheckedJson.write(new JsonObject().put("version", 2)));
      Entry two = store.find("two");
      Entry entry =
          new Entry(
              SnapshotStore.newId(),
              name,
              two.id(),
              note,
              Instant.now(),
              true,
              true,
              false,
              "",
              two.spec());
      store.whileLayersStay(
          () -> {
            writer.name();
            store.keep(unfinished, entry);
            return entry;
          });
    }
  }
}
