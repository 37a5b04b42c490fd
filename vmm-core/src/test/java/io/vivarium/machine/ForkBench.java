package io.vivarium.machine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A fork of a machine with all of its memory touched, up to the first byte that its guest prints,
 * beside the floor in C, taking turns: {@code ForkBench FORK.C MEBIBYTES ROUNDS}. Prints Markdown.
 */
final class ForkBench {
  private static final int PAGES_IN_A_MEBIBYTE = 256;
  private static final int CODE_MEBIBYTES = 4;

  private ForkBench() {}

  public static void main(String[] args) throws Exception {
    int mebibytes = Integer.parseInt(args[1]);
    int rounds = Integer.parseInt(args[2]);
    Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "fork-bench");
    try {
      Path floor = compile(Path.of(args[0]), folder);
      Path layers = folder.resolve("memory");
      Path saved = save(folder, layers, mebibytes);
      Path memory;
      try (var files = Files.list(layers)) {
        memory = files.filter(file -> file.toString().endsWith(".mem")).findFirst().orElseThrow();
      }
      List<Double> java = new ArrayList<>();
      List<Double> c = new ArrayList<>();
      try (SavedMachine opened = SavedMachine.open(saved, layers, rounds)) {
        for (int i = 0; i < 2 * rounds; i++) {
          double ours = fork(opened);
          double theirs = floor(floor, memory);
          if (i >= rounds) { // the first half warms both up
            java.add(ours);
            c.add(theirs);
          }
        }
      }
      System.out.printf(
          "| %d MiB, %d forks | Vivarium %.1f ms | C %.1f ms | %.2f |%n",
          mebibytes, rounds, median(java), median(c), median(java) / median(c));
    } finally {
      delete(folder);
    }
  }

  private static Path compile(Path source, Path folder) throws Exception {
    Path compiled = Path.of(System.getProperty("vivarium.bare", ""), "fork");
    if (Files.isExecutable(compiled)) {
      return compiled;
    }
    Path program = folder.resolve("fork");
    Process gcc =
        new ProcessBuilder("cc", "-O2", "-o", program.toString(), source.toString())
            .inheritIO()
            .start();
    if (gcc.waitFor() != 0) {
      throw new IOException("no floor without a C compiler");
    }
    return program;
  }

  private static Path save(Path folder, Path layers, int mebibytes) throws Exception {
    Path saved = Files.createDirectory(folder.resolve("saved"));
    TinyGuest.Watch watch = new TinyGuest.Watch();
    int pages = (mebibytes - CODE_MEBIBYTES) * PAGES_IN_A_MEBIBYTE;
    MachineConfig config = TinyGuest.config(folder, TinyGuest.touched(pages), mebibytes, 1);
    try (KvmMachine machine = KvmMachine.boot(config, watch)) {
      machine.serial(0).listen(watch);
      machine.resume();
      watch.nextChar();
      machine.pause();
      Saves.save(machine, saved, layers);
    }
    return saved;
  }

  private static double fork(SavedMachine saved) throws Exception {
    CountDownLatch first = new CountDownLatch(1);
    long began = System.nanoTime();
    try (KvmMachine machine =
        KvmMachine.restore("fork", DeviceConfig.NONE, saved, exit -> System.err.println(exit))) {
      machine.serial(0).listen((data, offset, length) -> first.countDown());
      machine.resume();
      first.await();
      return (System.nanoTime() - began) / 1e6;
    }
  }

  private static double floor(Path program, Path memory) throws Exception {
    Process process =
        new ProcessBuilder(program.toString(), memory.toString(), "1")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String nanos = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    process.waitFor();
    return Long.parseLong(nanos.strip()) / 1e6;
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
