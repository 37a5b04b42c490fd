package io.vivarium.library;

import io.vivarium.client.Disks;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.RawDisk;
import io.vivarium.images.disk.qcow2.Qcow2;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The files of one VM's own disks: {@code machines/<name>/disks}. Each is a layer, on top of
 * another of the same folder or of none; what a spec names is the top of its disk. A layer that
 * something stands on is sealed: never written again. Layers that come from an image or a warm
 * snapshot are hard links, so that this folder is whole by itself and nothing is copied.
 */
public final class DiskLayers {
  static final String FOLDER = "disks";
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9.-]{0,99}");
  private static final String IMAGE = "image-";

  private final Path machine;
  private final Path folder;

  /** For a machine's folder, wherever it is. */
  public DiskLayers(Path machine) {
    this.machine = machine;
    this.folder = machine.resolve(FOLDER);
  }

  /** The folder, inside which all backing files lie. */
  public Path folder() {
    return folder;
  }

  /** The file of a disk. */
  public Path file(DiskSpec disk) throws IOException {
    if (Disks.inPlace(disk)) {
      return Path.of(disk.file());
    }
    Path file = machine.resolve(disk.file()).normalize();
    if (!folder.equals(file.getParent())
        || !NAME.matcher(String.valueOf(file.getFileName())).matches()) {
      throw new IOException("the disk file '" + disk.file() + "' is not in " + folder);
    }
    return file;
  }

  /** Makes an empty disk, durably. */
  public DiskSpec create(DiskSpec wanted) throws IOException {
    Files.createDirectories(folder);
    String name = newName(wanted.format());
    Path beside = DurableFiles.unfinished(folder);
    try {
      if (wanted.format().equals("raw")) {
        RawDisk.create(beside, wanted.sizeBytes());
      } else {
        Qcow2.create(beside, wanted.sizeBytes(), null, null);
      }
      DurableFiles.rename(beside, folder.resolve(name));
    } finally {
      Files.deleteIfExists(beside);
    }
    return new DiskSpec(FOLDER + "/" + name, wanted.format(), wanted.sizeBytes(), false);
  }

  /** Makes a new layer, durably, that reads as the disk does; the disk's file is sealed by it. */
  public DiskSpec overlay(DiskSpec base) throws IOException {
    Path file = file(base);
    String name = newName("qcow2");
    Path beside = DurableFiles.unfinished(folder);
    try {
      Qcow2.create(beside, base.sizeBytes(), String.valueOf(file.getFileName()), base.format());
      DurableFiles.rename(beside, folder.resolve(name));
    } finally {
      Files.deleteIfExists(beside);
    }
    return new DiskSpec(FOLDER + "/" + name, "qcow2", base.sizeBytes(), false);
  }

  /**
   * A disk on top of one of an image's.
   *
   * @param digest of the image, which tells its disks from those of an older one
   * @param place of the disk in the image
   */
  public DiskSpec onImage(String digest, int place, Path image, String format, long size)
      throws IOException {
    Files.createDirectories(folder);
    String hex = digest.substring(digest.indexOf(':') + 1);
    String name = IMAGE + hex.substring(0, Math.min(16, hex.length())) + "-" + place + "." + format;
    adopt(image, name);
    return overlay(new DiskSpec(FOLDER + "/" + name, format, size, false));
  }

  /** Whether disks of an image are here. */
  public boolean hasImage() {
    return names().stream().anyMatch(name -> name.startsWith(IMAGE));
  }

  /** Takes over all layers of another machine's folder, where nothing writes to them any more. */
  public void adoptAll(DiskLayers other) throws IOException {
    Files.createDirectories(folder);
    for (String name : other.names()) {
      adopt(other.folder.resolve(name), name);
    }
  }

  private void adopt(Path from, String name) throws IOException {
    HardLinks.link(from, folder.resolve(name));
    DurableFiles.sync(folder);
  }

  /** Removes layers that were made in vain. */
  public void discard(List<DiskSpec> layers) throws IOException {
    for (DiskSpec layer : layers) {
      if (!Disks.inPlace(layer)) {
        Files.deleteIfExists(file(layer));
      }
    }
  }

  /** Names of the files that a disk is made of, from the top. */
  private List<String> chain(DiskSpec disk) throws IOException {
    List<String> chain = new ArrayList<>();
    String name = String.valueOf(file(disk).getFileName());
    String format = disk.format();
    while (name != null) {
      if (chain.contains(name)) {
        throw new IOException("the disk file " + name + " stands on itself");
      }
      chain.add(name);
      name = format.equals("raw") ? null : base(name);
      format = name == null || name.endsWith(".raw") ? "raw" : "qcow2";
    }
    return chain;
  }

  private @Nullable String base(String name) throws IOException {
    String base = Qcow2.backingFile(folder.resolve(name));
    if (base != null && !NAME.matcher(base).matches()) {
      throw new IOException("the disk file " + name + " stands on one outside of " + folder);
    }
    return base;
  }

  /**
   * Removes the layers that none of these disks is made of. Not for a process that has one of them
   * open: reading a file's header would drop its lock (fcntl(2)).
   *
   * @param trash where they go; null: they are deleted
   */
  public void prune(List<DiskSpec> roots, @Nullable Path trash) throws IOException {
    Set<String> used = new HashSet<>();
    for (DiskSpec root : roots) {
      if (!Disks.inPlace(root)) {
        used.addAll(chain(root));
      }
    }
    for (String name : names()) {
      if (!used.contains(name)) {
        if (trash == null || name.startsWith(IMAGE)) {
          Files.deleteIfExists(folder.resolve(name));
        } else {
          Files.createDirectories(trash);
          DurableFiles.rename(folder.resolve(name), trash.resolve(name));
        }
      }
    }
  }

  /** All finished layers. */
  private List<String> names() {
    List<String> names = new ArrayList<>();
    try (var files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        if (NAME.matcher(name).matches()) {
          names.add(name);
        }
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      return List.of();
    }
    return names;
  }

  private static String newName(String format) {
    return UUID.randomUUID().toString().replace("-", "").substring(0, 12) + "." + format;
  }
}
