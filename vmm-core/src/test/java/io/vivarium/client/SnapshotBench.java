package io.vivarium.client;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.qcow2.BackingFiles;
import io.vivarium.images.disk.qcow2.Qcow2Disk;
import io.vivarium.linux.FileSpace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A thousand snapshots of one stopped VM: what taking, listing, restoring and removing cost at
 * first and at last, and what the store holds against what was written. {@code SnapshotBench FOLDER
 * [COUNT [KIB]]}: an empty folder, how many, and how much is written before each.
 */
final class SnapshotBench {
  private static final String VM = "bench";
  private static final int CLUSTER = 64 << 10;
  private static final int SOME = 10;

  private final VivariumHost host;
  private final Path machine;
  private final Random random = new Random(1);

  /** Clusters written since the snapshot before, each to be kept. */
  private long written;

  private SnapshotBench(Path home) throws Exception {
    host = VivariumHost.open(home);
    machine = home.resolve("machines").resolve(VM);
    Path kernel = Files.writeString(home.resolve("kernel"), "not looked at");
    host.create(
        new VmSpec(
            1,
            VM,
            null,
            kernel.toString(),
            null,
            null,
            64L << 20,
            1,
            List.of(Disks.parse("4G")),
            List.of(),
            "none",
            false),
        Progress.NONE);
  }

  public static void main(String[] args) throws Exception {
    int count = args.length > 1 ? Integer.parseInt(args[1]) : 1000;
    int kib = args.length > 2 ? Integer.parseInt(args[2]) : 1024;
    new SnapshotBench(Path.of(args[0])).run(count, kib);
  }

  private interface Step {
    void run() throws Exception;
  }

  /** What steps of one kind took: by the clock, and of the processor, where it was at work. */
  private static final class Times {
    private final List<Double> clock = new ArrayList<>();
    private final List<Double> processor = new ArrayList<>();

    void take(Step step) throws Exception {
      ThreadMXBean thread = ManagementFactory.getThreadMXBean();
      long worked = thread.getCurrentThreadCpuTime();
      long began = System.nanoTime();
      step.run();
      clock.add((System.nanoTime() - began) / 1e6);
      processor.add((thread.getCurrentThreadCpuTime() - worked) / 1e6);
    }

    void tell(String what) {
      tell(what, clock);
      tell(what + ", processor", processor);
    }

    private static double median(List<Double> some) {
      double[] sorted = some.stream().mapToDouble(Double::doubleValue).sorted().toArray();
      return sorted[sorted.length / 2];
    }

    private static double last(List<Double> all) {
      return median(all.subList(all.size() - SOME, all.size()));
    }

    private static void tell(String what, List<Double> all) {
      double first = median(all.subList(0, SOME));
      double max = all.stream().mapToDouble(Double::doubleValue).max().orElse(0);
      System.out.printf(
          Locale.ROOT,
          "%s: first %d %.1f ms, last %d %.1f ms: %.2f; longest %.1f ms%n",
          what,
          SOME,
          first,
          SOME,
          last(all),
          last(all) / first,
          max);
    }
  }

  private void run(int count, int kib) throws Exception {
    // The first rounds of a new JVM tell of its compiler.
    for (int i = 0; i < 3 * SOME; i++) {
      write(64);
      String name = "warm" + i;
      host.takeSnapshot(VM, name, "", Progress.NONE);
      host.snapshots(VM);
      host.restoreSnapshot(VM, name, false, Progress.NONE);
      host.removeSnapshot(VM, name);
    }
    host.emptyTrash();
    written = 0;
    long before = held();
    Times take = new Times();
    Times list = new Times();
    Times restore = new Times();
    for (int i = 0; i < count; i++) {
      write(kib);
      String name = "s" + i;
      take.take(() -> host.takeSnapshot(VM, name, "", Progress.NONE));
      if (i < SOME || i >= count - SOME) {
        list.take(() -> host.snapshots(VM));
        restore.take(() -> host.restoreSnapshot(VM, name, false, Progress.NONE));
      }
    }
    long store = held() - before;
    List<SnapshotInfo> all = host.snapshots(VM);
    Times remove = new Times();
    long files = held();
    for (int i = 0; i < 2 * SOME; i++) {
      SnapshotInfo one = all.get(i < SOME ? i : count / 2 + i);
      remove.take(() -> host.removeSnapshot(VM, one.id()));
    }
    take.tell("take");
    list.tell("list");
    System.out.printf(Locale.ROOT, "list, by snapshot: %.3f ms%n", Times.last(list.clock) / count);
    restore.tell("restore");
    remove.tell("remove");
    System.out.printf("removing wrote %d bytes%n", held() - files);
    System.out.printf(
        Locale.ROOT,
        "the store holds %d MiB for %d MiB written: %.2f%n",
        store >> 20,
        written >> 20,
        (double) store / written);
  }

  private void write(int kib) throws Exception {
    VmSpec.DiskSpec spec = host.inspect(VM).spec().disks().getFirst();
    byte[] bytes = new byte[CLUSTER];
    try (Disk disk =
        Qcow2Disk.open(
            machine.resolve(spec.file()),
            false,
            BackingFiles.inside(machine.resolve("disks")),
            HolePunch.Factory.NONE)) {
      // As guests do, more in one place than all over the disk.
      long start = random.nextInt(60_000) * (long) CLUSTER;
      for (int i = 0; i < Math.max(1, kib / 64); i++) {
        random.nextBytes(bytes);
        disk.write(start + (long) i * CLUSTER, MemorySegment.ofArray(bytes));
        written += CLUSTER;
      }
      disk.flush();
    }
  }

  /** Bytes of the file system's blocks. */
  private long held() throws IOException {
    long sum = 0;
    try (Stream<Path> all = Files.walk(machine)) {
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
        sum += FileSpace.of(file).allocated();
      }
    }
    return sum;
  }
}
