package io.vivarium.images.store;

import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes the files of one image. The store decides where they go and when they count. */
public interface Recipe {
  /** The name of the image that it builds. */
  String name();

  /** One sentence for lists. */
  String description();

  /** Changes whenever the recipe would build something else from the same packages. */
  String fingerprint();

  /**
   * Builds into an empty folder. What it leaves there is thrown away when it fails.
   *
   * @param folder where the image's files go, and nothing else
   * @param cache a folder that outlives the build, for downloads; several builds take turns
   */
  Built build(Path folder, Path cache, BuildProgress progress)
      throws ImageException, IOException, InterruptedException;

  /**
   * What was built, in the words of {@link ImageManifest}.
   *
   * @param kernel name of the kernel's file in the folder
   * @param initrd likewise, or null
   */
  record Built(
      String kernel,
      @Nullable String initrd,
      String cmdline,
      List<ImageManifest.ImageDisk> disks,
      int agentProtocol,
      List<ImageManifest.SourcePackage> packages) {}
}
