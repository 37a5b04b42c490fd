package io.vivarium.library;

import java.nio.file.Path;
import java.util.Map;

/**
 * The folder in which all is kept.
 *
 * @param root {@code VIVARIUM_HOME}, or {@code $XDG_DATA_HOME/vivarium}, or {@code
 *     ~/.local/share/vivarium}
 */
public record Home(Path root) {
  public Home {
    root = root.toAbsolutePath().normalize();
  }

  /** Where the environment says. */
  public static Home of(Map<String, String> environment) {
    String own = environment.getOrDefault("VIVARIUM_HOME", "");
    if (!own.isEmpty()) {
      return new Home(Path.of(own));
    }
    String data = environment.getOrDefault("XDG_DATA_HOME", "");
    Path base =
        data.startsWith("/")
            ? Path.of(data)
            : Path.of(System.getProperty("user.home", "/"), ".local", "share");
    return new Home(base.resolve("vivarium"));
  }

  public Path machines() {
    return root.resolve("machines");
  }

  public Path images() {
    return root.resolve("images");
  }

  /** Warm snapshots of images, by digest and shape. */
  public Path warm() {
    return root.resolve("warm");
  }

  public Path trash() {
    return root.resolve("trash");
  }
}
