package io.vivarium.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.memory.LayerReader;
import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
import io.vivarium.memory.MemoryVerifier;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
      Saves.save(machine, saved, Saves.layers(saved));
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
  void aSaveOfABusyGuestIsOfOneMoment() throws Exception {
    Path layers = folder.resolve("layers");
    int pages = 8192;
    long last = 0;
    try (KvmMachine machine = boot(TinyGuest.rounds(pages), 64, 1)) {
      watch.nextChar();
      for (int i = 0; i < 5; i++) {
        Path saved = Files.createDirectory(folder.resolve("saved" + i));
        Saves.save(machine, saved, layers);
        last = assertOneMoment(saved, layers, pages, last);
        watch.nextChar();
      }
    }
    for (int i = 4; i >= 0; i -= 2) {
      Path saved = folder.resolve("saved" + i);
      Path again = Files.createDirectory(folder.resolve("again" + i));
      // Few copies map its layers, very many what they come to.
      int copies = i == 4 ? 1 : 1_000_000;
      try (SavedMachine opened = SavedMachine.open(saved, layers, copies);
          KvmMachine machine =
              started(KvmMachine.restore("tiny", DeviceConfig.NONE, opened, watch));
          KvmMachine twin = started(KvmMachine.restore("twin", DeviceConfig.NONE, opened, watch))) {
        long began = assertOneMoment(saved, layers, pages, 0);
        Saves.save(machine, again, layers);
        assertOneMoment(again, layers, pages, began);
        Path other = Files.createDirectory(folder.resolve("twin" + i));
        Saves.save(twin, other, layers);
        assertOneMoment(other, layers, pages, began);
      }
    }
  }

  /** The memory is as the registers say, see {@link TinyGuest#rounds}. Returns the round. */
  private static long assertOneMoment(Path saved, Path layers, int pages, long least)
      throws Exception {
    SavedFiles.Opened opened = SavedFiles.open(saved);
    MemoryVerifier.verify(new MemoryLayers(layers), opened.memory());
    ByteBuffer regs =
        ByteBuffer.wrap(opened.machine().vcpus().getFirst().regs()).order(ByteOrder.LITTLE_ENDIAN);
    long round = regs.getLong(15 * 8);
    int next = (int) ((regs.getLong(5 * 8) >> 12) - 1024);
    ByteBuffer ram = ByteBuffer.allocate(pages * 4096).order(ByteOrder.LITTLE_ENDIAN);
    try (LayerReader reader = new LayerReader(new MemoryLayers(layers), opened.memory())) {
      reader.read(1024, pages, ram);
    }
    assertThat(round).isGreaterThanOrEqualTo(least);
    // At a round's beginning its number may not have been counted up yet.
    long before = next == 0 ? ram.getLong(4096) : round - 1;
    assertThat(before).isBetween(round - 1, round);
    for (int i = 0; i < pages; i++) {
      if (i != next) {
        assertThat(ram.getLong(i * 4096))
            .as("page %d of round %d, %d is next", i, round, next)
            .isEqualTo(i < next ? round : before);
      }
    }
    return round;
  }

  @Test
  void damagedFilesAreRefusedByName() throws Exception {
    Path saved = Files.createDirectory(folder.resolve("saved"));
    try (KvmMachine machine = boot(TinyGuest.COUNTER, 16, 1)) {
      assertThat(count(machine)).isEqualTo('1');
      save(machine, saved);
    }
    String layer = layer(saved);
    damaged(
        saved, "memory/" + layer + ".mem", 0x100010, ".mem is damaged: the checksum of page 256");
    damaged(
        saved, "memory/" + layer + ".mem", 12 << 20, ".mem is damaged: page 3072 should be zero");
    damaged(saved, "memory/" + layer + ".sums", 30, ".sums is damaged");
    damaged(saved, "state.json", 100, "state.json is damaged");
    damaged(saved, "memory.map", 60, "memory.map is damaged");
    Path memory = saved.resolve("memory/" + layer + ".mem");
    try (RandomAccessFile file = new RandomAccessFile(memory.toFile(), "rw")) {
      file.setLength(8 << 20);
    }
    refused(saved, ".mem has 8388608 bytes instead of 16777216");
    Files.delete(memory);
    refused(saved, ".mem is missing");
    Files.delete(saved.resolve("memory.map"));
    refused(saved, "memory.map is missing");
  }

  private static String layer(Path saved) throws IOException {
    return MemoryMap.read(saved).layers().getFirst().id();
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
    assertThatThrownBy(() -> Saves.restore("tiny", DeviceConfig.NONE, saved, watch))
        .isInstanceOf(BadSnapshotException.class)
        .hasMessageContaining(why);
  }

  private static void save(KvmMachine machine, Path target) throws IOException {
    Saves.save(machine, target);
  }

  private char count(KvmMachine machine) throws InterruptedException {
    machine.serial(0).send("x".getBytes(StandardCharsets.US_ASCII), 0, 1);
    return watch.nextChar();
  }

  private KvmMachine boot(String code, int mebibytes, int cpus) throws Exception {
    return started(KvmMachine.boot(TinyGuest.config(folder, code, mebibytes, cpus), watch));
  }

  private KvmMachine restore(Path saved) throws Exception {
    return started(Saves.restore("tiny", DeviceConfig.NONE, saved, watch));
  }

  private KvmMachine started(KvmMachine machine) {
    machine.serial(0).listen(watch);
    machine.resume();
    return machine;
  }
}
