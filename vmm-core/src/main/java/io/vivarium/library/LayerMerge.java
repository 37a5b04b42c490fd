package io.vivarium.library;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.qcow2.Qcow2Merge;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoublePredicate;

/**
 * Merges disk layers that only one other layer stands on, and no snapshot any more, into that one.
 * So chains do not grow for ever, and what later layers hide is not kept. The merged file reads as
 * the one whose name it takes: whatever happens, what stands on it reads the same, and whoever has
 * the old one open keeps it.
 *
 * <p>To be used by the VM's engine, or while none runs: nobody else may open its disks meanwhile.
 */
public final class LayerMerge {
  /** So many layers are merged though that frees nothing. */
  private static final int MANY = 16;

  private final SnapshotStore store;
  private final MachineFolder folder;
  private final DiskLayers layers;

  public LayerMerge(SnapshotStore store) {
    this.store = store;
    this.folder = store.machine();
    this.layers = new DiskLayers(folder.path());
  }

  /**
   * Layers that can be one.
   *
   * @param names from the top down; the first keeps its name
   */
  private record Run(List<String> names) {}

  /**
   * Merges what is worth it: much is hidden, or the layers are many.
   *
   * @param goOn asked again and again; false ends it, with what is merged so far
   */
  public void run(DoublePredicate goOn) throws VivariumException, IOException {
    merge(false, goOn);
  }

  /** Lets one more layer fit on top of the disks. */
  public void makeRoom(List<DiskSpec> disks, boolean automatic)
      throws VivariumException, IOException {
    if (layers.tooDeep(disks, automatic) == null) {
      return;
    }
    merge(true, part -> true);
    String wrong = layers.tooDeep(disks, automatic);
    if (wrong != null) {
      throw new VivariumException(
          Kind.WRONG_STATE,
          "VM '" + folder.name() + "' takes no more snapshots from here: " + wrong,
          "Remove some of them: viv snapshot rm "
              + folder.name()
              + " SNAPSHOT, then viv trash empty");
    }
  }

  private void merge(boolean all, DoublePredicate goOn) throws VivariumException, IOException {
    boolean any = false;
    for (Run run : runs()) {
      any |= goOn.test(0) && merge(run, all, goOn);
    }
    if (any) {
      store.prune(null);
    }
  }

  private boolean merge(Run run, boolean all, DoublePredicate goOn)
      throws VivariumException, IOException {
    List<Path> files = run.names().stream().map(layers.folder()::resolve).toList();
    Path beside;
    try (Qcow2Merge merge = Qcow2Merge.open(files)) {
      boolean worth =
          merge != null && (all || files.size() > MANY || merge.freed() >= merge.copied() / 4);
      if (merge == null || !worth) {
        return false;
      }
      boolean[] whole = new boolean[1];
      beside = DurableFiles.makeBeside(layers.folder(), file -> whole[0] = merge.write(file, goOn));
      if (!whole[0]) {
        DurableFiles.discard(beside);
        return false;
      }
    }
    String top = run.names().getFirst();
    Path sum = SealedSums.file(folder.sums(), top);
    boolean done =
        store.whileLayersStay(
            () -> {
              // A snapshot may have come back from the trash meanwhile.
              if (!runs().contains(run)) {
                DurableFiles.discard(beside);
                return false;
              }
              forget(sum);
              layers.forgetIndexes();
              DurableFiles.rename(beside, files.getFirst());
              forget(sum);
              return true;
            });
    if (done) {
      SealedSums.record(folder, top, goOn);
    }
    return done;
  }

  private void forget(Path sum) throws IOException {
    DurableFiles.delete(sum);
    if (java.nio.file.Files.isDirectory(folder.sums())) {
      DurableFiles.sync(folder.sums());
    }
  }

  private List<Run> runs() throws VivariumException, IOException {
    Holders holders = Holders.of(store);
    if (holders.unclear()) {
      return List.of();
    }
    Map<String, String> bases = new HashMap<>();
    Map<String, List<String>> above = new HashMap<>();
    for (String name : layers.names()) {
      String base = layers.baseOf(name);
      if (base != null) {
        bases.put(name, base);
        above.computeIfAbsent(base, key -> new ArrayList<>()).add(name);
      }
    }
    Set<String> live = holders.live();
    Set<String> named = holders.tops();
    Set<String> mergeable = new HashSet<>();
    for (String name : bases.keySet()) {
      List<String> its = above.getOrDefault(name, List.of());
      if (!named.contains(name)
          && !DiskLayers.ofImage(name)
          && its.size() == 1
          && !live.contains(its.getFirst())) {
        mergeable.add(name);
      }
    }
    List<Run> runs = new ArrayList<>();
    for (String top : bases.keySet().stream().sorted().toList()) {
      boolean stays = named.contains(top) || above.containsKey(top);
      if (stays && !live.contains(top) && !mergeable.contains(top)) {
        List<String> names = new ArrayList<>(List.of(top));
        for (String at = bases.get(top); mergeable.contains(at); at = bases.get(at)) {
          names.add(at);
        }
        if (names.size() > 1) {
          runs.add(new Run(names));
        }
      }
    }
    return runs;
  }
}
