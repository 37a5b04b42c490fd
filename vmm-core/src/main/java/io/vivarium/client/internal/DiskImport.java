package io.vivarium.client.internal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.vivarium.client.Disks;
import io.vivarium.client.Progress;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.BadImageException;
import io.vivarium.images.disk.Disk;
import io.vivarium.library.AttachedDisk;
import io.vivarium.library.DiskLayers;
import io.vivarium.library.Failures;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Copies a disk file of the user's into a new VM. */
public final class DiskImport {
  private static final int HEAD = 4096;

  /** What other formats begin with, by their names; see {@link Disks#foreign}. */
  private static final Map<String, String> MAGICS =
      Map.of(
          "KDMV", "vmdk",
          "# Disk DescriptorFile", "vmdk",
          "<<< Oracle", "vdi",
          "vhdxfile", "vhdx",
          "conectix", "vhd");

  private static final String QCOW2 = "QFI\u00fb";

  private DiskImport() {}

  /**
   * Makes a disk with the contents of a file, durably.
   *
   * @throws VivariumException with a sentence that names the file
   */
  public static DiskSpec copy(DiskSpec source, DiskLayers layers, Progress progress)
      throws VivariumException {
    if (!Disks.inPlace(source)) {
      throw new VivariumException(
          Kind.USAGE, "a disk file is needed to import", "As in viv import data.qcow2.");
    }
    Path file = Path.of(source.file());
    DiskSpec readOnly = new DiskSpec(source.file(), source.format(), 0, true);
    refuseOthers(file, source.format());
    AttachedDisk.check(readOnly);
    String step = "copying " + file.getFileName();
    try (Disk from = AttachedDisk.open(readOnly)) {
      DiskSpec made =
          layers.copy(
              from,
              part -> {
                progress.update(step, part);
                return !progress.cancelled();
              });
      if (made == null) {
        throw new VivariumException(Kind.CANCELLED, "importing was called off", "");
      }
      return made;
    } catch (BadImageException e) {
      throw new VivariumException(
          Kind.BAD_FILE, "the disk file '" + file + "' is damaged: " + e.getMessage(), "", e);
    } catch (IOException e) {
      throw Failures.explain("cannot copy the disk file '" + file + "'", e);
    }
  }

  /** A raw disk may hold anything, but what begins as another format's file is hardly one. */
  private static void refuseOthers(Path file, String format) throws VivariumException {
    if (!format.equals("raw") || !Files.isRegularFile(file)) {
      return;
    }
    String head;
    try (InputStream in = Files.newInputStream(file)) {
      head = new String(in.readNBytes(HEAD), ISO_8859_1);
    } catch (IOException e) {
      throw Failures.explain("cannot read the disk file '" + file + "'", e);
    }
    for (Map.Entry<String, String> magic : MAGICS.entrySet()) {
      if (head.startsWith(magic.getKey())) {
        throw Disks.foreign(file, magic.getValue());
      }
    }
    if (head.startsWith(QCOW2)) {
      throw new VivariumException(
          Kind.BAD_FILE,
          "the disk file '" + file + "' is a qcow2 image, whatever its name says",
          "Import it as one: " + file + ",format=qcow2");
    }
  }
}
