package io.vivarium.library;

import io.vivarium.client.Disks;
import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.library.SnapshotStore.Entry;
import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
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

  /** Bytes of the host's disk that the snapshots in the tree stand on. */
  long snapshotBytes() {
    long bytes = 0;
    Set<String> files = new HashSet<>();
    for (Holder holder : holders) {
      if (holder.id() != null && !holder.place().startsWith(folder.trash())) {
        bytes += DiskUsage.of(holder.place()).allocated();
        for (String name : memoryFiles(holder)) {
          if (files.add(name)) {
            bytes += DiskUsage.of(folder.memory().resolve(name)).allocated();
          }
        }
        Set<String> chain = new HashSet<>();
        for (String top : tops(holder)) {
          addChain(top, chain);
        }
        for (String name : chain) {
          if (files.add(name)) {
            bytes += DiskUsage.of(layers.folder().resolve(name)).allocated();
          }
        }
      }
    }
    return bytes;
  }

  private void addChain(String top, Set<String> chain) {
    try {
      String at = top;
      while (at != null && chain.add(at)) {
        at = layers.baseOf(at);
      }
    } catch (IOException e) {
      // What is damaged is told where it is checked or opened.
    }
  }

  /** Names of the disk layers that each holder names, as the top of one of its disks. */
  Set<String> tops() {
    Set<String> tops = new HashSet<>();
    holders.forEach(holder -> tops.addAll(tops(holder)));
    return tops;
  }

  /** Names of the disk layers that the VM itself writes to. */
  Set<String> live() {
    Set<String> tops = new HashSet<>();
    holders.stream().filter(one -> one.id() == null).forEach(one -> tops.addAll(tops(one)));
    return tops;
  }

  /** Whether some holder's disks cannot be told. */
  boolean unclear() {
    return holders.stream().anyMatch(one -> one.disks() == null);
  }

  /**
   * The maps of saved memory that somebody stands on, or runs from; null when that cannot be told
   * for all.
   */
  @Nullable List<MemoryMap> maps() {
    List<MemoryMap> maps = new ArrayList<>();
    for (Holder holder : holders) {
      try {
        MemoryMap map = mapOf(holder);
        if (map != null) {
          maps.add(map);
        }
      } catch (IOException e) {
        return null;
      }
    }
    return maps;
  }

  /** The VM's own counts while its engine lives: after that nothing runs from it. */
  private @Nullable MemoryMap mapOf(Holder holder) throws IOException {
    if (holder.id() == null && !EngineLock.held(folder.lock())) {
      return null;
    }
    Path at = holder.id() == null ? folder.run() : holder.place().resolve("machine");
    return Files.exists(at.resolve(MemoryMap.NAME)) ? MemoryMap.read(at) : null;
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

  /**
   * Ids of the layers of saved memory that somebody stands on, or runs from; null when that cannot
   * be told for all.
   */
  @Nullable Set<String> usedMemory() {
    Set<String> used = new HashSet<>();
    for (Holder holder : holders) {
      Set<String> its = memoryOf(holder);
      if (its == null) {
        return null;
      }
      used.addAll(its);
    }
    return used;
  }

  private @Nullable Set<String> memoryOf(Holder holder) {
    Set<String> ids = new HashSet<>();
    try {
      MemoryMap map = mapOf(holder);
      if (map != null) {
        map.layers().forEach(layer -> ids.add(layer.id()));
      }
    } catch (IOException e) {
      return null;
    }
    return ids;
  }

  /** Removes the layers that nobody stands on; returns the bytes that came free. */
  long prune(@Nullable Path place) throws IOException {
    Set<String> used = used();
    long freed = used == null ? 0 : layers.prune(used, folder.sums(), place);
    return freed + pruneMemory();
  }

  private long pruneMemory() throws IOException {
    MemoryLayers memory = new MemoryLayers(folder.memory());
    Set<String> there = memory.ids();
    Set<String> used = there.isEmpty() ? null : usedMemory();
    long freed = 0;
    for (String id : there) {
      if (used != null && !used.contains(id)) {
        for (Path file : List.of(memory.data(id), memory.sums(id))) {
          freed += DiskUsage.of(file).allocated();
          DurableFiles.delete(file);
        }
      }
    }
    return freed;
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
    LayerTally disks = new LayerTally(layers.folder(), layers::baseOf);
    LayerTally memory = new LayerTally(folder.memory(), layer -> null);
    Map<Holder, List<String>> tops = new HashMap<>();
    Map<Holder, List<String>> maps = new HashMap<>();
    for (Holder holder : holders) {
      tops.put(holder, need(disks, tops(holder), holder));
      maps.put(holder, need(memory, memoryFiles(holder), holder));
    }
    disks.settle();
    memory.settle();
    Map<String, Bytes> bytes = new HashMap<>();
    for (Holder holder : holders) {
      if (holder.id() != null) {
        DiskUsage files = DiskUsage.of(holder.place());
        List<String> disk = tops.getOrDefault(holder, List.of());
        List<String> map = maps.getOrDefault(holder, List.of());
        long own = disks.freed(disk, holder) + memory.freed(map, holder);
        long all = disks.withBelow(disk) + memory.withBelow(map);
        long lengths = files.lengths() + memory.lengths(map);
        bytes.put(holder.id(), new Bytes(files.allocated() + own, all - own, lengths));
      }
    }
    return bytes;
  }

  /** Says who needs these; returns those that are there. */
  private static List<String> need(LayerTally tally, List<String> layers, Holder holder) {
    List<String> there = new ArrayList<>();
    for (String layer : layers) {
      try {
        tally.need(layer, holder);
        there.add(layer);
      } catch (IOException e) {
        // What is damaged is told where it is checked or opened.
      }
    }
    return there;
  }

  private List<String> memoryFiles(Holder holder) {
    List<String> files = new ArrayList<>();
    MemoryLayers memory = new MemoryLayers(folder.memory());
    Set<String> ids = memoryOf(holder);
    for (String id : ids == null ? Set.<String>of() : ids) {
      files.add(String.valueOf(memory.data(id).getFileName()));
      files.add(String.valueOf(memory.sums(id).getFileName()));
    }
    return files;
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
