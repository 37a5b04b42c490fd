package io.vivarium.library;

import io.vivarium.client.Disks;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The folders of live copies of a VM. Each is whole by itself: it has links to the sealed layers of
 * memory and disks that it stands on, so that what becomes of the VM that it came from is nothing
 * to it, and nothing is copied.
 */
public final class ForkFolders {
  private ForkFolders() {}

  /**
   * What copies are made of.
   *
   * @param layers ids of the layers of memory
   */
  public record Template(SnapshotStore.Entry entry, List<String> layers) {}

  /** Looks at a snapshot once for all its copies. */
  public static Template template(SnapshotStore store, String snapshot)
      throws VivariumException, IOException {
    SnapshotStore.Entry entry = store.findWhole(snapshot);
    if (!entry.live()) {
      throw new VivariumException(
          Kind.WRONG_STATE,
          "the snapshot '" + entry.name() + "' has no memory that a fork could go on from",
          "Fork a live one, or the VM while it runs.");
    }
    Path machine = store.folder(entry.id()).resolve("machine");
    List<String> layers = new ArrayList<>();
    if (Files.exists(machine.resolve(MemoryMap.NAME))) {
      MemoryMap.read(machine).layers().forEach(layer -> layers.add(layer.id()));
    }
    return new Template(entry, layers);
  }

  /**
   * Makes the folder of a stopped VM that is to go on from a snapshot of another.
   *
   * @param name free, and valid
   * @param disposable whether a power loss may take it
   */
  public static MachineFolder make(
      Home home, SnapshotStore store, Template template, String name, boolean disposable)
      throws VivariumException, IOException {
    MachineFolder to = new MachineFolder(home.machines().resolve(name));
    return store.whileLayersStay(
        () -> {
          Path beside = DurableFiles.unfinished(home.machines());
          try {
            fill(new MachineFolder(beside), store.machine(), template, name, disposable);
            DurableFiles.renameQuickly(beside, to.path());
            if (!disposable) {
              DurableFiles.sync(home.machines());
            }
            return to;
          } catch (FileSystemException e) {
            if (Files.exists(to.path())) {
              throw Library.taken(name);
            }
            throw e;
          } finally {
            DurableFiles.deleteTree(beside);
          }
        });
  }

  private static void fill(
      MachineFolder folder,
      MachineFolder source,
      Template template,
      String name,
      boolean disposable)
      throws IOException {
    DurableFiles.makeFolderQuickly(folder.path());
    DurableFiles.makeFolderQuickly(folder.snapshots());
    DurableFiles.makeFolderQuickly(folder.run());
    DurableFiles.makeFolderQuickly(folder.memory());
    MemoryLayers from = new MemoryLayers(source.memory());
    MemoryLayers to = new MemoryLayers(folder.memory());
    for (String layer : template.layers()) {
      HardLinks.link(from.data(layer), to.data(layer));
      HardLinks.link(from.sums(layer), to.sums(layer));
    }
    VmSpec then = template.entry().spec();
    List<DiskSpec> disks =
        new DiskLayers(folder.path()).fork(new DiskLayers(source.path()), then.disks());
    VmSpec spec =
        then.withDisks(disks)
            .withNetwork(then.network(), List.of())
            .withMac(newMac())
            .as(name, disposable);
    DurableFiles.writeQuickly(folder.spec(), CheckedJson.write(SpecCodec.write(spec)));
    if (!disposable) {
      makeDurable(folder, disks);
    }
  }

  /** Any of four thousand million, so that a thousand copies have each its own. */
  private static String newMac() {
    byte[] random = new byte[4];
    new SecureRandom().nextBytes(random);
    return "52:54:" + HexFormat.ofDelimiter(":").formatHex(random);
  }

  /** Makes a stopped disposable VM one that stays. */
  public static VmSpec keep(MachineFolder folder, VmSpec spec) throws IOException {
    makeDurable(folder, spec.disks());
    VmSpec kept = spec.as(spec.name(), false);
    Library.rewrite(folder, kept);
    DurableFiles.sync(DurableFiles.parent(folder.path()));
    return kept;
  }

  /** The sealed layers are durable already; these are their names, and what is new. */
  private static void makeDurable(MachineFolder folder, List<DiskSpec> disks) throws IOException {
    DiskLayers layers = new DiskLayers(folder.path());
    for (DiskSpec disk : disks) {
      // A disk used in place was there before; and closing it would drop the lock of who runs on
      // it.
      if (!Disks.inPlace(disk)) {
        DurableFiles.sync(layers.file(disk));
      }
    }
    DurableFiles.sync(folder.spec());
    makeNamesDurable(folder);
  }

  /** Makes all that a VM's folder names durable, but not what the files hold. */
  public static void makeNamesDurable(MachineFolder folder) throws IOException {
    for (Path names : List.of(new DiskLayers(folder.path()).folder(), folder.memory())) {
      if (Files.isDirectory(names)) {
        DurableFiles.sync(names);
      }
    }
    DurableFiles.sync(folder.path());
  }
}
