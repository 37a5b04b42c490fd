package io.vivarium.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The user's terminal, by way of stty(1): the command makes no native calls. */
final class Terminal {
  private static final File TTY = new File("/dev/tty");

  /** Rows and columns. */
  record Size(int rows, int columns) {}

  private Terminal() {}

  /** Whether a file descriptor of this process is a terminal. */
  static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/") || target.matches("/dev/(tty|console).*");
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Lets every key through, until the returned action runs; it also runs when the process ends.
   * Null when there is no terminal to change.
   */
  static @Nullable Runnable raw() {
    String before = stty("-g");
    if (before == null || stty("raw", "-echo") == null) {
      return null;
    }
    Runnable restore = () -> stty(before);
    Thread hook = new Thread(restore, "terminal-restore");
    Runtime.getRuntime().addShutdownHook(hook);
    return () -> {
      restore.run();
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The process is ending; the hook has run or will.
      }
    };
  }

  static @Nullable Size size() {
    String size = stty("size");
    if (size == null || !size.matches("\\d{1,5} \\d{1,5}")) {
      return null;
    }
    String[] parts = size.split(" ");
    int rows = Integer.parseInt(parts[0]);
    int columns = Integer.parseInt(parts[1]);
    return rows == 0 || columns == 0 ? null : new Size(rows, columns);
  }

  private static @Nullable String stty(String... arguments) {
    List<String> command = new ArrayList<>(List.of("stty"));
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectInput(TTY)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
      return process.waitFor(5, TimeUnit.SECONDS) && process.exitValue() == 0 ? output : null;
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }
}
