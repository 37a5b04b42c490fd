package io.vivarium.machine;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.qcow2.Qcow2;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Block requests a second of one bare-metal guest under Vivarium and under QEMU, side by side: runs
 * take turns, the guest tells begin and end of each at its serial port, and the clock is here.
 * {@code .ci/bench-block [COUNT]} starts it; it prints a table in Markdown.
 */
final class BlockBench {
  private static final long DISK_BYTES = 256L << 20;
  private static final int TURNS = 3;

  private final Path folder;
  private final int count;
  private final Map<String, Map<String, List<Double>>> rates = new LinkedHashMap<>();

  private BlockBench(Path folder, int count) {
    this.folder = folder;
    this.count = count;
  }

  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory("block-bench");
    int count = args.length > 0 ? Integer.parseInt(args[0]) : 60_000;
    new BlockBench(folder, count).run();
  }

  private void run() throws Exception {
    Path elf = BareGuest.compile(folder, "block", "ROUNDS=1", "COUNT=" + count);
    Path raw = folder.resolve("raw");
    Path qcow2 = folder.resolve("qcow2");
    fill(raw, qcow2);
    for (int turn = 0; turn < TURNS; turn++) {
      pread(raw);
      vivarium("Vivarium, raw", elf, raw, "raw");
      qemu("QEMU, raw", elf, raw, "raw", "");
      qemu("QEMU, raw, iothread", elf, raw, "raw", ",iothread=io");
      vivarium("Vivarium, qcow2", elf, qcow2, "qcow2");
      qemu("QEMU, qcow2", elf, qcow2, "qcow2", "");
    }
    table();
  }

  /** Both hold data everywhere, so that no run reads holes. */
  private static void fill(Path raw, Path qcow2) throws IOException {
    Qcow2.create(qcow2, DISK_BYTES, null, null);
    ByteBuffer block = ByteBuffer.allocateDirect(1 << 20);
    byte[] bytes = new byte[1 << 20];
    try (FileChannel channel =
            FileChannel.open(raw, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        Disk disk = HostDisks.open(qcow2, "qcow2", false, null)) {
      Random random = new Random(1);
      for (long at = 0; at < DISK_BYTES; at += bytes.length) {
        random.nextBytes(bytes);
        block.clear().put(bytes).flip();
        channel.write(block);
        disk.write(at, java.lang.foreign.MemorySegment.ofArray(bytes));
      }
      channel.force(true);
    }
  }

  /** The floor: what the host's own calls do in one thread, without a guest. */
  private void pread(Path raw) throws IOException {
    try (FileChannel channel =
        FileChannel.open(raw, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
      Random random = new Random(2);
      for (String kind : List.of("read", "write")) {
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
          buffer.clear().limit(4096);
          long at = random.nextInt((int) (DISK_BYTES / 4096)) * 4096L;
          if (kind.equals("read")) {
            channel.read(buffer, at);
          } else {
            channel.write(buffer, at);
          }
        }
        note("host's own calls, one thread", kind + "-4k-depth-1", count, begin);
        begin = System.nanoTime();
        for (int i = 0; i < count / 64; i++) {
          buffer.clear();
          long at = (i % (DISK_BYTES >> 20)) << 20;
          if (kind.equals("read")) {
            channel.read(buffer, at);
          } else {
            channel.write(buffer, at);
          }
        }
        note("host's own calls, one thread", kind + "-1m-sequential", count / 64, begin);
      }
    }
  }

  private void vivarium(String who, Path elf, Path file, String format) throws Exception {
    PipedOutputStream out = new PipedOutputStream();
    try (Disk disk = HostDisks.open(file, format, false, null);
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(new PipedInputStream(out), StandardCharsets.US_ASCII));
        KvmMachine machine =
            KvmMachine.boot(
                BareGuest.config(
                    elf,
                    new DeviceConfig(
                        List.of(new DeviceConfig.DiskConfig(disk, "bench", 1)),
                        List.of(),
                        List.of(),
                        false,
                        null)),
                exit -> System.err.println(exit))) {
      machine
          .serial(0)
          .listen(
              (data, offset, length) -> {
                try {
                  out.write(data, offset, length);
                  out.flush();
                } catch (IOException e) {
                  System.err.println(e);
                }
              });
      machine.resume();
      watch(who, lines);
    }
  }

  private void qemu(String who, Path elf, Path file, String format, String device)
      throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of("qemu-system-x86_64", "-accel", "kvm", "-cpu", "host,arch-capabilities=off"));
    command.addAll(List.of("-M", "q35", "-m", "64", "-nodefaults", "-no-user-config"));
    command.addAll(List.of("-display", "none", "-serial", "stdio", "-kernel", elf.toString()));
    command.addAll(List.of("-object", "iothread,id=io"));
    command.addAll(List.of("-drive", "if=none,id=disk,format=%s,file=%s".formatted(format, file)));
    command.addAll(List.of("-device", "virtio-blk-pci,drive=disk,disable-legacy=on" + device));
    Process qemu =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (BufferedReader lines = qemu.inputReader(StandardCharsets.US_ASCII)) {
      watch(who, lines);
    } finally {
      qemu.destroyForcibly().waitFor();
    }
  }

  private void watch(String who, BufferedReader lines) throws IOException {
    long begin = 0;
    while (true) {
      String line = lines.readLine();
      if (line == null) {
        throw new IOException(who + " ended early");
      }
      if (line.startsWith("begin ")) {
        begin = System.nanoTime();
      } else if (line.startsWith("end ")) {
        String[] words = line.split(" ");
        note(who, words[1], Integer.parseInt(words[2]), begin);
      } else if (line.startsWith("done")) {
        return;
      } else if (!line.startsWith("ready")) {
        throw new IOException(who + ": " + line);
      }
    }
  }

  private void note(String who, String what, int requests, long begin) {
    double rate = requests / ((System.nanoTime() - begin) / 1e9);
    rates
        .computeIfAbsent(who, key -> new LinkedHashMap<>())
        .computeIfAbsent(what, key -> new ArrayList<>())
        .add(rate);
    System.err.printf(Locale.ROOT, "%-32s %-20s %10.0f/s%n", who, what, rate);
  }

  private void table() {
    List<String> kinds =
        List.of(
            "read-4k-depth-32",
            "write-4k-depth-32",
            "read-4k-depth-1",
            "write-4k-depth-1",
            "read-1m-sequential",
            "write-1m-sequential");
    System.out.println(
        "| requests a second, median of " + TURNS + " | " + String.join(" | ", kinds) + " |");
    System.out.println("| --- |" + " --- |".repeat(kinds.size()));
    rates.forEach(
        (who, figures) -> {
          StringBuilder row = new StringBuilder("| " + who + " |");
          for (String kind : kinds) {
            Double median = median(figures.get(kind));
            row.append(median == null ? " |" : String.format(Locale.ROOT, " %.0f |", median));
          }
          System.out.println(row);
        });
  }

  private static @Nullable Double median(@Nullable List<Double> values) {
    if (values == null) {
      return null;
    }
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    return sorted.get(sorted.size() / 2);
  }
}
