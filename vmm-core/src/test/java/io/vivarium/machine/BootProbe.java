package io.vivarium.machine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
    machine.serial(0).listen(timed ? timedConsole(machine, until, done) : new Console(until, done));
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

  /** Passes the console on as it comes, and looks for a text in it. */
  private static final class Console implements SerialPort.Listener {
    private final byte[] until;
    private final CountDownLatch found;
    private int matched;

    Console(String until, CountDownLatch found) {
      this.until = until.getBytes(StandardCharsets.UTF_8);
      this.found = found;
    }

    @Override
    public void received(byte[] data, int offset, int length) {
      System.out.write(data, offset, length);
      System.out.flush();
      for (int i = offset; i < offset + length && matched < until.length; i++) {
        // Good enough for a text whose first letter does not come again in it.
        matched = data[i] == until[matched] ? matched + 1 : data[i] == until[0] ? 1 : 0;
      }
      if (matched == until.length) {
        found.countDown();
      }
    }
  }

  private static SerialPort.Listener timedConsole(
      KvmMachine machine, String until, CountDownLatch found) {
    Console console = new Console(until, found);
    return (data, offset, length) -> {
      int begin = offset;
      for (int i = offset; i < offset + length; i++) {
        if (data[i] == '\n') {
          console.received(data, begin, i + 1 - begin);
          begin = i + 1;
          System.out.printf("%6.2f ", machine.cpuNanos() / 1e9);
        }
      }
      console.received(data, begin, offset + length - begin);
    };
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
