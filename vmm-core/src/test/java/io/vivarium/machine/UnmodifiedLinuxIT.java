package io.vivarium.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.images.store.StoredImage;
import io.vivarium.testing.TestImages;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's own kernel, byte for byte, on this host's KVM, whether or not that needs the assist; its
 * only process is a program that watches its AVX registers, while the machine is saved and restored
 * under it. The one cold boot of this module.
 */
@Tag("kvm")
class UnmodifiedLinuxIT {
  private static final int ROUNDS = 1000;

  @TempDir Path folder;

  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final StringBuilder line = new StringBuilder();

  @Test
  @Timeout(value = 30, unit = TimeUnit.MINUTES)
  void bootsAndKeepsTheRegistersOfItsTasksApart() throws Exception {
    TinyGuest.assumeKvm();
    assumeTrue(
        Files.readString(Path.of("/proc/cpuinfo")).contains(" avx "), "skipped: no AVX here");
    Path initrd = initrd(compile());
    StoredImage image = TestImages.debianTiny();
    Path saved = Files.createDirectory(folder.resolve("saved"));
    MachineConfig config =
        new MachineConfig(
            "linux",
            256L << 20,
            2,
            image.kernel(),
            initrd,
            "console=ttyS0 panic=-1",
            true,
            DeviceConfig.NONE);

    try (KvmMachine machine = KvmMachine.boot(config, exit -> lines.add(exit.toString()))) {
      machine.serial(0).listen(this::received);
      machine.resume();
      assertThat(await("processors: ")).isEqualTo("processors: 2");
      await("avx: start");
      System.out.printf(
          "unmodified Linux, 2 vCPUs: first process after %.1f CPU seconds%n",
          machine.cpuNanos() / 1e9);
      machine.pause();
      Saves.save(machine, saved);
      System.out.println(machine.counters());
    }
    try (KvmMachine machine =
        Saves.restore("linux", DeviceConfig.NONE, saved, exit -> lines.add(exit.toString()))) {
      machine.serial(0).listen(this::received);
      machine.resume();
      assertThat(await("avx: ")).isEqualTo("avx: intact");
    }
  }

  private void received(byte[] data, int offset, int length) {
    for (int i = offset; i < offset + length; i++) {
      if (data[i] == '\n') {
        lines.add(line.toString().strip());
        line.setLength(0);
      } else {
        line.append((char) data[i]);
      }
    }
  }

  private String await(String start) throws InterruptedException {
    while (true) {
      String next = lines.take();
      if (next.startsWith(start)) {
        return next;
      }
      assertThat(next).doesNotContain("Kernel panic").doesNotStartWith("Failed");
    }
  }

  private Path compile() throws IOException, InterruptedException {
    Path source = folder.resolve("avx-init.c");
    try (InputStream text =
        UnmodifiedLinuxIT.class.getResourceAsStream("/io/vivarium/machine/avx-init.c")) {
      assertThat(text).isNotNull();
      Files.copy(text, source);
    }
    Path program = folder.resolve("init");
    Path log = folder.resolve("cc.log");
    try {
      Process compiler =
          new ProcessBuilder(
                  "cc",
                  "-O2",
                  "-static",
                  "-mavx",
                  "-DROUNDS=" + ROUNDS,
                  "-o",
                  program.toString(),
                  source.toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      int status = compiler.waitFor();
      assumeTrue(status == 0, () -> "skipped: cc cannot make a static program here, see " + log);
    } catch (IOException e) {
      assumeTrue(false, "skipped: there is no C compiler (cc) here");
    }
    return program;
  }

  private Path initrd(Path init) throws IOException {
    Path file = folder.resolve("initrd");
    try (OutputStream out = Files.newOutputStream(file);
        CpioArchiveOutputStream cpio = new CpioArchiveOutputStream(out, CpioConstants.FORMAT_NEW)) {
      CpioArchiveEntry dev = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, "dev");
      dev.setMode(CpioConstants.C_ISDIR | 0755);
      cpio.putArchiveEntry(dev);
      cpio.closeArchiveEntry();
      CpioArchiveEntry console = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, "dev/console");
      console.setMode(CpioConstants.C_ISCHR | 0600);
      console.setRemoteDeviceMaj(5);
      console.setRemoteDeviceMin(1);
      cpio.putArchiveEntry(console);
      cpio.closeArchiveEntry();
      byte[] program = Files.readAllBytes(init);
      CpioArchiveEntry entry =
          new CpioArchiveEntry(CpioConstants.FORMAT_NEW, "init", program.length);
      entry.setMode(CpioConstants.C_ISREG | 0755);
      cpio.putArchiveEntry(entry);
      cpio.write(program);
      cpio.closeArchiveEntry();
    }
    return file;
  }
}
