package io.vivarium.client.internal;

import io.vivarium.client.Disks;
import io.vivarium.client.Progress;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.BadImageException;
import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.RawExport;
import io.vivarium.images.disk.qcow2.Qcow2Export;
import io.vivarium.library.DiskLayers;
import io.vivarium.library.EngineLock;
import io.vivarium.library.Failures;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import io.vivarium.library.SnapshotStore;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.DoublePredicate;
import org.jspecify.annotations.Nullable;

/**
 * Disks of VMs and snapshots as plain images; what is read is sealed, so a VM may run meanwhile.
 */
public final class DiskExports {
  private final Library library;

  public DiskExports(Library library) {
    this.library = library;
  }

  /**
   * Writes a disk.
   *
   * @param snapshot id or name; null: the disk of a VM that does not run
   */
  public void export(
      String name,
      @Nullable String snapshot,
      int place,
      String format,
      OutputStream target,
      Progress progress)
      throws VivariumException {
    if (!format.equals("raw") && !format.equals("qcow2")) {
      throw new VivariumException(
          Kind.USAGE, "'" + format + "' is no format to export to", "There are raw and qcow2.");
    }
    MachineFolder folder = library.find(name);
    String whose = snapshot == null ? "VM '" + name + "'" : "the snapshot '" + snapshot + "'";
    VmSpec spec = snapshot == null ? stopped(folder) : ofSnapshot(folder, snapshot);
    int disks = spec.disks().size();
    if (place < 0 || place >= disks) {
      throw new VivariumException(
          Kind.NOT_FOUND,
          whose + " has no disk " + Disks.guestName(Math.max(0, place)),
          disks == 0
              ? "It has no disks."
              : "It has " + Disks.guestName(0) + " to " + Disks.guestName(disks - 1) + ".");
    }
    String what = "cannot export disk " + Disks.guestName(place) + " of " + whose;
    DiskSpec disk = spec.disks().get(place);
    DoublePredicate goOn =
        part -> {
          progress.update("exporting " + Disks.guestName(place), part);
          return !progress.cancelled();
        };
    try (Disk open = new DiskLayers(folder.path()).openSealed(disk)) {
      boolean all =
          format.equals("raw")
              ? RawExport.write(open, target, goOn)
              : Qcow2Export.write(open, target, goOn);
      if (!all) {
        throw new VivariumException(Kind.CANCELLED, "exporting was called off", "");
      }
    } catch (BadImageException e) {
      throw new VivariumException(Kind.BAD_FILE, what + ": " + e.getMessage(), "", e);
    } catch (IOException e) {
      throw Failures.explain(what, e);
    }
  }

  private VmSpec stopped(MachineFolder folder) throws VivariumException {
    if (EngineLock.held(folder.lock())) {
      throw new VivariumException(
          Kind.WRONG_STATE,
          "VM '" + folder.name() + "' is running, and its disks change",
          "Take a snapshot and export that: viv snapshot take " + folder.name());
    }
    return library.read(folder);
  }

  private VmSpec ofSnapshot(MachineFolder folder, String snapshot) throws VivariumException {
    return new SnapshotStore(library.home(), folder).findWhole(snapshot).spec();
  }
}
