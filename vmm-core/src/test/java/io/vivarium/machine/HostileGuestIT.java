package io.vivarium.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.images.disk.Disk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A guest at war with its disk, in a real machine. */
@Tag("kvm")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class HostileGuestIT {
  private static final int ROUNDS = 10_000;

  @TempDir Path folder;

  private final GuestConsole console = new GuestConsole();

  @Test
  void descriptorsThatChangeWhileTheyAreReadHarmOnlyTheGuestsOwnDevice() throws Exception {
    TinyGuest.assumeKvm();
    Path elf = BareGuest.compile(folder, "hostile", "ROUNDS=" + ROUNDS);
    byte[] contents = new byte[1 << 20];
    Arrays.fill(contents, (byte) 'V');
    Path file = Files.write(folder.resolve("disk"), contents);
    TinyGuest.Watch neighbour = new TinyGuest.Watch();
    try (Disk disk = HostDisks.open(file, "raw", true, null);
        KvmMachine other =
            KvmMachine.boot(TinyGuest.config(folder, TinyGuest.COUNTER, 16, 1), neighbour);
        KvmMachine machine =
            KvmMachine.boot(
                BareGuest.config(
                    elf,
                    new DeviceConfig(
                        List.of(new DeviceConfig.DiskConfig(disk, "", 1)),
                        List.of(),
                        List.of(),
                        false,
                        null)),
                console)) {
      other.serial(0).listen(neighbour);
      other.resume();
      machine.serial(0).listen(console);
      machine.resume();
      console.await("ready");
      for (int i = 0; i < 20; i++) {
        machine.pause();
        machine.resume();
      }
      String end =
          console.awaitMatch("resets (\\d+) answered (\\d+) status (\\d+) byte (\\d+)\r?\n");
      System.out.println("hostile guest: " + end.strip() + " of " + ROUNDS + " rounds");
      assertThat(end).contains(" status 0 byte " + (int) 'V');
      assertThat(end).doesNotContain("resets 0 ").doesNotContain("answered 0 ");
      other.serial(0).send(new byte[] {'x'}, 0, 1);
      assertThat(neighbour.nextChar()).isEqualTo('1');
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(contents);
  }
}
