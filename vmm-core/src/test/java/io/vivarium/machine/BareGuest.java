package io.vivarium.machine;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Guests without an operating system, in C: an ELF with a PVH note, which QEMU runs as well. */
public final class BareGuest {
  private static final List<String> SOURCES = List.of("bare.ld", "start.S", "virtio.h");
  private static final List<String> FLAGS =
      List.of(
          "-O2",
          "-ffreestanding",
          "-nostdlib",
          "-static",
          "-fno-pic",
          "-no-pie",
          "-mgeneral-regs-only",
          "-mno-red-zone",
          "-fno-stack-protector",
          "-fcf-protection=none",
          "-fno-asynchronous-unwind-tables",
          "-fno-tree-loop-distribute-patterns",
          "-Wall",
          "-Wextra",
          "-Werror",
          "-Wl,--build-id=none",
          "-Wl,--no-warn-rwx-segments");

  private BareGuest() {}

  /** Compiles {@code NAME DEFINES...} to a file, for a place without a compiler: the lab. */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    String name = args[1];
    String[] defines = Arrays.copyOfRange(args, 2, args.length);
    Path elf = compile(Files.createTempDirectory("bare"), name, defines);
    Files.move(elf, folder.resolve(compiled(name, defines)));
  }

  private static String compiled(String name, String... defines) {
    return name + "-" + String.join("-", defines) + ".elf";
  }

  /**
   * Compiles {@code name.c} of the test's resources, if that was not done before; skips the test
   * aloud without a compiler.
   *
   * @param defines as {@code ROUNDS=1}
   */
  public static Path compile(Path folder, String name, String... defines)
      throws IOException, InterruptedException {
    try (InputStream elf = BareGuest.class.getResourceAsStream("bare/" + compiled(name, defines))) {
      if (elf != null) {
        Path copy = folder.resolve(compiled(name, defines));
        Files.copy(elf, copy);
        return copy;
      }
    }
    Path source = Files.createTempDirectory(folder, name);
    List<String> files = new ArrayList<>(SOURCES);
    files.add(name + ".c");
    for (String file : files) {
      try (InputStream text = BareGuest.class.getResourceAsStream("bare/" + file)) {
        Files.copy(java.util.Objects.requireNonNull(text, file), source.resolve(file));
      }
    }
    List<String> command = new ArrayList<>(List.of("cc"));
    command.addAll(FLAGS);
    for (String define : defines) {
      command.add("-D" + define);
    }
    command.addAll(List.of("-T", "bare.ld", "-o", name + ".elf", "start.S", name + ".c"));
    Path log = source.resolve("cc.log");
    try {
      Process compiler =
          new ProcessBuilder(command)
              .directory(source.toFile())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      if (compiler.waitFor() != 0) {
        throw new IOException(Files.readString(log));
      }
    } catch (IOException e) {
      assumeTrue(
          Files.exists(log) && Files.size(log) > 0, "skipped: there is no C compiler (cc) here");
      throw e;
    }
    return source.resolve(name + ".elf");
  }

  static MachineConfig config(Path elf, DeviceConfig devices) {
    return new MachineConfig("bare", 64L << 20, 1, elf, null, "", true, devices);
  }
}
