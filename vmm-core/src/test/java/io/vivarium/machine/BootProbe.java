package io.vivarium.machine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * Boots a kernel with its serial console on standard input and output, and tells what it cost:
 * {@code BootProbe KERNEL INITRD MEBIBYTES CPUS CMDLINE [UNTIL]}. With UNTIL it ends when the
 * console shows that text, and with {@code -Dsave=FOLDER} it is saved then.
 */
final class BootProbe {
  private BootProbe() {}

  public static void main(String[] args) throws Exception {
    MachineConfig config =
        new MachineConfig(
            "probe",
            Long.parseLong(args[2]) << 20,
            Integer.parseInt(args[3]),
            Path.of(args[0]),
            args[1].equals("-") ? null : Path.of(args[1]),
            args[4],
            !Boolean.getBoolean("whole"),
            DeviceConfig.NONE);
    String until = args.length > 5 ? args[5] : "\0";
    boolean timed = Boolean.getBoolean("timed"); // each line begins with the CPU seconds so far
    CountDownLatch done = new CountDownLatch(1);
    long start = System.nanoTime();
    KvmMachine machine =
        KvmMachine.boot(
            config,
            exit -> {
              System.err.println("\n" + exit);
              done.countDown();
            });
    long loaded = System.nanoTime();
    StringBuilder seen = new StringBuilder();
    machine
        .serial(0)
        .listen(
            (data, offset, length) -> {
              for (int i = 0; i < length; i++) {
                System.out.write(data[offset + i]);
                seen.append((char) data[offset + i]);
                if (data[offset + i] == '\n' && timed) {
                  System.out.printf("%6.2f ", machine.cpuNanos() / 1e9);
                }
              }
              System.out.flush();
              if (seen.indexOf(until) >= 0) {
                done.countDown();
              }
            });
    machine.resume();
    Thread.ofPlatform().daemon().start(() -> forward(machine.serial(0)));
    done.await();
    System.err.printf(
        "%nloaded in %d ms, ran %.1f s, %.1f CPU seconds%n%s%n",
        (loaded - start) / 1_000_000,
        (System.nanoTime() - loaded) / 1e9,
        machine.cpuNanos() / 1e9,
        machine.counters());
    String folder = System.getProperty("save");
    if (folder != null) {
      Path to = Path.of(folder);
      System.err.printf("stood still for %.1f ms%n", Saves.save(machine, to, Saves.layers(to)));
    }
    machine.close();
  }

  private static void forward(SerialPort port) {
    byte[] buffer = new byte[4096];
    try {
      for (int count = System.in.read(buffer); count > 0; count = System.in.read(buffer)) {
        port.send(buffer, 0, count);
      }
    } catch (IOException | InterruptedException e) {
      System.err.println(e);
    }
  }
}
