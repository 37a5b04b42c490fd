package io.vivarium.machine;

import io.vivarium.linux.Memfd;
import io.vivarium.memory.DamagedMemoryException;
import io.vivarium.memory.LayerReader;
import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A machine that was saved, opened once for any number of machines to go on from it. Its memory is
 * mapped, not read, but for the check of its sums, which goes on while KVM makes the machines.
 */
public final class SavedMachine implements AutoCloseable {
  /** Of the 65,530 mappings that a process may have (vm.max_map_count), forks leave as many. */
  private static final long MOST_MAPPINGS = 16_384;

  private final SavedFiles.Opened files;
  private final MemoryLayers layers;
  private final MemoryCheck check;
  private final @Nullable Memfd flat;

  private SavedMachine(
      SavedFiles.Opened files, MemoryLayers layers, MemoryCheck check, @Nullable Memfd flat) {
    this.files = files;
    this.layers = layers;
    this.check = check;
    this.flat = flat;
  }

  /**
   * Opens and checks all but the memory. The layers' files must not change, but for their names,
   * while it or a machine that came from it lives.
   *
   * @param folder of a finished save's state
   * @param layers the folder of its memory
   * @param copies how many machines this process may have in the end; where the pieces of their
   *     memory would be too many, it is put together once, in memory
   * @throws BadSnapshotException when something is damaged
   */
  public static SavedMachine open(Path folder, Path layers, int copies)
      throws IOException, BadSnapshotException {
    MemoryLayers memory = new MemoryLayers(layers);
    SavedFiles.Opened files = SavedFiles.open(folder);
    MemoryCheck check = MemoryCheck.start(memory, files.memory(), folder);
    boolean done = false;
    try {
      MemoryMap map = files.memory();
      boolean together =
          copies > 1 && map.runs(0, map.pages()).size() * (long) copies > MOST_MAPPINGS;
      SavedMachine saved =
          new SavedMachine(files, memory, check, together ? putTogether(memory, map) : null);
      done = true;
      return saved;
    } catch (DamagedMemoryException e) {
      throw new BadSnapshotException(String.valueOf(e.getMessage()), e);
    } finally {
      if (!done) {
        check.end();
      }
    }
  }

  private static Memfd putTogether(MemoryLayers layers, MemoryMap map) throws IOException {
    Memfd flat = new Memfd("template", map.ramBytes());
    try (LayerReader reader = new LayerReader(layers, map)) {
      reader.copy(Path.of("/proc/self/fd/" + flat.fd().number()));
      flat.addSeals(
          Memfd.F_SEAL_SHRINK | Memfd.F_SEAL_GROW | Memfd.F_SEAL_WRITE | Memfd.F_SEAL_SEAL);
      return flat;
    } catch (IOException | RuntimeException e) {
      flat.close();
      throw e;
    }
  }

  SavedFiles.Opened files() {
    return files;
  }

  /** Memory that reads as what was saved. */
  GuestRam memory() throws IOException, BadSnapshotException {
    try {
      return flat == null
          ? GuestRam.copyOnWrite(layers, files.memory())
          : GuestRam.copyOnWrite(flat.fd(), files.memory());
    } catch (DamagedMemoryException e) {
      throw new BadSnapshotException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns when the memory was found whole. */
  void awaitCheck() throws IOException, BadSnapshotException {
    check.await();
  }

  /** The machines that came from it live on. */
  @Override
  public void close() {
    check.end();
    if (flat != null) {
      flat.close();
    }
  }
}
