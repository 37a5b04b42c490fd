package io.vivarium.library;

import io.vivarium.client.Disks;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.BadImageException;
import io.vivarium.library.SnapshotStore.Entry;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** Snapshots of the disks of a VM that does not run. The caller holds the VM's engine lock. */
public final class StoppedSnapshots {
  private final MachineFolder folder;
  private final SnapshotStore store;
  private final DiskLayers layers;

  public StoppedSnapshots(SnapshotStore store) {
    this.store = store;
    this.folder = store.machine();
    this.layers = new DiskLayers(folder.path());
  }

  /**
   * Keeps the disks as they are. The spec names the new, still empty layers first: they read as the
   * ones below, so that whatever happens between leaves a whole VM, at worst with a layer more.
   */
  public Entry take(VmSpec spec, String name, String note, boolean automatic)
      throws VivariumException, IOException {
    store.checkNewName(name);
    String unkeepable = DiskLayers.unkeepable(spec.disks());
    if (unkeepable != null) {
      throw new VivariumException(
          Kind.WRONG_STATE,
          "cannot take the snapshot '" + name + "' of VM '" + spec.name() + "': " + unkeepable,
          "Detach it, or attach it with ,readonly.");
    }
    new LayerMerge(store).makeRoom(spec.disks(), automatic);
    return store.whileLayersStay(
        () -> {
          settle(spec);
          List<DiskSpec> made = layers.overlays(spec.disks());
          try {
            Library.rewrite(folder, spec.withDisks(made));
          } catch (IOException e) {
            Library.discard(folder, made);
            throw e;
          }
          return keep(spec, name, note, automatic);
        });
  }

  private Entry keep(VmSpec spec, String name, String note, boolean automatic) throws IOException {
    Entry entry =
        new Entry(
            SnapshotStore.newId(),
            name,
            Library.current(folder),
            note,
            Instant.now().truncatedTo(ChronoUnit.MILLIS),
            false,
            automatic,
            false,
            ConsoleTail.of(folder.consoleLog()),
            spec);
    Path unfinished = store.begin();
    try {
      store.keep(unfinished, entry);
      return entry;
    } catch (IOException e) {
      DurableFiles.deleteTree(unfinished);
      throw e;
    }
  }

  /** Lets files that a dead engine left be repaired, and proves that they can be opened. */
  private void settle(VmSpec spec) throws VivariumException, IOException {
    for (DiskSpec disk : spec.disks()) {
      if (!Disks.inPlace(disk)) {
        try {
          DurableFiles.change(layers.file(disk), same -> layers.settle(disk));
        } catch (BadImageException e) {
          throw damaged(spec.name(), disk, e);
        }
      }
    }
  }

  /** Whether the VM is as its node keeps it: restoring another loses nothing. */
  public boolean unchanged(VmSpec spec) throws VivariumException, IOException {
    List<DiskSpec> own = spec.disks().stream().filter(disk -> !Disks.inPlace(disk)).toList();
    if (own.isEmpty()) {
      return true;
    }
    String current = Library.current(folder);
    if (current == null) {
      return false;
    }
    Entry node = store.find(current);
    return SnapshotStore.damage(node) == null
        && layers.unwritten(spec.disks(), node.spec().disks());
  }

  /** Puts the disks and the spec back to a snapshot; its memory, if it has one, is not used. */
  public void restore(VmSpec now, Entry entry) throws VivariumException, IOException {
    VmSpec then = specAfter(now, entry);
    boolean alone = store.aloneOnCurrent(now.disks());
    store.whileLayersStay(
        () -> {
          List<DiskSpec> made = layers.overlays(then.disks());
          try {
            for (DiskSpec disk : made) {
              proveWhole(then, disk);
            }
            Library.rewrite(folder, then.withDisks(made));
          } catch (VivariumException | IOException e) {
            Library.discard(folder, made);
            throw e;
          }
          store.setCurrent(entry.id());
          return made;
        });
    store.leave(now.disks(), alone);
  }

  private void proveWhole(VmSpec spec, DiskSpec disk) throws VivariumException, IOException {
    try {
      layers.proveOpens(disk);
    } catch (BadImageException | NoSuchFileException e) {
      throw damaged(spec.name(), disk, e);
    }
  }

  private static VivariumException damaged(String vm, DiskSpec disk, IOException e) {
    String why =
        e instanceof NoSuchFileException ? "it is missing" : String.valueOf(e.getMessage());
    return new VivariumException(
        Kind.BAD_FILE,
        "the disk file " + disk.file() + " of VM '" + vm + "' cannot be used: " + why,
        "Go back to a snapshot that does not stand on it: viv snapshot tree " + vm,
        e);
  }

  /** A VM's spec once it is put back to a snapshot: published ports stay what they are. */
  public static VmSpec specAfter(VmSpec now, Entry entry) {
    VmSpec then = entry.spec();
    return then.withNetwork(
        then.network(), then.network().equals("user") ? now.ports() : List.of());
  }
}
