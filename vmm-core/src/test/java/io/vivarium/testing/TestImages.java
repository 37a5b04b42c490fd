package io.vivarium.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import io.vivarium.images.recipe.DebianTiny;
import io.vivarium.images.store.ImageStore;
import io.vivarium.images.store.StoredImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * The image that tests boot, built once for all of them under {@code target/test-home} of the
 * project. In the lab it came along, ready and read-only.
 */
public final class TestImages {
  private TestImages() {}

  private static Path home() {
    return Path.of(System.getProperty("vivarium.project.root", ".."), "target", "test-home")
        .toAbsolutePath()
        .normalize();
  }

  /** {@code debian-tiny}; skips the test aloud where this host cannot build it. */
  public static StoredImage debianTiny() throws InterruptedException, ImageException {
    try {
      return new ImageStore(home()).ensure(new DebianTiny(), BuildProgress.NONE);
    } catch (ImageException e) {
      assumeTrue(e.kind() != ImageException.Kind.HOST, "skipped: " + e.getMessage());
      assumeTrue(e.kind() != ImageException.Kind.NOT_FOUND, "skipped: " + e.getMessage());
      throw e;
    }
  }

  /**
   * Puts the images into a test's own {@code VIVARIUM_HOME}, so that it builds none.
   *
   * @param own the folder; made when missing
   */
  public static void copyInto(Path own) throws IOException, InterruptedException, ImageException {
    debianTiny();
    Path images = home().resolve("images");
    try (Stream<Path> found = Files.walk(images)) {
      for (Path from : found.toList()) {
        Path to = own.resolve("images").resolve(images.relativize(from).toString());
        if (Files.isDirectory(from, LinkOption.NOFOLLOW_LINKS)) {
          Files.createDirectories(to);
        } else {
          Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }

  /** Builds the image, for a lab that is about to start. */
  public static void main(String[] args) throws InterruptedException {
    try {
      StoredImage image =
          new ImageStore(home())
              .ensure(new DebianTiny(), (step, fraction) -> System.err.println("lab: " + step));
      System.out.println(image.folder());
    } catch (ImageException e) {
      System.err.println("lab: " + String.join(" ", List.of(e.getMessage(), e.cure())));
      System.exit(1);
    }
  }
}
