package io.vivarium.images.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The other implementation to agree with. Tests that need it are skipped aloud without it. */
final class QemuImg {
  private static final Path TOOL = Path.of("/usr/bin/qemu-img");

  private QemuImg() {}

  static void assumeInstalled() {
    assumeTrue(Files.isExecutable(TOOL), "skipped: qemu-img is not installed (package qemu-utils)");
  }

  record Result(int status, String output) {}

  static Result run(Object... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(TOOL.toString()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), output);
  }

  static void ok(Object... arguments) throws Exception {
    Result result = run(arguments);
    assertThat(result.status()).as(result.output()).isZero();
  }

  /** {@code qemu-img check} finds neither errors nor leaks. */
  static void check(Path image) throws Exception {
    ok("check", "-f", "qcow2", image);
  }

  static void sameAs(Path image, byte[] contents) throws Exception {
    Path raw = Files.write(image.resolveSibling(image.getFileName() + ".expected"), contents);
    ok("compare", "-f", "qcow2", "-F", "raw", image, raw);
    Files.delete(raw);
  }
}
