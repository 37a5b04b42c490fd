package io.vivarium.images.store;

import java.nio.file.Path;
import java.util.Optional;

/**
 * An image in the store. Its files never change; the folder goes away only by {@link
 * ImageStore#remove} of its last name.
 *
 * @param name the name it was looked up by
 * @param digest {@code sha256:...} of its manifest
 * @param folder where its files are
 */
public record StoredImage(String name, String digest, Path folder, ImageManifest manifest) {
  public Path kernel() {
    return folder.resolve(manifest.kernel());
  }

  public Optional<Path> initrd() {
    return Optional.ofNullable(manifest.initrd()).map(folder::resolve);
  }

  /** The file of one of the image's disks; never to be written. */
  public Path disk(ImageManifest.ImageDisk disk) {
    return folder.resolve(disk.file());
  }

  /** Bytes of all files. */
  public long sizeBytes() {
    return manifest.files().stream().mapToLong(ImageManifest.ImageFile::sizeBytes).sum();
  }
}
