package io.vivarium.machine;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * Restores a saved machine, types a line into its console and waits for a text: {@code RestoreProbe
 * FOLDER LINE UNTIL TIMES}. Tells how long each step took.
 */
final class RestoreProbe {
  private RestoreProbe() {}

  public static void main(String[] args) throws Exception {
    for (int i = 0; i < Integer.parseInt(args[3]); i++) {
      once(Path.of(args[0]), args[1], args[2]);
    }
  }

  private static void once(Path folder, String line, String until) throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    CountDownLatch first = new CountDownLatch(1);
    StringBuilder seen = new StringBuilder();
    long start = System.nanoTime();
    KvmMachine machine =
        Saves.restore("probe", DeviceConfig.NONE, folder, exit -> System.err.println(exit));
    long restored = System.nanoTime();
    machine
        .serial(0)
        .listen(
            (data, offset, length) -> {
              seen.append(new String(data, offset, length, StandardCharsets.UTF_8));
              first.countDown();
              if (seen.indexOf(until) >= 0) {
                done.countDown();
              }
            });
    machine.resume();
    byte[] typed = (line + "\n").getBytes(StandardCharsets.UTF_8);
    machine.serial(0).send(typed, 0, typed.length);
    first.await();
    long answered = System.nanoTime();
    done.await();
    long end = System.nanoTime();
    String target = System.getProperty("save");
    if (target != null) {
      Path to = Files.createTempDirectory(Path.of(target), "saved");
      long before = System.nanoTime();
      double stood = Saves.save(machine, to, Saves.layers(folder));
      System.err.printf(
          "a save took %.1f ms, the guest stood still for %.1f ms%n",
          (System.nanoTime() - before) / 1e6, stood);
    }
    System.err.printf(
        "restored in %.1f ms, first byte after %.1f ms, done after %.1f ms, %.2f CPU seconds%n%s%n%s%n",
        (restored - start) / 1e6,
        (answered - restored) / 1e6,
        (end - restored) / 1e6,
        machine.cpuNanos() / 1e9,
        seen,
        machine.counters());
    machine.close();
  }
}
