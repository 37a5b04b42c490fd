package io.vivarium.images.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an image is made of; kept as {@code manifest.json} in the image's folder, and the sha256 of
 * that file is the image's digest.
 *
 * @param version of this record: 1
 * @param name as in {@code viv run NAME}
 * @param description one sentence for lists
 * @param recipe fingerprint of the recipe that built it; another one means that the image is stale
 * @param kernel name of the kernel's file in the image's folder
 * @param initrd name of the initial RAM file system's file, or null
 * @param cmdline kernel command line
 * @param disks the image's own disks, in order (vda, vdb...)
 * @param agentProtocol version of the agent protocol that the guest speaks, 0 for none
 * @param packages what it was made of
 * @param files every file of the image but the manifest
 * @param created when it was built
 */
public record ImageManifest(
    int version,
    String name,
    String description,
    String recipe,
    String kernel,
    @Nullable String initrd,
    String cmdline,
    List<ImageDisk> disks,
    int agentProtocol,
    List<SourcePackage> packages,
    List<ImageFile> files,
    Instant created) {

  /** The version that this code writes. */
  public static final int VERSION = 1;

  public ImageManifest {
    disks = List.copyOf(disks);
    packages = List.copyOf(packages);
    files = List.copyOf(files);
  }

  /** A disk that comes with the image: its file's name, its format (raw, qcow2), bytes. */
  public record ImageDisk(String file, String format, long sizeBytes) {}

  /** A package that went in: its version and the sha256 (hex) of its file. */
  public record SourcePackage(String name, String version, String sha256) {}

  /** A file of the image: bytes and sha256 (hex). */
  public record ImageFile(String name, long sizeBytes, String sha256) {}

  /** Whether another differs at most in the time of its making. */
  public boolean sameContents(ImageManifest other) {
    return equals(
        new ImageManifest(
            other.version,
            other.name,
            other.description,
            other.recipe,
            other.kernel,
            other.initrd,
            other.cmdline,
            other.disks,
            other.agentProtocol,
            other.packages,
            other.files,
            created));
  }

  /** The file of that name, if the image has it. */
  public Optional<ImageFile> file(String fileName) {
    return files.stream().filter(f -> f.name().equals(fileName)).findFirst();
  }
}
