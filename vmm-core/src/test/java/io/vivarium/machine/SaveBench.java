package io.vivarium.machine;

import io.vivarium.linux.FileSpace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Saves of a machine that writes to its memory steadily, beside a plain write of as many bytes with
 * fsync, taking turns: {@code SaveBench MEBIBYTES ROUNDS MEBIBYTES_A_SECOND}. The guest is {@code
 * bare/dirty.c}. Prints Markdown: how long it stood still, how long until all was durable. Then the
 * same of a guest that is idle after it changed one page in a hundred.
 */
final class SaveBench {
  private static final int PAGES_IN_A_MEBIBYTE = 256;

  /** So often the guest is told to write. */
  private static final int BEATS_A_SECOND = 100;

  private final Path folder;
  private final Path layers;
  private final KvmMachine machine;
  private final int pagesABeat;
  private final Semaphore answers = new Semaphore(0);
  private int saves;

  private SaveBench(Path folder, KvmMachine machine, int pagesABeat) {
    this.folder = folder;
    this.layers = folder.resolve("memory");
    this.machine = machine;
    this.pagesABeat = pagesABeat;
  }

  public static void main(String[] args) throws Exception {
    int mebibytes = Integer.parseInt(args[0]);
    int rounds = Integer.parseInt(args[1]);
    int pages = Integer.parseInt(args[2]) * PAGES_IN_A_MEBIBYTE / BEATS_A_SECOND;
    Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "save-bench");
    try {
      Path elf = BareGuest.compile(folder, "dirty", "MEBIBYTES=" + mebibytes, "PAGES=" + pages);
      GuestConsole console = new GuestConsole();
      MachineConfig config =
          new MachineConfig(
              "dirty", (long) mebibytes << 20, 1, elf, null, "", true, DeviceConfig.NONE);
      try (KvmMachine machine = KvmMachine.boot(config, console)) {
        machine.serial(0).listen(console);
        machine.resume();
        console.await("ready");
        SaveBench bench = new SaveBench(folder, machine, pages);
        machine.serial(0).listen((data, offset, length) -> bench.answers.release(length));
        bench.run(mebibytes, rounds);
      }
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /** Of one save, or of many by kind. */
  private record Taken(double stood, double durable, long bytes, double plain) {}

  private void run(int mebibytes, int rounds) throws Exception {
    tell("all of it, for the first time", List.of(take()));
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    try {
      ScheduledFuture<?> beats =
          clock.scheduleAtFixedRate(
              this::beat, 0, TimeUnit.SECONDS.toNanos(1) / BEATS_A_SECOND, TimeUnit.NANOSECONDS);
      List<Taken> taken = new ArrayList<>();
      for (int i = 0; i < 2 * rounds; i++) {
        answers.drainPermits();
        answers.acquire(BEATS_A_SECOND / 2); // what is written in half a second at least
        Taken one = take();
        if (i >= rounds) { // the first half warms up
          taken.add(one);
        }
      }
      beats.cancel(false);
      tell("writing " + pagesABeat * BEATS_A_SECOND / PAGES_IN_A_MEBIBYTE + " MiB/s", taken);
    } finally {
      clock.shutdown();
      clock.awaitTermination(1, TimeUnit.MINUTES);
    }
    List<Taken> idle = new ArrayList<>();
    int onePercent = mebibytes * PAGES_IN_A_MEBIBYTE / 100;
    for (int i = 0; i < rounds; i++) {
      answers.drainPermits();
      int told = Math.max(1, onePercent / pagesABeat);
      for (int n = 0; n < told; n++) {
        beat();
      }
      answers.acquire(told);
      idle.add(take());
    }
    tell("idle, 1 % of its pages changed", idle);
  }

  private void beat() {
    try {
      machine.serial(0).send(new byte[] {'w'}, 0, 1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Taken take() throws Exception {
    Path to = Files.createDirectory(folder.resolve("save" + ++saves));
    long before = held();
    long began = System.nanoTime();
    double stood = Saves.save(machine, to, layers);
    double durable = (System.nanoTime() - began) / 1e6;
    long bytes = held() - before;
    if (bytes < 4096L * pagesABeat) {
      throw new IOException("the guest changed next to nothing: " + bytes + " bytes");
    }
    return new Taken(stood, durable, bytes, plain(bytes));
  }

  /** Bytes of the file system's blocks. */
  private long held() throws IOException {
    long sum = 0;
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        sum += FileSpace.of(file).allocated();
      }
    }
    return sum;
  }

  /** Writes as many bytes as one would without any more, durably. */
  private double plain(long bytes) throws IOException {
    ByteBuffer block = ByteBuffer.allocateDirect(1 << 20);
    byte[] random = new byte[block.capacity()];
    new Random(saves).nextBytes(random);
    block.put(random).flip();
    Path file = folder.resolve("plain");
    long began = System.nanoTime();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (long left = bytes; left > 0; ) {
        ByteBuffer part = block.slice(0, (int) Math.min(left, block.capacity()));
        left -= channel.write(part);
      }
      channel.force(true);
    }
    double millis = (System.nanoTime() - began) / 1e6;
    Files.delete(file);
    return millis;
  }

  private static double at(
      double part, List<Taken> taken, java.util.function.ToDoubleFunction<Taken> of) {
    double[] sorted = taken.stream().mapToDouble(of).sorted().toArray();
    return sorted[(int) Math.min(sorted.length - 1, (long) (part * sorted.length))];
  }

  private static void tell(String what, List<Taken> taken) {
    double durable = at(0.5, taken, Taken::durable);
    double plain = at(0.5, taken, Taken::plain);
    System.out.printf(
        Locale.ROOT,
        "| %s, %d saves | stood still for %.1f ms, p99 %.1f | %.1f MiB | durable after %.1f ms |"
            + " plain write and fsync %.1f ms | %.2f |%n",
        what,
        taken.size(),
        at(0.5, taken, Taken::stood),
        at(0.99, taken, Taken::stood),
        at(0.5, taken, Taken::bytes) / (1 << 20),
        durable,
        plain,
        durable / plain);
  }
}
