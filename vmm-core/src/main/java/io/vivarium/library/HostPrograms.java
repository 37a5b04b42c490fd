package io.vivarium.library;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Programs of the host that are used where they are there. */
public final class HostPrograms {
  private HostPrograms() {}

  /** passt, the other end of the network "user"; or null. */
  public static @Nullable Path passt() {
    return find("passt");
  }

  private static @Nullable Path find(String program) {
    String path = System.getenv().getOrDefault("PATH", "") + ":/usr/bin:/usr/local/bin";
    for (String folder : path.split(":")) {
      Path file = folder.startsWith("/") ? Path.of(folder, program) : null;
      if (file != null && Files.isExecutable(file)) {
        return file;
      }
    }
    return null;
  }
}
