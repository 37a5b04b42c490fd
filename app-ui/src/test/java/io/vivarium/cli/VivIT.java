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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The command, as a process, with real guests from one warm snapshot under the project's target.
 */
@Tag("kvm")
final class VivIT {
  private static Path home =
      Path.of(System.getProperty("vivarium.project.root", ".."), "target", "test-home")
          .toAbsolutePath()
          .normalize();
  private static final String VM = "viv-it";

  /** How a command ended; each byte of its output is a character of ISO 8859-1. */
  private record Ran(int status, String text, String err) {}

  private static Ran viv(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-XX:+UseSerialGC");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("io.vivarium.cli.VivMain");
    command.addAll(List.of(arguments));
    File err = File.createTempFile("viv", ".err");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(err);
    builder.environment().put("VIVARIUM_HOME", home.toString());
    Process process = builder.start();
    process.getOutputStream().close();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    process.getInputStream().transferTo(out);
    int status = process.waitFor();
    String said = Files.readString(err.toPath());
    Files.delete(err.toPath());
    return new Ran(status, out.toString(StandardCharsets.ISO_8859_1), said);
  }

  private static JsonObject inspect(String name) throws Exception {
    Ran ran = viv("inspect", name);
    assertThat(ran.status()).as(ran.err()).isZero();
    return Json.parse(ran.text());
  }

  @BeforeAll
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
    assertThat(ran.status()).as(ran.err()).isZero();
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

  @AfterEach
  void remove() throws Exception {
    viv("rm", "-f", VM);
    viv("rm", "-f", VM + "-2");
  }

  @Test
  void aCommandsOutputAndStatusComeThroughByteForByte() throws Exception {
    Ran ran = viv("run", "--rm", "debian-tiny", "--", "printf", "a\\r\\n\\001\\036\\377\\n");
    assertThat(ran.text()).isEqualTo("a\r\n\u0001\u001e\u00ff\n");
    assertThat(ran.err()).isEmpty();
    assertThat(ran.status()).isZero();
    assertThat(viv("run", "--rm", "debian-tiny", "--", "sh", "-c", "echo no >&2; exit 7"))
        .satisfies(
            failed -> {
              assertThat(failed.status()).isEqualTo(7);
              assertThat(failed.err()).isEqualTo("no\n");
              assertThat(failed.text()).isEmpty();
            });
    assertThat(viv("run", "--rm", "debian-tiny", "--", "no-such-program").status()).isEqualTo(127);
    assertThat(viv("ps", "-a", "-q").text()).isEmpty();
  }

  @Test
  void aSnapshotSurvivesTheEngineAndUndoesWhatCameAfterIt() throws Exception {
    assertThat(viv("run", "-d", "--name", VM, "debian-tiny").text()).isEqualTo(VM + "\n");
    viv("exec", VM, "--", "sh", "-c", "echo before >/root/note");
    assertThat(viv("snapshot", "take", VM, "s1", "--note", "good").status()).isZero();
    viv("exec", VM, "--", "sh", "-c", "echo after >/root/note");
    assertThat(viv("snapshot", "restore", VM, "s1").status()).isZero();
    assertThat(viv("exec", VM, "--", "cat", "/root/note").text()).isEqualTo("before\n");

    long pid = inspect(VM).number("enginePid", 1, Integer.MAX_VALUE);
    ProcessHandle engine = ProcessHandle.of(pid).orElseThrow();
    engine.destroyForcibly();
    engine.onExit().join();
    JsonObject crashed = inspect(VM);
    assertThat(crashed.string("state")).isEqualTo("CRASHED");
    assertThat(crashed.string("reason")).contains("died");
    assertThat(viv("exec", VM, "--", "true").status()).isEqualTo(125);

    assertThat(viv("snapshot", "restore", VM, "s1").status()).isZero();
    assertThat(viv("exec", VM, "--", "cat", "/root/note").text()).isEqualTo("before\n");
    assertThat(inspect(VM).number("enginePid", 1, Integer.MAX_VALUE)).isNotEqualTo(pid);

    assertThat(viv("rename", VM, VM + "-2").status()).isEqualTo(125);
    assertThat(viv("stop", VM).status()).isZero();
    assertThat(inspect(VM).string("state")).isEqualTo("STOPPED");
    assertThat(viv("rename", VM, VM + "-2").status()).isZero();
    assertThat(viv("snapshot", "ls", VM + "-2").text()).contains("s1").contains("good");
    assertThat(viv("start", VM + "-2").status()).isZero();
    assertThat(viv("logs", VM + "-2").text()).contains("# ");
  }

  @Test
  void whatCannotBeIsSaidInOneLine() throws Exception {
    assertThat(viv("run", "debian-tinny"))
        .satisfies(
            ran -> {
              assertThat(ran.status()).isEqualTo(125);
              assertThat(ran.err())
                  .isEqualTo(
                      "viv: there is no image 'debian-tinny'. Did you mean 'debian-tiny'?\n");
            });
    assertThat(viv("run", "--memory", "900T", "debian-tiny"))
        .satisfies(
            ran -> {
              assertThat(ran.status()).isEqualTo(2);
              assertThat(ran.err()).contains("more than this host has");
            });
    assertThat(viv("run", "--memory", "512", "debian-tiny").status()).isEqualTo(2);
    assertThat(viv("frobnicate").status()).isEqualTo(2);
    assertThat(viv("exec", "nobody", "--", "true", "--json").err()).startsWith("viv: there is no");
    assertThat(viv("inspect", "nobody", "--json").err()).contains("\"kind\":\"NOT_FOUND\"");
  }
}
