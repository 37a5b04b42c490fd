package io.vivarium.library;

import io.vivarium.client.Disks;
import io.vivarium.client.JsonException;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.BadImageException;
import io.vivarium.images.disk.qcow2.BackingFiles;
import io.vivarium.images.disk.qcow2.Qcow2Check;
import io.vivarium.library.SealedSums.Verdict;
import io.vivarium.memory.DamagedMemoryException;
import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
import io.vivarium.memory.MemoryVerifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the layers of disks and of saved memory in a machine's folder, each once. */
final class LayersCheck {
  private final MachineFolder folder;
  private final DiskLayers layers;
  private final MemoryLayers memory;

  LayersCheck(MachineFolder folder) {
    this.folder = folder;
    this.layers = new DiskLayers(folder.path());
    this.memory = new MemoryLayers(folder.memory());
  }

  /** A layer that is not as it should be: which, and why, in a phrase. */
  record Bad(String layer, String why) {}

  /**
   * The files that disks are made of, as far as they can be followed.
   *
   * @param bad where that ends too early, or null
   */
  record Chain(Set<String> names, @Nullable Bad bad) {}

  Chain chain(List<DiskSpec> disks) {
    Set<String> names = new LinkedHashSet<>();
    for (DiskSpec disk : disks) {
      Bad bad = Disks.inPlace(disk) ? null : follow(disk, names);
      if (bad != null) {
        return new Chain(names, bad);
      }
    }
    return new Chain(names, null);
  }

  private @Nullable Bad follow(DiskSpec disk, Set<String> names) {
    String at = disk.file();
    try {
      at = String.valueOf(layers.file(disk).getFileName());
      Set<String> own = new LinkedHashSet<>();
      for (String next = at; next != null; next = layers.baseOf(next)) {
        at = next;
        names.add(at);
        if (!own.add(at)) {
          return new Bad(at, "it stands on itself");
        }
        if (own.size() > BackingFiles.MAX_DEPTH) {
          return new Bad(at, "it is deeper than " + BackingFiles.MAX_DEPTH + " layers");
        }
        if (!Files.isRegularFile(layers.folder().resolve(at))) {
          return new Bad(at, "it is missing");
        }
      }
      return null;
    } catch (NoSuchFileException e) {
      return new Bad(at, "it is missing");
    } catch (IOException e) {
      return new Bad(at, phrase(e));
    }
  }

  /** How a disk that a layer is the top of differs from what is told of it, or null. */
  @Nullable Bad size(DiskSpec disk) {
    try {
      Path file = layers.file(disk);
      long size = disk.format().equals("raw") ? Files.size(file) : Qcow2Check.check(file).size();
      return size == disk.sizeBytes()
          ? null
          : new Bad(
              String.valueOf(file.getFileName()),
              "it has " + size + " bytes, and should have " + disk.sizeBytes());
    } catch (IOException e) {
      return null; // Told where its tables are checked.
    }
  }

  /** Whether a crash left a layer to be settled by the next who writes to it. */
  boolean unsettled(DiskSpec disk) {
    try {
      Path file = layers.file(disk);
      if (!disk.format().equals("qcow2")) {
        return false;
      }
      Qcow2Check.Report report = Qcow2Check.check(file);
      return report.unsettled() || report.leaked() > 0;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Reads a layer of a disk.
   *
   * @param sealed whether it is never written again, so that its checksum counts
   * @return what is wrong with it, or null
   * @throws JsonException when what is noted of it is damaged
   */
  @Nullable Bad disk(String name, boolean sealed, Findings findings)
      throws JsonException, VivariumException {
    Path file = layers.folder().resolve(name);
    for (int i = 0; ; i++) {
      Object before = key(file);
      Bad bad = diskOnce(name, file, sealed, findings);
      // One that was exchanged for a merged one meanwhile is read again.
      if (bad == null || i > 2 || String.valueOf(before).equals(String.valueOf(key(file)))) {
        return bad;
      }
    }
  }

  private @Nullable Bad diskOnce(String name, Path file, boolean sealed, Findings findings)
      throws JsonException, VivariumException {
    try {
      if (!name.endsWith(".raw")) {
        Qcow2Check.check(file);
      }
      if (sealed && SealedSums.verify(folder, name, part -> findings.goOn()) == Verdict.DAMAGED) {
        return new Bad(name, "it is not what was sealed: its checksum is wrong");
      }
      findings.at(0.5);
      return null;
    } catch (NoSuchFileException e) {
      return new Bad(name, "it is missing");
    } catch (IOException e) {
      return new Bad(name, phrase(e));
    }
  }

  private static @Nullable Object key(Path file) {
    try {
      return Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class)
          .fileKey();
    } catch (IOException e) {
      return null;
    }
  }

  /** A layer of saved memory as some maps name it: the same for all of them. */
  private record Ref(MemoryMap.Layer layer, int pages) {}

  /** Reads all pages that the maps read; returns what is wrong, by layer. */
  List<Bad> memory(List<MemoryMap> maps, Findings findings) throws VivariumException {
    Map<Ref, BitSet> read = new LinkedHashMap<>();
    for (MemoryMap map : maps) {
      List<BitSet> its = new ArrayList<>();
      for (MemoryMap.Layer layer : map.layers()) {
        its.add(read.computeIfAbsent(new Ref(layer, map.pages()), ref -> new BitSet()));
      }
      for (MemoryMap.Run run : map.runs(0, map.pages())) {
        its.get(run.layer()).set(run.first(), run.first() + run.count());
      }
    }
    List<Bad> bad = new ArrayList<>();
    for (Map.Entry<Ref, BitSet> one : read.entrySet()) {
      findings.at(0.9);
      Ref ref = one.getKey();
      try {
        MemoryVerifier.verify(memory, ref.layer(), ref.pages(), one.getValue());
      } catch (DamagedMemoryException e) {
        bad.add(new Bad(ref.layer().id(), phrase(e)));
      } catch (IOException e) {
        bad.add(new Bad(ref.layer().id(), "it cannot be read: " + phrase(e)));
      }
    }
    return bad;
  }

  /** What an exception says, as a phrase. */
  static String phrase(Exception e) {
    String said = e.getMessage() == null ? e.toString() : e.getMessage();
    if (e instanceof BadImageException || e instanceof DamagedMemoryException) {
      said = said.endsWith(".") ? said.substring(0, said.length() - 1) : said;
    }
    return said;
  }
}
