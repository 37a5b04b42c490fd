package io.vivarium.devices.virtio.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.pci.Doorbells;
import io.vivarium.devices.pci.PciHostBridge;
import io.vivarium.devices.pci.VirtioPci;
import io.vivarium.devices.virtio.testkit.MockGuest;
import io.vivarium.devices.virtio.testkit.MockPciDriver;
import io.vivarium.devices.virtio.testkit.MockQueue;
import io.vivarium.devices.virtio.testkit.MockQueue.Buffer;
import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.RawDisk;
import io.vivarium.images.disk.qcow2.BackingFiles;
import io.vivarium.images.disk.qcow2.Qcow2;
import io.vivarium.images.disk.qcow2.Qcow2Disk;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way: a driver on the PCI bus, the block device, a real image file. */
class BlockOnFilesTest {
  private static final long WINDOW = 0xc000_0000L;
  private static final int SIZE = 8 << 20;
  private static final int MAX = 64 << 10;

  @TempDir Path folder;
  private final MockGuest guest = new MockGuest();
  private final Random random = new Random(11);
  private final byte[] shadow = new byte[SIZE];
  private long header;
  private long status;
  private long data;

  @AfterEach
  void freeMemory() {
    guest.close();
  }

  /** A machine with one disk; its vCPU is the test's thread. */
  private final class Machine implements AutoCloseable {
    final VirtioBlock block;
    final VirtioPci function;
    final MockPciDriver driver;

    Machine(Disk disk) {
      block = new VirtioBlock("disk0", guest.memory(), disk, 1, "files", BlockEvents.NONE);
      function = new VirtioPci("disk0.pci", block, (vector, address, value) -> {}, Doorbells.NONE);
      PciHostBridge bridge = new PciHostBridge("pci", WINDOW, 1 << 20);
      bridge.add(1, function);
      driver = new MockPciDriver(guest, bridge.ecam(), bridge.window(), WINDOW, 1);
    }

    void resume() {
      function.resume();
      block.resume();
    }

    @Override
    public void close() {
      function.close();
      block.close();
    }
  }

  @Test
  void aRandomWorkloadOnARawFileReadsBackAlsoAfterARestore() throws Exception {
    Path file = folder.resolve("disk.raw");
    RawDisk.create(file, SIZE);
    try (RawDisk disk = RawDisk.open(file, false, HolePunch.Factory.NONE)) {
      workAndRestore(disk);
    }
  }

  @Test
  void aRandomWorkloadOnAQcow2FileReadsBackAlsoAfterARestore() throws Exception {
    Path file = folder.resolve("disk.qcow2");
    Qcow2.create(file, SIZE, null, null);
    BackingFiles backing = BackingFiles.none();
    try (Qcow2Disk disk = Qcow2Disk.open(file, false, backing, HolePunch.Factory.NONE)) {
      workAndRestore(disk);
    }
  }

  private void workAndRestore(Disk disk) throws Exception {
    header = guest.allocate(32);
    status = guest.allocate(1);
    data = guest.allocate(MAX);
    MockQueue queue;
    VirtioPci.State transport;
    VirtioBlock.State device;
    try (Machine machine = new Machine(disk)) {
      machine.resume();
      machine.driver.enableMsix();
      queue = machine.driver.start(-1, 64)[0];
      assertThat(machine.driver.device(0, 4)).isEqualTo(SIZE / 512);
      work(machine, queue, 400);
      machine.function.pause();
      machine.block.pause();
      transport = machine.function.save();
      device = machine.block.save();
    }
    try (Machine machine = new Machine(disk)) {
      machine.function.restore(transport);
      machine.block.restore(device);
      machine.resume();
      work(machine, queue, 400);
      request(machine, queue, 4, 0);
    }
  }

  private void work(Machine machine, MockQueue queue, int requests) {
    for (int i = 0; i < requests; i++) {
      int sectors = 1 + random.nextInt(MAX / 512);
      int sector = random.nextInt(SIZE / 512 - sectors);
      int from = sector * 512;
      int length = sectors * 512;
      switch (random.nextInt(5)) {
        case 0, 1 -> {
          byte[] bytes = new byte[length];
          random.nextBytes(bytes);
          guest.memory().write(data, bytes);
          request(machine, queue, 1, sector, Buffer.readable(data, length));
          System.arraycopy(bytes, 0, shadow, from, length);
        }
        case 2 -> {
          ByteBuffer range = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
          range.putLong(sector).putInt(sectors).putInt(1);
          guest.memory().write(header + 16, range.array());
          request(machine, queue, 13, 0, Buffer.readable(header + 16, 16));
          Arrays.fill(shadow, from, from + length, (byte) 0);
        }
        default -> {
          int half = length / 2;
          request(
              machine,
              queue,
              0,
              sector,
              Buffer.writable(data, half),
              Buffer.writable(data + half, length - half));
          byte[] got = new byte[length];
          guest.memory().read(data, got);
          assertThat(got).isEqualTo(Arrays.copyOfRange(shadow, from, from + length));
        }
      }
    }
  }

  private void request(Machine machine, MockQueue queue, int type, long sector, Buffer... buffers) {
    ByteBuffer head = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    guest.memory().write(header, head.putInt(type).putInt(0).putLong(sector).array());
    guest.memory().setU8(status, 0xff);
    Buffer[] chain = new Buffer[buffers.length + 2];
    chain[0] = Buffer.readable(header, 16);
    System.arraycopy(buffers, 0, chain, 1, buffers.length);
    chain[buffers.length + 1] = Buffer.writable(status, 1);
    queue.add(chain);
    machine.driver.kick(0);
    while (!queue.hasUsed()) {
      Thread.onSpinWait();
    }
    queue.mustCollect();
    assertThat(guest.memory().getU8(status)).isZero();
  }
}
