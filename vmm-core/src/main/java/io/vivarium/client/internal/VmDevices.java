package io.vivarium.client.internal;

import io.vivarium.client.Disks;
import io.vivarium.client.JsonObject;
import io.vivarium.client.Sizes;
import io.vivarium.client.SpecRules;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.client.VmSpec.PortSpec;
import io.vivarium.library.DiskLayers;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import io.vivarium.library.SnapshotStore;
import io.vivarium.library.SpecCodec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Changes of a VM's disks and published ports: in its files, or by its engine while it runs. */
public final class VmDevices {
  private final Library library;
  private final EngineVms engines;
  private final Snapshots snapshots;

  public VmDevices(Library library, EngineVms engines, Snapshots snapshots) {
    this.snapshots = snapshots;
    this.library = library;
    this.engines = engines;
  }

  public VmInfo attach(String name, DiskSpec wanted) throws VivariumException {
    refuse(SpecRules.disk(wanted));
    return library.whileStopped(
        name,
        "given a disk",
        (folder, spec) -> {
          if (spec.disks().size() >= SpecRules.MAX_DISKS) {
            refuse("VM '" + name + "' has " + SpecRules.MAX_DISKS + " disks, and takes no more");
          }
          List<DiskSpec> disks = new ArrayList<>(spec.disks());
          disks.add(Library.make(new DiskLayers(folder.path()), wanted));
          Library.rewrite(folder, spec.withDisks(disks));
          return library.info(folder);
        });
  }

  public VmInfo detach(String name, int place) throws VivariumException {
    return library.whileStopped(
        name,
        "relieved of a disk",
        (folder, spec) -> {
          disk(spec, place);
          if (place == 0 && spec.image() != null && new DiskLayers(folder.path()).hasImage()) {
            throw new VivariumException(
                Kind.USAGE,
                "VM '" + name + "' boots from its disk " + Disks.guestName(0),
                "Remove the whole VM instead: viv rm " + name);
          }
          List<DiskSpec> disks = new ArrayList<>(spec.disks());
          disks.remove(place);
          Library.rewrite(folder, spec.withDisks(disks));
          new SnapshotStore(library.home(), folder).pruneToTrash("disk");
          return library.info(folder);
        });
  }

  /** It cannot be made smaller again: what the VM is now is kept first, where that can be. */
  public VmInfo grow(String name, int place, long bytes) throws VivariumException {
    refuse(SpecRules.diskSize(bytes));
    MachineFolder folder = library.find(name);
    DiskSpec disk = disk(library.read(folder), place);
    if (disk.readOnly()) {
      refuse("disk " + Disks.guestName(place) + " of VM '" + name + "' is read-only");
    }
    if (bytes < disk.sizeBytes()) {
      refuse(
          "disk "
              + Disks.guestName(place)
              + " of VM '"
              + name
              + "' has "
              + Sizes.human(disk.sizeBytes())
              + ", and disks only grow");
    }
    if (bytes > disk.sizeBytes()) {
      snapshots.keepBefore(name, "grow");
    }
    if (engines.running(name)) {
      engines.call(name, "disk.grow", new JsonObject().put("place", place).put("sizeBytes", bytes));
      return library.info(folder);
    }
    return library.whileStopped(
        name,
        "given a larger disk",
        (machine, spec) -> {
          new DiskLayers(machine.path()).grow(disk(spec, place), bytes);
          Library.rewrite(machine, grown(spec, place, bytes));
          return library.info(machine);
        });
  }

  /** The same VM with a disk of another size. */
  private static VmSpec grown(VmSpec spec, int place, long bytes) {
    List<DiskSpec> disks = new ArrayList<>(spec.disks());
    disks.set(place, disks.get(place).withSize(bytes));
    return spec.withDisks(disks);
  }

  public VmInfo publish(String name, List<PortSpec> ports) throws VivariumException {
    MachineFolder folder = library.find(name);
    refuse(SpecRules.ports(ports, library.read(folder).network()));
    if (engines.running(name)) {
      engines.call(name, "network.publish", new JsonObject().put("ports", SpecCodec.ports(ports)));
      return library.info(folder);
    }
    return library.whileStopped(
        name,
        "given other ports",
        (machine, spec) -> {
          Library.rewrite(machine, spec.withNetwork(spec.network(), ports));
          return library.info(machine);
        });
  }

  private static DiskSpec disk(VmSpec spec, int place) throws VivariumException {
    if (place < 0 || place >= spec.disks().size()) {
      throw new VivariumException(
          Kind.NOT_FOUND,
          "VM '" + spec.name() + "' has no disk " + Disks.guestName(Math.max(0, place)),
          "'viv disk ls " + spec.name() + "' lists them.");
    }
    return spec.disks().get(place);
  }

  private static void refuse(@Nullable String wrong) throws VivariumException {
    if (wrong != null) {
      throw new VivariumException(Kind.USAGE, wrong, "");
    }
  }
}
