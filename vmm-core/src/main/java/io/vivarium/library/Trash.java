package io.vivarium.library;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/** Where deleted things wait: {@code trash/<epoch second>-<random>-<name>}, for a week. */
final class Trash {
  private static final Duration KEPT = Duration.ofDays(7);

  private Trash() {}

  /** Where it lies now. */
  static Path put(Home home, Path what, String name) throws IOException {
    Files.createDirectories(home.trash());
    Path there = place(home, name);
    DurableFiles.rename(what, there);
    return there;
  }

  /** A name in the trash that is free. */
  static Path place(Home home, String name) {
    String random = UUID.randomUUID().toString().substring(0, 8);
    return home.trash().resolve(Instant.now().getEpochSecond() + "-" + random + "-" + name);
  }

  static void sweep(Home home) {
    long before = Instant.now().minus(KEPT).getEpochSecond();
    try (var entries = Files.newDirectoryStream(home.trash())) {
      for (Path entry : entries) {
        String second = String.valueOf(entry.getFileName()).split("-", 2)[0];
        if (second.matches("\\d{1,18}") && Long.parseLong(second) < before) {
          DurableFiles.deleteTree(entry);
        }
      }
    } catch (IOException e) {
      // It stays until the next sweep.
    }
  }
}
