package io.vivarium.library;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.BadImageException;
import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.RawDisk;
import io.vivarium.images.disk.qcow2.BackingFiles;
import io.vivarium.images.disk.qcow2.Qcow2Disk;
import io.vivarium.machine.HostDisks;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The user's own disk files, which VMs use in place. */
public final class AttachedDisk {
  private AttachedDisk() {}

  /**
   * Looks at a file that shall be attached, and says how large its disk is.
   *
   * @throws VivariumException with a sentence when it cannot be used as it is asked for
   */
  public static DiskSpec check(DiskSpec wanted) throws VivariumException {
    Path file = Path.of(wanted.file());
    if (!Files.exists(file)) {
      throw new VivariumException(
          Kind.NOT_FOUND,
          "there is no disk file '" + file + "'",
          "Check its path; a new disk is asked for by its size, as in --disk 20G.");
    }
    try (Disk disk = open(file, wanted)) {
      if (disk.size() == 0) {
        throw new VivariumException(Kind.BAD_FILE, "the disk file '" + file + "' is empty", "");
      }
      return wanted.withSize(disk.size());
    } catch (BadImageException e) {
      throw new VivariumException(
          Kind.BAD_FILE,
          "the disk file '"
              + file
              + "' will not do. "
              + String.valueOf(e.getMessage()).replaceFirst("[.]$", ""),
          "",
          e);
    } catch (AccessDeniedException e) {
      throw new VivariumException(
          Kind.HOST,
          "the disk file '" + file + "' may not be " + (wanted.readOnly() ? "read" : "written"),
          wanted.readOnly()
              ? "Change its permissions."
              : "Change its permissions, or attach it with ,readonly.",
          e);
    } catch (IOException e) {
      throw Failures.explain("the disk file '" + file + "' cannot be used", e);
    }
  }

  /** Opens a file that was looked at. */
  public static Disk open(DiskSpec wanted) throws IOException {
    return open(Path.of(wanted.file()), wanted);
  }

  private static Disk open(Path file, DiskSpec wanted) throws IOException {
    if (wanted.direct()) {
      return HostDisks.openDirect(file, wanted.readOnly());
    }
    return wanted.format().equals("raw")
        ? RawDisk.open(file, wanted.readOnly(), HolePunch.Factory.NONE)
        : Qcow2Disk.open(file, wanted.readOnly(), BackingFiles.none(), HolePunch.Factory.NONE);
  }
}
