package io.vivarium.images.disk;

import io.vivarium.images.disk.qcow2.BackingFiles;
import io.vivarium.images.disk.qcow2.Qcow2;
import io.vivarium.images.disk.qcow2.Qcow2Disk;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Compares raw and qcow2 with the plain pread and pwrite of a file channel, on files in the host's
 * cache, one thread, in operations per second of its CPU time, user and system, so that a busy host
 * matters little. A program to be run by hand; all take turns in each round, and the medians count:
 *
 * <pre>{@code
 * ./mvnw -q test-compile -pl images -am
 * java -cp images/target/classes:images/target/test-classes io.vivarium.images.disk.DiskBench DIR
 * }</pre>
 */
final class DiskBench {
  private static final int SIZE = 256 << 20;
  private static final int ROUNDS = 25;
  private static final int WARM_ROUNDS = 100;
  private static final int BATCH = 4000;
  private static final int SMALL = 4096;
  private static final int CLUSTER = 65536;
  private static final int DEPTH = 200;
  private static final int LARGE = 1 << 20;

  private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

  private DiskBench() {}

  private interface Target {
    void run(long offset, MemorySegment data) throws IOException;
  }

  public static void main(String[] args) throws IOException {
    Path folder = Files.createTempDirectory(Path.of(args[0]), "disk-bench");
    Path plain = folder.resolve("plain");
    Path raw = folder.resolve("disk.raw");
    Path qcow2 = folder.resolve("disk.qcow2");
    RawDisk.create(plain, SIZE);
    RawDisk.create(raw, SIZE);
    Qcow2.create(qcow2, SIZE, null, null);
    try (Arena arena = Arena.ofConfined();
        FileChannel channel =
            FileChannel.open(plain, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Disk rawDisk = RawDisk.open(raw, false, HolePunch.Factory.NONE);
        Disk qcow2Disk =
            Qcow2Disk.open(qcow2, false, BackingFiles.none(), HolePunch.Factory.NONE)) {
      MemorySegment buffer = arena.allocate(LARGE, 4096);
      new Random(1).ints(LARGE / 4).forEach(new Filler(buffer)::put);
      Target[] writes = {(at, data) -> pwrite(channel, at, data), rawDisk::write, qcow2Disk::write};
      Target[] reads = {(at, data) -> pread(channel, at, data), rawDisk::read, qcow2Disk::read};
      System.out.println(
          "                      file channel           raw         qcow2  raw to channel, qcow2 to"
              + " raw");
      compare("1 MiB seq. 1st write", writes, buffer, 1, SIZE);
      rawDisk.flush();
      qcow2Disk.flush();
      channel.force(false);
      compare("4 KiB random read", reads, buffer.asSlice(0, SMALL), ROUNDS, SIZE);
      compare("4 KiB random write", writes, buffer.asSlice(0, SMALL), ROUNDS, SIZE);
      compare("1 MiB seq. read", reads, buffer, ROUNDS, SIZE);
      compare("1 MiB seq. write", writes, buffer, ROUNDS, SIZE);
      depths(folder, buffer);
    } finally {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path path : files.toList()) {
          Files.delete(path);
        }
      }
      Files.delete(folder);
    }
  }

  /**
   * The same bytes below one layer in one piece, below one layer in the same pieces as in the next,
   * and spread over two hundred; first when nothing was read yet, then again and again.
   */
  private static void depths(Path folder, MemorySegment buffer) throws IOException {
    int size = SIZE / 4;
    BackingFiles backing = BackingFiles.inside(folder);
    for (String name : new String[] {"flat", "bottom", "layer0"}) {
      Path path = folder.resolve(name);
      Qcow2.create(path, size, null, null);
      try (Disk disk = Qcow2Disk.open(path, false, backing, HolePunch.Factory.NONE)) {
        for (long at = 0; at < size; at += LARGE) {
          disk.write(at, buffer);
        }
      }
    }
    Qcow2.create(folder.resolve("one"), size, "flat", "qcow2");
    Qcow2.create(folder.resolve("pieces"), size, "bottom", "qcow2");
    Qcow2.create(folder.resolve("two"), size, "pieces", "qcow2");
    MemorySegment cluster = buffer.asSlice(0, CLUSTER);
    Random random = new Random(7);
    try (Disk pieces =
        Qcow2Disk.open(folder.resolve("pieces"), false, backing, HolePunch.Factory.NONE)) {
      for (int i = 1; i <= DEPTH; i++) {
        Path path = folder.resolve("layer" + i);
        Qcow2.create(path, size, "layer" + (i - 1), "qcow2");
        try (Disk disk = Qcow2Disk.open(path, false, backing, HolePunch.Factory.NONE)) {
          for (int n = 0; n < 8 && i < DEPTH; n++) {
            long at = random.nextInt(size / CLUSTER) * (long) CLUSTER;
            disk.write(at, cluster);
            pieces.write(at, cluster);
          }
        }
      }
    }
    try (FileChannel file = FileChannel.open(folder.resolve("flat"));
        Disk one = Qcow2Disk.open(folder.resolve("one"), false, backing, HolePunch.Factory.NONE);
        Disk two = Qcow2Disk.open(folder.resolve("two"), false, backing, HolePunch.Factory.NONE);
        Disk deep =
            Qcow2Disk.open(
                folder.resolve("layer" + DEPTH), false, backing, HolePunch.Factory.NONE)) {
      System.out.println(
          "                      file channel       depth 1   the same pieces     depth 200");
      Target[] reads = {(at, data) -> pread(file, at, data), one::read, two::read, deep::read};
      compare("1 MiB read, first", reads, buffer, 1, size);
      compare("1 MiB seq. read", reads, buffer, ROUNDS, size);
      compare("4 KiB random read", reads, buffer.asSlice(0, SMALL), ROUNDS, size);
      Target[] writes = {one::write, deep::write};
      compare("4 KiB random write", writes, buffer.asSlice(0, SMALL), ROUNDS, size);
    }
  }

  private static final class Filler {
    private final ByteBuffer into;

    Filler(MemorySegment segment) {
      into = segment.asByteBuffer();
    }

    void put(int value) {
      into.putInt(value);
    }
  }

  private static void pread(FileChannel channel, long offset, MemorySegment data)
      throws IOException {
    ByteBuffer buffer = data.asByteBuffer();
    while (buffer.hasRemaining()) {
      channel.read(buffer, offset + buffer.position());
    }
  }

  private static void pwrite(FileChannel channel, long offset, MemorySegment data)
      throws IOException {
    ByteBuffer buffer = data.asByteBuffer();
    while (buffer.hasRemaining()) {
      channel.write(buffer, offset + buffer.position());
    }
  }

  private static void compare(
      String what, Target[] targets, MemorySegment data, int rounds, int size) throws IOException {
    double[][] rates = new double[targets.length][rounds];
    boolean random = data.byteSize() == SMALL;
    for (int round = rounds == 1 ? 0 : -WARM_ROUNDS; round < rounds; round++) {
      for (int i = 0; i < targets.length; i++) {
        // Whoever comes first in a round is another each time.
        int t = Math.floorMod(i + round, targets.length);
        Random offsets = new Random(round);
        int count = random ? BATCH : (int) (size / data.byteSize());
        long begin = CPU.getCurrentThreadCpuTime();
        for (int n = 0; n < count; n++) {
          long at = (random ? offsets.nextInt(size / SMALL) : n) * data.byteSize();
          targets[t].run(at, data);
        }
        if (round >= 0) {
          rates[t][round] = count * 1e9 / (CPU.getCurrentThreadCpuTime() - begin);
        }
      }
    }
    StringBuilder line = new StringBuilder("%-20s".formatted(what));
    for (double[] rate : rates) {
      Arrays.sort(rate);
      line.append("  %,10.0f/s".formatted(rate[rate.length / 2]));
    }
    double[] medians = Arrays.stream(rates).mapToDouble(r -> r[r.length / 2]).toArray();
    for (int i = 1; i < medians.length; i++) {
      line.append("  %.2f".formatted(medians[i] / medians[i - 1]));
    }
    System.out.println(line);
  }
}
