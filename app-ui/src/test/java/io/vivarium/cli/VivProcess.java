package io.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.client.Json;
import io.vivarium.client.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The command as processes, in a home with an image that is warm; the tests' classes share it. */
final class VivProcess {
  private static Path home =
      Path.of(System.getProperty("vivarium.project.root", ".."), "target", "test-home")
          .toAbsolutePath()
          .normalize();

  private VivProcess() {}

  /** How a command ended; each byte of its output is a character of ISO 8859-1. */
  record Ran(int status, String text, String err) {
    Ran mustWork() {
      assertThat(status).as(err).isZero();
      return this;
    }
  }

  static Path home() {
    return home;
  }

  /** A VM's folder. */
  static Path folder(String name) {
    return home.resolve("machines").resolve(name);
  }

  /** The words that start the command: its launcher, where the system property names one. */
  static List<String> words(String... arguments) {
    List<String> command = new ArrayList<>();
    String launcher = System.getProperty("vivarium.viv");
    if (launcher != null) {
      command.add(launcher);
      command.addAll(List.of(arguments));
      return command;
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-XX:+UseSerialGC");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("io.vivarium.cli.VivMain");
    command.addAll(List.of(arguments));
    return command;
  }

  /** The same for a shell. */
  static String line(String... arguments) {
    StringBuilder line = new StringBuilder();
    for (String word : words(arguments)) {
      line.append('\'').append(word.replace("'", "'\\''")).append("' ");
    }
    return line.toString();
  }

  static Ran viv(String... arguments) throws IOException, InterruptedException {
    return vivWith(new byte[0], arguments);
  }

  /** With bytes on its standard input, and then the end. */
  static Ran vivWith(byte[] input, String... arguments) throws IOException, InterruptedException {
    return run(input, words(arguments));
  }

  /** A command of any kind. */
  static Ran run(byte[] input, List<String> command) throws IOException, InterruptedException {
    File err = File.createTempFile("viv", ".err");
    Process process = start(command, err);
    Thread feeder =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try (var to = process.getOutputStream()) {
                    to.write(input);
                  } catch (IOException e) {
                    // The command read no more.
                  }
                });
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    process.getInputStream().transferTo(out);
    int status = process.waitFor();
    feeder.join();
    String said = Files.readString(err.toPath());
    Files.delete(err.toPath());
    return new Ran(status, out.toString(StandardCharsets.ISO_8859_1), said);
  }

  static Process start(List<String> command, File err) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(err);
    builder.environment().put("VIVARIUM_HOME", home.toString());
    return builder.start();
  }

  static JsonObject inspect(String name) throws Exception {
    return Json.parse(viv("inspect", name).mustWork().text());
  }

  static ProcessHandle engine(String name) throws Exception {
    long pid = inspect(name).number("enginePid", 1, Integer.MAX_VALUE);
    return ProcessHandle.of(pid).orElseThrow();
  }

  /** Kills an engine, and returns when it is gone. */
  static void kill(ProcessHandle engine) {
    engine.destroyForcibly();
    engine.onExit().join();
  }

  /** Has the image, and it is warm; skips aloud where that cannot be. */
  static void warm() throws Exception {
    assumeTrue(
        Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")),
        "skipped: this host has no /dev/kvm that this user may use");
    if (Files.isDirectory(home) && !Files.isWritable(home)) {
      home = copy(home);
    }
    // The first run builds the image and boots it once; where that cannot be, say why.
    Ran ran = viv("run", "--rm", "debian-tiny", "--", "true");
    assumeTrue(ran.status() == 0 || !ran.err().contains("package"), "skipped: " + ran.err());
    ran.mustWork();
  }

  /** In the lab the images came along read-only, and belong to somebody else. */
  private static Path copy(Path from) throws IOException {
    Path to = Files.createTempDirectory("viv-it");
    try (Stream<Path> found = Files.walk(from.resolve("images"))) {
      for (Path file : found.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
    return to;
  }
}
