package io.vivarium.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The machine with guests of a few instructions. */
@Tag("kvm")
class KvmMachineIT {
  @TempDir Path folder;

  private final TinyGuest.Watch watch = new TinyGuest.Watch();

  @BeforeAll
  static void assumeKvm() {
    TinyGuest.assumeKvm();
  }

  @Test
  void aGuestPrintsAndStops() throws Exception {
    try (KvmMachine machine = boot(TinyGuest.print('H') + TinyGuest.HALT, 16, 1)) {
      assertThat(watch.nextChar()).isEqualTo('H');
      machine.pause();
      assertThat(machine.paused()).isTrue();
      assertThat(machine.counters()).containsEntry("uart.com1.tx", 1L).containsKey("exit.io");
      assertThat(machine.cpuNanos()).isPositive();
      machine.resume();
    }
  }

  @Test
  void aGuestThatNeverExitsIsPausedAgainAndAgain() throws Exception {
    try (KvmMachine machine = boot(TinyGuest.SPIN, 16, 1)) {
      for (int i = 0; i < 50; i++) {
        machine.pause();
        machine.resume();
      }
    }
  }

  @Test
  void vcpusThatWaitForTheirStartArePausedToo() throws Exception {
    try (KvmMachine machine = boot(TinyGuest.print('2') + TinyGuest.SPIN, 16, 3)) {
      assertThat(watch.nextChar()).isEqualTo('2');
      machine.pause();
      machine.resume();
      machine.pause();
    }
  }

  @Test
  void memoryAbove4GibIsThere() throws Exception {
    String map4GibTo2Mib =
        "48c7c003f00000 48890425 20a00000" // the directory pointer table's fifth entry
            + "48b88300000001000000 48890425 00f00000"; // a 2 MiB page at 4 GiB
    String writeAndRead = "48bb0000000001000000 c6034d 8a03 66baf803 ee";
    try (KvmMachine machine = boot(map4GibTo2Mib + writeAndRead + TinyGuest.HALT, 3200, 1)) {
      assertThat(watch.nextChar()).isEqualTo('M');
      machine.pause();
    }
  }

  @Test
  void aTripleFaultIsTold() throws Exception {
    try (KvmMachine machine = boot("0f0b", 16, 1)) {
      assertThat(watch.nextExit()).isInstanceOf(MachineExit.TripleFault.class);
      machine.pause();
      machine.resume();
    }
  }

  @Test
  void powerOffAndResetAreTold() throws Exception {
    try (KvmMachine machine = boot("66ba0406 66b80034 66ef" + TinyGuest.SPIN, 16, 1)) {
      assertThat(watch.nextExit()).isEqualTo(new MachineExit.PowerOff());
      machine.pause();
    }
    for (String reset : new String[] {"66baf90c b00f ee", "66ba6400 b0fe ee"}) {
      try (KvmMachine machine = boot(reset + TinyGuest.SPIN, 16, 1)) {
        assertThat(watch.nextExit()).isEqualTo(new MachineExit.Reset());
        machine.pause();
      }
    }
  }

  @Test
  void aPanicOnTheConsoleIsTold() throws Exception {
    StringBuilder code = new StringBuilder();
    for (char c : "[ 1.0] Kernel panic - not syncing: no init\n".toCharArray()) {
      code.append(TinyGuest.print(c));
    }
    try (KvmMachine machine = boot(code + TinyGuest.SPIN, 16, 1)) {
      assertThat(watch.nextExit())
          .isEqualTo(new MachineExit.Panic("Kernel panic - not syncing: no init"));
      machine.pause();
    }
  }

  @Test
  void aRestoredGuestGoesOnWhereItWas() throws Exception {
    Path saved = Files.createDirectory(folder.resolve("saved"));
    try (KvmMachine machine = boot(TinyGuest.COUNTER, 64, 1)) {
      assertThat(count(machine)).isEqualTo('1');
      assertThat(count(machine)).isEqualTo('2');
      machine.pause();
      VirtualMachine.SavedMachine files = machine.save(saved);
      machine.resume();
      files.sync();
      assertThat(count(machine)).isEqualTo('3');
    }
    for (int time = 0; time < 2; time++) {
      try (KvmMachine machine = restore(saved)) {
        assertThat(count(machine)).isEqualTo('3');
        assertThat(count(machine)).isEqualTo('4');
      }
    }
  }

  @Test
  void aRestoredGuestIsSavedAgain() throws Exception {
    Path first = Files.createDirectory(folder.resolve("first"));
    Path second = Files.createDirectory(folder.resolve("second"));
    try (KvmMachine machine = boot(TinyGuest.COUNTER, 16, 2)) {
      assertThat(count(machine)).isEqualTo('1');
      save(machine, first);
    }
    try (KvmMachine machine = restore(first)) {
      assertThat(count(machine)).isEqualTo('2');
      save(machine, second);
    }
    try (KvmMachine machine = restore(second)) {
      assertThat(count(machine)).isEqualTo('3');
    }
    try (KvmMachine machine = restore(first)) {
      assertThat(count(machine)).isEqualTo('2');
    }
  }

  @Test
  void damagedFilesAreRefusedByName() throws Exception {
    Path saved = Files.createDirectory(folder.resolve("saved"));
    try (KvmMachine machine = boot(TinyGuest.COUNTER, 16, 1)) {
      assertThat(count(machine)).isEqualTo('1');
      save(machine, saved);
    }
    damaged(saved, "memory", 0x100010, "memory is damaged: the checksum of MiB 1 is wrong");
    damaged(saved, "state.json", 100, "state.json is damaged");
    damaged(saved, "memory.sums", 60, "memory.sums is damaged");
    try (RandomAccessFile file = new RandomAccessFile(saved.resolve("memory").toFile(), "rw")) {
      file.setLength(8 << 20);
    }
    refused(saved, "memory has 8388608 bytes instead of 16777216");
    Files.delete(saved.resolve("memory"));
    refused(saved, "memory is missing");
    Files.delete(saved.resolve("memory.sums"));
    refused(saved, "memory.sums is missing");
  }

  private void damaged(Path saved, String name, long offset, String why) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(saved.resolve(name).toFile(), "rw")) {
      file.seek(offset);
      int old = file.read();
      file.seek(offset);
      file.write(old ^ 0x10);
      refused(saved, why);
      file.seek(offset);
      file.write(old);
    }
  }

  private void refused(Path saved, String why) {
    assertThatThrownBy(() -> KvmMachine.restore("tiny", DeviceConfig.NONE, saved, watch))
        .isInstanceOf(BadSnapshotException.class)
        .hasMessageContaining(why);
  }

  private static void save(KvmMachine machine, Path target) throws IOException {
    machine.pause();
    machine.save(target).sync();
  }

  private char count(KvmMachine machine) throws InterruptedException {
    machine.serial(0).send("x".getBytes(StandardCharsets.US_ASCII), 0, 1);
    return watch.nextChar();
  }

  private KvmMachine boot(String code, int mebibytes, int cpus) throws Exception {
    return started(KvmMachine.boot(TinyGuest.config(folder, code, mebibytes, cpus), watch));
  }

  private KvmMachine restore(Path saved) throws Exception {
    return started(KvmMachine.restore("tiny", DeviceConfig.NONE, saved, watch));
  }

  private KvmMachine started(KvmMachine machine) {
    machine.serial(0).listen(watch);
    machine.resume();
    return machine;
  }
}
