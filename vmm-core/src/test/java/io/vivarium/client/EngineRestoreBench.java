package io.vivarium.client;

import io.vivarium.client.VivariumHostTest.Screen;
import io.vivarium.machine.BareGuest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A live snapshot of a stopped VM restored, which starts a new engine: up to when its vCPUs run,
 * and up to the guest's answer to a typed byte. {@code EngineRestoreBench ROUNDS MEBIBYTES...}; the
 * guest is {@code bare/echo.c} with all of its memory touched. Prints Markdown. The engine is what
 * the properties {@code vivarium.engine.*} name, as {@code .ci/bench-restore} sets them.
 */
final class EngineRestoreBench {
  private static final String VM = "echo";

  private EngineRestoreBench() {}

  public static void main(String[] args) throws Exception {
    int rounds = Integer.parseInt(args[0]);
    for (int i = 1; i < args.length; i++) {
      Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "engines");
      try {
        measure(folder, rounds, Integer.parseInt(args[i]));
      } finally {
        try (Stream<Path> files = Files.walk(folder)) {
          for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
            Files.delete(file);
          }
        }
      }
    }
  }

  private static void measure(Path folder, int rounds, int mebibytes) throws Exception {
    Path elf = BareGuest.compile(folder, "echo", "MEBIBYTES=" + mebibytes);
    VivariumHost host = VivariumHost.open(folder.resolve("library"));
    host.create(
        new VmSpec(
            1,
            VM,
            null,
            elf.toString(),
            null,
            null,
            (long) mebibytes << 20,
            1,
            List.of(),
            List.of(),
            "none",
            false),
        Progress.NONE);
    host.start(VM, false, Progress.NONE);
    List<Double> runs = new ArrayList<>();
    List<Double> answers = new ArrayList<>();
    try {
      Screen screen = new Screen();
      ConsoleConnection shown = host.console(VM, screen);
      screen.await("ready");
      shown.close();
      host.takeSnapshot(VM, "ready", "", Progress.NONE);
      for (int i = 0; i < rounds; i++) {
        host.kill(VM);
        long began = System.nanoTime();
        host.restoreSnapshot(VM, "ready", false, Progress.NONE);
        runs.add((System.nanoTime() - began) / 1e6);
        Screen answer = new Screen();
        try (ConsoleConnection console = host.console(VM, answer)) {
          // One more each time, so that it is not taken for what the console said before.
          console.send(new byte[i + 1]);
          answer.await(count(i + 1));
        }
        answers.add((System.nanoTime() - began) / 1e6);
      }
    } finally {
      host.kill(VM);
    }
    System.out.printf(
        Locale.ROOT,
        "| %d MiB, a new engine, %d times | vCPUs run after %.0f ms | the guest answered after %.0f"
            + " ms |%n",
        mebibytes,
        rounds,
        median(runs),
        median(answers));
  }

  /** What the guest answers to so many bytes. */
  private static String count(int bytes) {
    StringBuilder digits = new StringBuilder();
    for (int i = 1; i <= bytes; i++) {
      digits.append((char) ('0' + i % 10));
    }
    return digits.toString();
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }
}
