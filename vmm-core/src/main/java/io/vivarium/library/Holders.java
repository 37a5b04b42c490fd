package io.vivarium.library;

import io.vivarium.client.Disks;
import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.library.SnapshotStore.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who stands on which layers of one VM: its spec, its snapshots and what waits in its trash. The
 * one place where these are collected, for all that is counted by who refers to it.
 */
final class Holders {
  private final MachineFolder folder;
  private final DiskLayers layers;
  private final List<Holder> holders;

  private Holders(MachineFolder folder, List<Holder> holders) {
    this.folder = folder;
    this.layers = new DiskLayers(folder.path());
    this.holders = holders;
  }

  /**
   * One that stands on layers.
   *
   * @param id of the snapshot, or null for the VM itself
   * @param place the snapshot's folder, or the VM's
   * @param disks what it names; null where that cannot be read
   */
  record Holder(@Nullable String id, Path place, @Nullable List<DiskSpec> disks) {}

  /**
   * Looks at all of a VM.
   *
   * @throws VivariumException when its spec cannot be read
   */
  static Holders of(SnapshotStore store) throws VivariumException, IOException {
    MachineFolder folder = store.machine();
    List<Holder> holders = new ArrayList<>();
    holders.add(new Holder(null, folder.path(), spec(folder).disks()));
    for (Entry entry : store.asWritten()) {
      boolean whole = SnapshotStore.damage(entry) == null;
      holders.add(
          new Holder(entry.id(), store.folder(entry.id()), whole ? entry.spec().disks() : null));
    }
    for (SnapshotTrash.Item item : store.trash().items()) {
      Entry entry = item.entry();
      holders.add(new Holder(item.id(), item.path(), entry == null ? null : entry.spec().disks()));
    }
    return new Holders(folder, holders);
  }

  private static VmSpec spec(MachineFolder folder) throws VivariumException, IOException {
    try {
      return SpecCodec.read(Json.parse(Files.readAllBytes(folder.spec())), folder.name());
    } catch (JsonException e) {
      throw new VivariumException(
          Kind.BAD_FILE, "VM '" + folder.name() + "' is damaged: " + e.getMessage(), "", e);
    }
  }

  List<Holder> all() {
    return holders;
  }

  /** Names of the disk layers that somebody stands on; null when that cannot be told for all. */
  @Nullable Set<String> used() {
    Set<String> used = new HashSet<>();
    for (Holder holder : holders) {
      if (holder.disks() == null) {
        return null;
      }
      for (DiskSpec disk : holder.disks()) {
        try {
          if (!Disks.inPlace(disk)) {
            layers.addChain(disk, used);
          }
        } catch (IOException e) {
          return null;
        }
      }
    }
    return used;
  }

  /** Removes the layers that nobody stands on; returns the bytes that came free. */
  long prune(@Nullable Path place) throws IOException {
    Set<String> used = used();
    return used == null ? 0 : layers.prune(used, folder.sums(), place);
  }

  /**
   * What a snapshot holds.
   *
   * @param own bytes of the host's disk that deleting it for good frees
   * @param shared bytes of the host's disk that it stands on and others do too
   * @param total lengths of its own files, holes counted too
   */
  record Bytes(long own, long shared, long total) {}

  /** Bytes of each snapshot, by its id; one whose layers cannot be read counts without them. */
  Map<String, Bytes> bytes() {
    LayerTally tally = new LayerTally(layers.folder(), layers::baseOf);
    for (Holder holder : holders) {
      for (String top : tops(holder)) {
        try {
          tally.need(top, holder);
        } catch (IOException e) {
          // What is damaged is told where it is checked or opened.
        }
      }
    }
    tally.settle();
    Map<String, Bytes> bytes = new HashMap<>();
    for (Holder holder : holders) {
      if (holder.id() != null) {
        DiskUsage files = DiskUsage.of(holder.place());
        long own = 0;
        long all = 0;
        for (String top : tops(holder)) {
          own += tally.freedBy(top, holder);
          all += tally.withBelow(top);
        }
        bytes.put(holder.id(), new Bytes(files.allocated() + own, all - own, files.lengths()));
      }
    }
    return bytes;
  }

  private List<String> tops(Holder holder) {
    List<String> tops = new ArrayList<>();
    if (holder.disks() != null) {
      for (DiskSpec disk : holder.disks()) {
        try {
          if (!Disks.inPlace(disk)) {
            tops.add(String.valueOf(layers.file(disk).getFileName()));
          }
        } catch (IOException e) {
          // Not a name that a layer can have; told where it is checked or opened.
        }
      }
    }
    return tops;
  }
}
