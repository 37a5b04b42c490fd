package io.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.TrainingImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a user sees when something is wrong: a sentence that names it, and the cure. The list is
 * kept in {@code src/docs/faults.md}; {@code -Dvivarium.faults.write=true} writes it anew.
 */
final class FaultsTest {
  private static final Path LIST = Path.of("src", "docs", "faults.md");
  private static final int EXIT_USAGE = 2;
  private static final int EXIT_FAILED = 125;

  private record Fault(String what, String line, String said) {}

  @TempDir Path folder;
  private Path home;
  private final List<Fault> faults = new ArrayList<>();

  @BeforeEach
  void library() throws Exception {
    home = folder.resolve("library");
    TrainingImage.make(home);
    works("create", "--name", "web", "--disk", "64M", "--network", "none", "debian-tiny");
    works("create", "--name", "db", "--network", "none", "debian-tiny");
    works("snapshot", "take", "web", "base");
  }

  private int viv(OutputStream err, String... words) {
    return VivMain.run(
        new Session(
            Map.of("VIVARIUM_HOME", home.toString()),
            new PrintStream(OutputStream.nullOutputStream()),
            new PrintStream(err, true, StandardCharsets.UTF_8)),
        words);
  }

  private void works(String... words) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    assertThat(viv(err, words)).as(err.toString(StandardCharsets.UTF_8)).isZero();
  }

  /** A command that fails, and what its user reads. */
  private void fault(String what, String... words) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status = viv(err, words);
    String all = err.toString(StandardCharsets.UTF_8);
    String said = plain(all.substring(Math.max(0, all.lastIndexOf("viv: ")))); // after its progress
    assertThat(status).as(what + ": " + said).isIn(EXIT_USAGE, EXIT_FAILED);
    assertThat(said)
        .as(what)
        .startsWith("viv: ")
        .hasSizeGreaterThan(20)
        .doesNotContain("Exception", "null");
    faults.add(new Fault(what, plain("viv " + String.join(" ", words)), said));
  }

  /** Without what differs from host to host. */
  private String plain(String text) {
    return text.strip()
        .replace(home.toString(), "~/.local/share/vivarium")
        .replace(folder.toString(), "/tmp")
        .replaceAll("more than this host has \\([^)]*\\)", "more than this host has (24 GiB)")
        .replaceAll("this host takes 1 to \\d+", "this host takes 1 to 4")
        .replaceAll("port \\d{5}", "port 8080")
        .replaceAll("\\d{5}:80\\b", "8080:80")
        .replaceAll("\\s+", " ");
  }

  private static void overwrite(Path file, long at, int... bytes) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(at);
      for (int one : bytes) {
        open.write(one);
      }
    }
  }

  private Path disk(String name) {
    Path file = folder.resolve(name);
    works("snapshot", "export", "web", "base", "--format", "qcow2", "-o", file.toString());
    return file;
  }

  @Test
  void eachFaultHasASentenceAndACure() throws Exception {
    fault("a verb that is not there", "snapshto", "ls", "web");
    fault("an option that is not there", "run", "--memroy", "1G", "debian-tiny");
    fault("an option without its value", "create", "debian-tiny", "--memory");
    fault("an unknown image", "create", "ubuntu");
    fault("an unknown VM, nearly known", "start", "wbe");
    fault("a name that is taken", "create", "--name", "web", "debian-tiny");
    fault("a name that cannot be", "create", "--name", "My VM", "debian-tiny");
    fault("a size without a unit", "create", "--memory", "512", "debian-tiny");
    fault("more memory than the host has", "create", "--memory", "64T", "debian-tiny");
    fault("too little memory", "create", "--memory", "1M", "debian-tiny");
    fault("no CPUs", "create", "--cpus", "0", "debian-tiny");
    fault("a kernel that is not there", "create", "--kernel", "/tmp/no-kernel");
    fault("a folder for a kernel", "create", "--kernel", folder.toString());
    fault("an unknown network", "create", "--network", "wifi", "debian-tiny");
    fault("a port that is none", "create", "-p", "80:http", "debian-tiny");
    fault(
        "a port published without a network",
        "create",
        "-p",
        "8080:80",
        "--network",
        "none",
        "debian-tiny");
    fault(
        "a disk's file that is not there", "create", "--disk", "/tmp/no-disk.qcow2", "debian-tiny");

    Path cut = disk("cut.qcow2");
    try (RandomAccessFile file = new RandomAccessFile(cut.toFile(), "rw")) {
      file.setLength(60);
    }
    fault("a disk's file that is cut off", "disk", "attach", "db", cut.toString());
    Path foreign = disk("foreign.qcow2");
    overwrite(foreign, 72, 0, 0, 0, 0, 0, 0, 0, 0x40); // incompatible features: bit 6
    fault("a qcow2 of a later format", "disk", "attach", "db", foreign.toString());
    Path secret = disk("secret.qcow2");
    overwrite(secret, 32, 0, 0, 0, 2); // LUKS
    fault("an encrypted qcow2", "disk", "attach", "db", secret.toString());

    fault("exec in a VM that does not run", "exec", "web", "--", "true");
    fault("pausing a VM that does not run", "pause", "web");
    fault("making a disk smaller", "disk", "grow", "web", "vda", "16M");
    fault("a disk that the VM lacks", "disk", "grow", "web", "vdb", "1G");
    fault("an unknown snapshot", "snapshot", "restore", "web", "bose");
    fault("a snapshot's name that is taken", "snapshot", "take", "web", "base");
    fault("a fork of a snapshot without memory", "fork", "web@base");
    fault("nothing to undo", "snapshot", "undo", "db");
    fault("a schedule that is none", "timeline", "web", "--every", "soon");
    fault(
        "an export into a folder that is not there",
        "snapshot",
        "export",
        "web",
        "base",
        "-o",
        "/tmp/no/where.qcow2");
    fault("an image that a VM is made of", "image", "rm", "debian-tiny");
    fault("a VM that is not in the trash", "trash", "restore", "old");
    fault("nothing to change", "update", "web");

    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      works("create", "--name", "served", "-p", other.getLocalPort() + ":80", "debian-tiny");
    }
    Path spec = home.resolve("machines").resolve("db").resolve("spec.json");
    Files.writeString(spec, Files.readString(spec).replaceFirst("cpus", "cpvs"));
    fault("a VM whose spec.json is damaged", "start", "db");
    assertThat(faults).hasSizeGreaterThanOrEqualTo(30);

    StringBuilder list = new StringBuilder();
    list.append(
        """
        # What a user sees when something is wrong

        Written by `FaultsTest`, which fails where the product says something else; the desktop shows the same sentences
        in a banner. What needs a guest that runs stands in `VivFailuresIT`: a full disk in a snapshot, damaged and
        truncated snapshots, a panic, a triple fault, an engine that is killed, two starts at once.

        | what is wrong | the command | what it says |
        | --- | --- | --- |
        """);
    for (Fault fault : faults) {
      list.append(
          "| %s | `%s` | %s |%n".formatted(fault.what(), fault.line(), fault.said().substring(5)));
    }
    if (Boolean.getBoolean("vivarium.faults.write")) {
      Files.writeString(LIST, list);
    }
    assertThat(LIST).hasContent(list.toString());
  }
}
