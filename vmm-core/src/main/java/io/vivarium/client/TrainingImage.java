package io.vivarium.client;

import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import io.vivarium.images.recipe.DebianTiny;
import io.vivarium.images.store.ImageStore;
import io.vivarium.images.store.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * An image that looks like {@code debian-tiny} and cannot boot, for the runs that make AOT caches:
 * what reads images is trained without a download.
 */
public final class TrainingImage {
  private TrainingImage() {}

  /** Puts it into the library in {@code home}. */
  public static void make(Path home) throws IOException, InterruptedException {
    try {
      new ImageStore(home).build(new Fake(), BuildProgress.NONE);
    } catch (ImageException e) {
      throw new IOException(e);
    }
  }

  private static final class Fake implements Recipe {
    private final DebianTiny real = new DebianTiny();

    @Override
    public String name() {
      return real.name();
    }

    @Override
    public String description() {
      return real.description();
    }

    @Override
    public String fingerprint() {
      return real.fingerprint();
    }

    @Override
    public Built build(Path folder, Path cache, BuildProgress progress) throws IOException {
      Files.writeString(folder.resolve("vmlinuz"), "no kernel");
      return new Built("vmlinuz", null, "", List.of(), 1, List.of());
    }
  }
}
