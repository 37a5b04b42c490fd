package io.vivarium.library;

import io.vivarium.client.VivariumException;
import io.vivarium.linux.Fd;
import io.vivarium.linux.FileSpace;
import io.vivarium.linux.LinuxFiles;
import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives the space of saved pages back that no map reads any more, neither a snapshot's nor that of
 * the machine which runs: they become holes. Layers that have other names elsewhere are left alone,
 * as others' maps read them.
 *
 * <p>To be used by the VM's engine, or while none runs: what a machine has mapped must be what its
 * note says.
 */
final class MemoryTrim {
  private static final int PAGE = MemoryLayers.PAGE;

  private final SnapshotStore store;

  MemoryTrim(SnapshotStore store) {
    this.store = store;
  }

  /** Does it, unless somebody changes the snapshots just now. */
  void run() throws VivariumException, IOException {
    MemoryLayers layers = new MemoryLayers(store.machine().memory());
    if (layers.ids().isEmpty()) {
      return;
    }
    store.whileLayersStay(
        () -> {
          List<MemoryMap> maps = Holders.of(store).maps();
          if (maps != null) {
            for (Map.Entry<String, BitSet> layer : read(maps).entrySet()) {
              trim(layers.data(layer.getKey()), layer.getValue());
            }
          }
          return layers;
        });
  }

  /** For each layer the pages that some map reads from it. */
  static Map<String, BitSet> read(List<MemoryMap> maps) {
    Map<String, BitSet> read = new HashMap<>();
    for (MemoryMap map : maps) {
      BitSet[] its = new BitSet[map.layers().size()];
      for (int i = 0; i < its.length; i++) {
        its[i] = read.computeIfAbsent(map.layers().get(i).id(), id -> new BitSet(map.pages()));
      }
      for (MemoryMap.Run run : map.runs(0, map.pages())) {
        its[run.layer()].set(run.first(), run.first() + run.count());
      }
    }
    return read;
  }

  private static void trim(Path file, BitSet read) throws IOException {
    if (!java.nio.file.Files.exists(file) || FileSpace.of(file).links() > 1) {
      return;
    }
    try (Fd fd = Fd.open(file.toString(), Fd.O_RDWR | Fd.O_CLOEXEC, 0)) {
      for (long at = LinuxFiles.seekData(fd, 0); at >= 0; ) {
        long end = LinuxFiles.seekHole(fd, at);
        int last = (int) (end / PAGE);
        for (int page = read.nextClearBit((int) (at / PAGE)); page < last; ) {
          int next = read.nextSetBit(page);
          int to = next < 0 ? last : Math.min(next, last);
          LinuxFiles.punchHole(fd, (long) page * PAGE, (long) (to - page) * PAGE);
          page = read.nextClearBit(to);
        }
        at = LinuxFiles.seekData(fd, end);
      }
    }
  }
}
