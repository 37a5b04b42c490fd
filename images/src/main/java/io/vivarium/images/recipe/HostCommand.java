package io.vivarium.images.recipe;

import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Runs one of the host's programs in the C locale; its lines go to the progress. */
final class HostCommand {
  private static final long POLL_MILLIS = 100;
  private static final long PATIENCE_SECONDS = 5;

  /** Apt's errors and warnings, which name the reason, and most other programs'. */
  private static final List<Pattern> COMPLAINTS =
      Stream.of("E: ", "[a-z0-9-]+: (error|cannot)", "W: ", "Err:")
          .map(kind -> Pattern.compile(kind, Pattern.CASE_INSENSITIVE))
          .toList();

  private HostCommand() {}

  /** What a program left: its exit status, and its lines with standard error among them. */
  record Result(int status, List<String> lines) {
    boolean ok() {
      return status == 0;
    }

    /** What it complained of: the first line of the gravest kind, else the last of all. */
    String complaint() {
      for (Pattern kind : COMPLAINTS) {
        for (String line : lines) {
          if (kind.matcher(line).lookingAt()) {
            return line;
          }
        }
      }
      return lines.isEmpty() ? "it said nothing" : lines.getLast();
    }
  }

  /** Whether a program of that name can be run. */
  static boolean exists(String program) {
    String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin";
    for (String folder : path.split(":")) {
      if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, program))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Runs it to its end, or ends it when the build is called off.
   *
   * @param chatty whether its lines go to {@link BuildProgress#line}
   */
  static Result run(Path folder, List<String> command, BuildProgress progress, boolean chatty)
      throws IOException, InterruptedException, ImageException {
    if (progress.cancelled()) {
      throw ImageException.cancelled("Running " + command.get(0));
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder
        .environment()
        .merge(
            "PATH", "/usr/sbin:/sbin", (path, more) -> path.isEmpty() ? more : path + ":" + more);
    Process process = builder.start();
    process.getOutputStream().close();
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    Thread reader = Thread.ofVirtual().start(() -> readLines(process, lines, progress, chatty));
    try {
      while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        if (progress.cancelled()) {
          throw ImageException.cancelled("Running " + command.get(0));
        }
      }
      reader.join();
      return new Result(process.exitValue(), List.copyOf(lines));
    } finally {
      end(process);
    }
  }

  /** Returns when it is gone, so that nothing of it is at work in folders that are removed next. */
  private static void end(Process process) throws InterruptedException {
    List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
    all.add(process.toHandle());
    all.forEach(ProcessHandle::destroy);
    for (ProcessHandle one : all) {
      try {
        one.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      } catch (ExecutionException | TimeoutException e) {
        one.destroyForcibly();
      }
    }
  }

  private static void readLines(
      Process process, List<String> lines, BuildProgress progress, boolean chatty) {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line; (line = in.readLine()) != null; ) {
        lines.add(line);
        if (chatty) {
          progress.line(line);
        }
      }
    } catch (IOException e) {
      lines.add("(its output broke off: " + e.getMessage() + ")");
    }
  }
}
