package io.vivarium.images.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.DiskFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Power losses, kills and a full file system at any write. */
class Qcow2CrashTest {
  private static final int SIZE = 1 << 20;
  private static final int SECTORS = SIZE / 512;
  @TempDir Path folder;

  /**
   * The disk's sectors hold numbers that only grow. {@code flushed} are those that a flush made
   * durable, {@code written} the newest.
   */
  private final int[] flushed = new int[SECTORS];

  private final int[] written = new int[SECTORS];

  private byte[] emptyImage() throws IOException {
    Path path = folder.resolve("empty.qcow2");
    Files.deleteIfExists(path);
    Qcow2.create(path, SIZE, null, null);
    return Files.readAllBytes(path);
  }

  private Qcow2Disk open(LoggedChannel channel) throws IOException {
    return Qcow2Disk.open(
        DiskFile.over(folder.resolve("disk.qcow2"), channel, false), BackingFiles.none());
  }

  private static byte[] sectors(int number, int count) {
    byte[] bytes = new byte[count * 512];
    for (int i = 0; i < bytes.length; i += 4) {
      bytes[i] = (byte) number;
      bytes[i + 1] = (byte) (number >> 8);
    }
    return bytes;
  }

  private void work(Random random, Disk disk, int number) throws IOException {
    int at = random.nextInt(SECTORS);
    int count = Math.min(SECTORS - at, 1 + random.nextInt(random.nextInt(4) == 0 ? 300 : 8));
    if (random.nextInt(10) == 0) {
      // Discarded sectors may hold anything; here only what was there, or nothing.
      disk.discard(at * 512L, count * 512L);
      for (int i = at; i < at + count; i++) {
        flushed[i] = 0;
      }
    } else {
      for (int i = at; i < at + count; i++) {
        written[i] = number;
      }
      disk.write(at * 512L, MemorySegment.ofArray(sectors(number, count)));
    }
    if (random.nextInt(6) == 0) {
      disk.flush();
      readNumbers(disk, flushed);
    }
  }

  private static void readNumbers(Disk disk, int[] numbers) throws IOException {
    byte[] all = new byte[SIZE];
    disk.read(0, MemorySegment.ofArray(all));
    for (int i = 0; i < SECTORS; i++) {
      numbers[i] = Byte.toUnsignedInt(all[i * 512]) | Byte.toUnsignedInt(all[i * 512 + 1]) << 8;
    }
  }

  private void mustHoldWhatWasFlushed(byte[] image, String when) throws Exception {
    try (Qcow2Disk disk = open(new LoggedChannel(image))) {
      int[] found = new int[SECTORS];
      readNumbers(disk, found);
      for (int i = 0; i < SECTORS; i++) {
        assertThat(found[i]).as(when + ", sector " + i).isBetween(flushed[i], written[i]);
      }
    }
    LoggedChannel repaired = new LoggedChannel(image);
    open(repaired).close();
    Path file = Files.write(folder.resolve("repaired.qcow2"), repaired.contents());
    if (Files.isExecutable(Path.of("/usr/bin/qemu-img"))) {
      QemuImg.check(file);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void keepsWhatWasFlushedWhateverAPowerLossUndoes(long seed) throws Exception {
    Random random = new Random(seed);
    LoggedChannel channel = new LoggedChannel(emptyImage());
    Qcow2Disk disk = open(channel);
    for (int step = 1; step <= 200; step++) {
      work(random, disk, step);
      if (step % 10 == 0) {
        mustHoldWhatWasFlushed(channel.afterPowerLoss(random), "power loss at step " + step);
        mustHoldWhatWasFlushed(channel.contents(), "kill at step " + step);
      }
    }
    disk.close();
    readNumbers(open(channel), flushed);
    mustHoldWhatWasFlushed(channel.contents(), "at the end");
  }

  @Test
  void keepsWhatWasFlushedWhenTheFileSystemFillsUpAndGoesOnWhenThereIsRoom() throws Exception {
    Random random = new Random(4);
    LoggedChannel channel = new LoggedChannel(emptyImage());
    Qcow2Disk disk = open(channel);
    int number = 1;
    for (int round = 0; round < 60; round++) {
      channel.fullAfter(random.nextInt(40));
      boolean full = false;
      while (!full) {
        try {
          work(random, disk, number++);
        } catch (Disk.NoSpaceException e) {
          full = true;
          mustHoldWhatWasFlushed(channel.contents(), "kill when full, round " + round);
          mustHoldWhatWasFlushed(channel.afterPowerLoss(random), "power loss, round " + round);
        }
      }
      channel.fullAfter(-1);
      disk.flush();
      readNumbers(disk, flushed);
      mustHoldWhatWasFlushed(channel.contents(), "when there is room again, round " + round);
    }
    disk.close();
    Path file = Files.write(folder.resolve("end.qcow2"), channel.contents());
    QemuImg.assumeInstalled();
    QemuImg.check(file);
  }

  @Test
  void whatAFailedSyncLostIsNeverCalledDurable() throws Exception {
    LoggedChannel channel = new LoggedChannel(emptyImage());
    Qcow2Disk disk = open(channel);
    disk.write(0, MemorySegment.ofArray(sectors(7, 8)));
    disk.flush();
    disk.write(0, MemorySegment.ofArray(sectors(8, 8)));
    channel.failNextForce();
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(disk::flush).hasMessageContaining("cannot be made durable any more");
    }
    assertThatThrownBy(disk::close).hasMessageContaining("cannot be made durable any more");
  }

  @Test
  void growingIsAllOrNothing() throws Exception {
    // Clusters of 512 bytes: an L1 entry covers 32 KiB, so growing moves the L1 table.
    QemuImg.assumeInstalled();
    Path small = folder.resolve("small.qcow2");
    QemuImg.ok("create", "-f", "qcow2", "-o", "cluster_size=512", small, 1 << 16);
    Random random = new Random(5);
    for (int writes = 0; writes < 40; writes++) {
      LoggedChannel channel = new LoggedChannel(Files.readAllBytes(small));
      Qcow2Disk disk = open(channel);
      disk.write(0, MemorySegment.ofArray(sectors(77, 128)));
      disk.flush();
      channel.fullAfter(writes);
      boolean grown = false;
      try {
        disk.resize(1 << 22);
        grown = true;
      } catch (Disk.NoSpaceException e) {
        assertThat(disk.size()).isEqualTo(1 << 16);
      }
      try (Qcow2Disk again = open(new LoggedChannel(channel.afterPowerLoss(random)))) {
        assertThat(again.size()).isIn(1L << 16, 1L << 22);
        assertThat(again.size() == 1 << 22 || !grown).isTrue();
        byte[] data = new byte[1 << 16];
        again.read(0, MemorySegment.ofArray(data));
        assertThat(data).isEqualTo(sectors(77, 128));
      }
      channel.fullAfter(-1);
      disk.resize(1 << 22);
      disk.close();
      QemuImg.check(Files.write(folder.resolve("grown.qcow2"), channel.contents()));
    }
    assertThatThrownBy(() -> open(new LoggedChannel(new byte[100])))
        .hasMessageContaining("qcow2 header");
  }
}
