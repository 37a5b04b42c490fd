package io.vivarium.client.internal;

import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.Progress;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.engine.protocol.RpcErrors;
import io.vivarium.library.Failures;
import io.vivarium.library.Home;
import io.vivarium.library.MachineFolder;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Starts engines: a Java of their own, in a session of their own, so that they outlive whoever
 * started them. The engine's first lines on its standard output say how the start went; after the
 * last of them it closes that pipe, and nothing ties the two any more.
 */
final class EngineLauncher {
  private static final List<String> JVM =
      List.of(
          "-Xss512k",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:-UsePerfData",
          "-XX:+ExitOnOutOfMemoryError",
          "-Xlog:disable",
          "-Xlog:all=error:stderr",
          "--enable-native-access=ALL-UNNAMED");

  /** MiB of heap for all but a save, which notes some bytes for each page of the guest. */
  private static final long HEAP = 48;

  private static final long GUEST_FOR_A_MIB_OF_HEAP = 100L << 20;

  /** MiB that it may grow by for forks: some hundred KiB for each of a thousand. */
  private static final long FORKS_HEAP = 768;

  private final Home home;

  EngineLauncher(Home home) {
    this.home = home;
  }

  /** An engine that is coming up. */
  static final class Start implements AutoCloseable {
    private final MachineFolder folder;
    private final Process process;

    private Start(MachineFolder folder, Process process) {
      this.folder = folder;
      this.process = process;
    }

    long pid() {
      return process.pid();
    }

    /** Returns when the engine says that its vCPUs run; throws what it says instead. */
    JsonObject await(Progress progress) throws VivariumException {
      try (BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        String line = lines.readLine();
        String said = "";
        while (line != null) {
          if (line.startsWith("{")) {
            JsonObject message = Json.parse(line);
            JsonObject error = message.optObject("error");
            if (error != null) {
              throw RpcErrors.read(error);
            }
            if (message.bool("ready")) {
              return message;
            }
            String step = message.optString("step");
            if (step != null) {
              progress.update(step, message.fraction("fraction"));
            }
          } else {
            // The JVM itself complains on standard output.
            said = line;
          }
          line = lines.readLine();
        }
        throw died(said, null);
      } catch (IOException | JsonException e) {
        throw died("", e);
      }
    }

    private VivariumException died(String words, @Nullable Exception cause) {
      String said = words.isEmpty() ? lastLine(folder.engineLog()) : words;
      String what =
          "the engine of VM '"
              + folder.name()
              + "' did not come up"
              + (said.isEmpty() ? "" : ": " + said);
      String cure = "See " + folder.engineLog() + ", and run 'viv doctor'.";
      return cause == null
          ? new VivariumException(Kind.INTERNAL, what, cure)
          : new VivariumException(Kind.INTERNAL, what, cure, cause);
    }

    /** Ends the engine, when whoever started it gives up. */
    void kill() {
      process.destroyForcibly();
    }

    @Override
    public void close() {
      try {
        process.getInputStream().close();
      } catch (IOException e) {
        // The pipe is of no more use.
      }
    }
  }

  /**
   * Starts an engine on a machine's folder.
   *
   * @param memoryBytes of the guest
   * @param arguments those of EngineMain
   */
  Start start(MachineFolder folder, long memoryBytes, List<String> arguments)
      throws VivariumException {
    List<String> command = new ArrayList<>();
    if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
      command.add("/usr/bin/setsid");
    }
    command.add(Path.of(System.getProperty("java.home", ""), "bin", "java").toString());
    long heap = HEAP + memoryBytes / GUEST_FOR_A_MIB_OF_HEAP;
    command.add("-Xms" + heap + "m");
    command.add("-Xmx" + (heap + FORKS_HEAP) + "m");
    command.addAll(JVM);
    String cache = System.getProperty("vivarium.engine.aot", "");
    if (!cache.isEmpty() && Files.isReadable(Path.of(cache))) {
      command.add("-XX:AOTCache=" + cache);
    }
    String jna = System.getProperty("jna.boot.library.path", "");
    if (!jna.isEmpty()) {
      command.add("-Djna.boot.library.path=" + jna);
    }
    command.add("-cp");
    command.add(
        System.getProperty("vivarium.engine.classpath", System.getProperty("java.class.path", "")));
    command.add(System.getProperty("vivarium.engine.main", "io.vivarium.engine.EngineMain"));
    command.add("--home");
    command.add(home.root().toString());
    command.add("--folder");
    command.add(folder.path().toString());
    command.addAll(arguments);
    try {
      Files.createDirectories(folder.run());
      File log = folder.engineLog().toFile();
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.directory(new File("/"));
      builder.redirectInput(new File("/dev/null"));
      builder.redirectError(ProcessBuilder.Redirect.appendTo(log));
      return new Start(folder, builder.start());
    } catch (IOException e) {
      throw Failures.explain("cannot start the engine of VM '" + folder.name() + "'", e);
    }
  }

  /** The last line of the engine's log that says something, for a message. */
  static String lastLine(Path log) {
    try {
      return Files.readAllLines(log, StandardCharsets.ISO_8859_1).reversed().stream()
          .filter(line -> !line.isBlank() && !Character.isWhitespace(line.charAt(0)))
          .findFirst()
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }
}
