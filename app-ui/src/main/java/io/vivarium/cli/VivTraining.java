package io.vivarium.cli;

import io.vivarium.client.TrainingImage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;

/**
 * What the build runs to make the command's AOT cache: the usual verbs, in a library with an image
 * that cannot boot.
 */
public final class VivTraining {
  private VivTraining() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    Path home = Files.createTempDirectory("viv-training");
    TrainingImage.make(home);
    PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
    Map<String, String> environment = Map.of("VIVARIUM_HOME", home.toString());
    String[][] lines = {
      {"--version"},
      {"help"},
      {"image", "ls"},
      {"create", "--name", "trained", "debian-tiny"},
      {"ps", "-a"},
      {"ps", "--json"},
      {"inspect", "trained"},
      {"snapshot", "ls", "trained"},
      {"logs", "trained"},
      {"stats"},
      {"doctor"},
      {"exec", "trained", "--", "true"},
      {"run", "--rm", "no-such-image", "--", "echo", "ok"},
      {"run", "--rm", "--cold", "--network", "none", "debian-tiny", "--", "echo", "ok"},
      {"start", "trained"},
      {"stop", "trained"},
      {"rm", "trained"},
      {"nonsense"}
    };
    for (String[] line : lines) {
      VivMain.run(new Session(environment, nowhere, nowhere), line);
    }
    try (var files = Files.walk(home)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
