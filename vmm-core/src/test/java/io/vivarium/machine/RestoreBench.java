package io.vivarium.machine;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * From a saved guest to its answer on the console: restored in this process, and by {@code
 * qemu-system-x86_64 -incoming}, taking turns: {@code RestoreBench ROUNDS MEBIBYTES...}. The guest
 * is {@code bare/echo.c} with all of its memory touched. Prints Markdown.
 */
final class RestoreBench {
  private RestoreBench() {}

  public static void main(String[] args) throws Exception {
    int rounds = Integer.parseInt(args[0]);
    for (int i = 1; i < args.length; i++) {
      Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "restore-bench");
      try {
        compare(folder, rounds, Integer.parseInt(args[i]));
      } finally {
        try (var files = Files.walk(folder)) {
          for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
            Files.delete(file);
          }
        }
      }
    }
  }

  private static void compare(Path folder, int rounds, int mebibytes) throws Exception {
    Path elf = BareGuest.compile(folder, "echo", "MEBIBYTES=" + mebibytes);
    Path saved = save(folder, elf, mebibytes);
    Path file = saveQemu(folder, elf, mebibytes);
    List<Double> ours = new ArrayList<>();
    List<Double> theirs = new ArrayList<>();
    for (int i = 0; i < 2 * rounds; i++) {
      double one = restore(saved);
      double other = i % 2 == 0 ? restoreQemu(folder, file, elf, mebibytes) : 0;
      if (i >= rounds) { // the first half warms Java up, as a resident engine is
        ours.add(one);
      }
      if (other > 0) {
        theirs.add(other);
      }
    }
    System.out.printf(
        "| %d MiB | Vivarium %.1f ms | QEMU -incoming %.0f ms | %.0f times faster |%n",
        mebibytes, median(ours), median(theirs), median(theirs) / median(ours));
  }

  private static Path save(Path folder, Path elf, int mebibytes) throws Exception {
    Path saved = Files.createDirectory(folder.resolve("saved"));
    MachineConfig config =
        new MachineConfig(
            "echo", (long) mebibytes << 20, 1, elf, null, "", true, DeviceConfig.NONE);
    GuestConsole console = new GuestConsole();
    try (KvmMachine machine = KvmMachine.boot(config, console)) {
      machine.serial(0).listen(console);
      machine.resume();
      console.await("ready");
      Saves.save(machine, saved);
    }
    return saved;
  }

  private static double restore(Path saved) throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    long began = System.nanoTime();
    try (KvmMachine machine =
        Saves.restore("echo", DeviceConfig.NONE, saved, exit -> System.err.println(exit))) {
      machine.serial(0).listen((data, offset, length) -> answer.countDown());
      machine.resume();
      machine.serial(0).send(new byte[] {'x'}, 0, 1);
      answer.await();
      return (System.nanoTime() - began) / 1e6;
    }
  }

  private static Process qemu(Path folder, Path elf, int mebibytes, String... more)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "qemu-system-x86_64",
                "-accel",
                "kvm",
                "-M",
                "q35",
                "-nodefaults",
                "-display",
                "none",
                "-m",
                Integer.toString(mebibytes),
                "-kernel",
                elf.toString(),
                "-serial",
                "stdio",
                "-monitor",
                "unix:" + folder.resolve("monitor") + ",server=on,wait=off"));
    command.addAll(List.of(more));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static Path saveQemu(Path folder, Path elf, int mebibytes) throws Exception {
    Path file = folder.resolve("qemu.state");
    Process qemu = qemu(folder, elf, mebibytes);
    try (BufferedReader console =
            new BufferedReader(
                new InputStreamReader(qemu.getInputStream(), StandardCharsets.US_ASCII));
        SocketChannel monitor = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      String line = console.readLine();
      while (line != null && !line.contains("ready")) {
        line = console.readLine();
      }
      monitor.connect(UnixDomainSocketAddress.of(folder.resolve("monitor")));
      // The command returns when the migration has ended.
      ask(monitor, "migrate_set_parameter max-bandwidth 100G\n", "(qemu)");
      ask(monitor, "migrate \"exec:cat >" + file + "\"\n", "migrate");
      ask(monitor, "info migrate\n", "completed");
      return file;
    } finally {
      qemu.destroyForcibly().waitFor();
    }
  }

  private static void ask(SocketChannel monitor, String command, String until) throws IOException {
    StringBuilder said = new StringBuilder();
    ByteBuffer block = ByteBuffer.allocate(4096);
    monitor.write(ByteBuffer.wrap(command.getBytes(StandardCharsets.US_ASCII)));
    while (said.indexOf(until) < 0) {
      block.clear();
      if (monitor.read(block) < 0) {
        throw new IOException("QEMU said: " + said);
      }
      said.append(new String(block.array(), 0, block.position(), StandardCharsets.US_ASCII));
      if (said.indexOf("active") >= 0) {
        said.setLength(0);
        monitor.write(ByteBuffer.wrap(command.getBytes(StandardCharsets.US_ASCII)));
      }
    }
  }

  private static double restoreQemu(Path folder, Path file, Path elf, int mebibytes)
      throws Exception {
    long began = System.nanoTime();
    Process qemu = qemu(folder, elf, mebibytes, "-incoming", "exec:cat " + file);
    try (OutputStream typed = qemu.getOutputStream()) {
      // What comes before the state is loaded is lost: typed again until it is answered.
      while (qemu.getInputStream().available() == 0 && qemu.isAlive()) {
        typed.write('x');
        typed.flush();
        Thread.sleep(1);
      }
      int answer = qemu.getInputStream().read();
      if (answer < '0' || answer > '9') {
        throw new IOException("QEMU's guest answered " + answer);
      }
      return (System.nanoTime() - began) / 1e6;
    } finally {
      qemu.destroyForcibly().waitFor();
    }
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }
}
