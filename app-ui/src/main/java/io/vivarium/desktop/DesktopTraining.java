package io.vivarium.desktop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * What the build runs to make the desktop's AOT cache: the first window, on JavaFX's headless
 * platform since where the cache is made there is no display; and before it the classes that the
 * window of a display needs instead, only loaded.
 */
public final class DesktopTraining {
  private DesktopTraining() {}

  public static void main(String[] args) throws IOException {
    try (BufferedReader names =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(
                    DesktopTraining.class.getResourceAsStream("training-classes.txt")),
                StandardCharsets.UTF_8))) {
      names.lines().filter(line -> !line.startsWith("#")).forEach(DesktopTraining::load);
    }
    DesktopMain.main(args);
  }

  private static void load(String name) {
    try {
      Class.forName(name, false, DesktopTraining.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      // Another JavaFX: the cache only holds less.
    }
  }
}
