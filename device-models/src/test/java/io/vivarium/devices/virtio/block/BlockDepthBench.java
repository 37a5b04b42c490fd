package io.vivarium.devices.virtio.block;

import io.vivarium.devices.pci.Doorbells;
import io.vivarium.devices.pci.PciHostBridge;
import io.vivarium.devices.pci.VirtioPci;
import io.vivarium.devices.virtio.testkit.MockGuest;
import io.vivarium.devices.virtio.testkit.MockPciDriver;
import io.vivarium.devices.virtio.testkit.MockQueue;
import io.vivarium.devices.virtio.testkit.MockQueue.Buffer;
import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.qcow2.BackingFiles;
import io.vivarium.images.disk.qcow2.Qcow2;
import io.vivarium.images.disk.qcow2.Qcow2Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * Reads through the device, as a guest's driver asks for them, of a disk on one layer and of the
 * same on two hundred; requests per second of the thread's processor time, the driver's part (a
 * mock's) counted too. {@code BlockDepthBench FOLDER}: an empty folder.
 */
final class BlockDepthBench {
  private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();
  private static final long WINDOW = 0xc000_0000L;
  private static final int SIZE = 64 << 20;
  private static final int CLUSTER = 65536;
  private static final int DEPTH = 200;
  private static final int ROUNDS = 25;
  private static final int WARM_ROUNDS = 8;

  private BlockDepthBench() {}

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    byte[] bytes = new byte[1 << 20];
    new Random(1).nextBytes(bytes);
    for (String name : new String[] {"flat", "layer0"}) {
      Qcow2.create(folder.resolve(name), SIZE, null, null);
      try (Disk disk = open(folder, name)) {
        for (long at = 0; at < SIZE; at += bytes.length) {
          disk.write(at, MemorySegment.ofArray(bytes));
        }
      }
    }
    Qcow2.create(folder.resolve("one"), SIZE, "flat", "qcow2");
    Random random = new Random(7);
    for (int i = 1; i <= DEPTH; i++) {
      Qcow2.create(folder.resolve("layer" + i), SIZE, "layer" + (i - 1), "qcow2");
      try (Disk disk = open(folder, "layer" + i)) {
        for (int n = 0; n < 8 && i < DEPTH; n++) {
          long at = random.nextInt(SIZE / CLUSTER) * (long) CLUSTER;
          disk.write(at, MemorySegment.ofArray(bytes).asSlice(0, CLUSTER));
        }
      }
    }
    try (Guest one = new Guest(open(folder, "one"));
        Guest deep = new Guest(open(folder, "layer" + DEPTH))) {
      System.out.println("requests a second at depth 1 and at depth " + DEPTH);
      compare("4 KiB random", 4096, 4096, one, deep);
      compare("128 KiB in order, in pages", 128 << 10, 4096, one, deep);
      compare("1 MiB in order, in 64 KiB", 1 << 20, CLUSTER, one, deep);
    }
  }

  private static Disk open(Path folder, String name) throws IOException {
    return Qcow2Disk.open(
        folder.resolve(name), false, BackingFiles.inside(folder), HolePunch.Factory.NONE);
  }

  private static void compare(String what, int length, int segment, Guest... guests) {
    double[][] rates = new double[guests.length][ROUNDS];
    for (int round = -WARM_ROUNDS; round < ROUNDS; round++) {
      for (int i = 0; i < guests.length; i++) {
        int g = Math.floorMod(i + round, guests.length);
        Random random = new Random(round);
        int count = length == segment ? 4000 : SIZE / length;
        long began = CPU.getCurrentThreadCpuTime();
        for (int n = 0; n < count; n++) {
          int at = length == segment ? random.nextInt(SIZE / length) : n;
          guests[g].read((long) at * length, length, segment);
        }
        if (round >= 0) {
          rates[g][round] = count * 1e9 / (CPU.getCurrentThreadCpuTime() - began);
        }
      }
    }
    double[] medians = new double[guests.length];
    for (int g = 0; g < guests.length; g++) {
      Arrays.sort(rates[g]);
      medians[g] = rates[g][ROUNDS / 2];
    }
    System.out.printf(
        Locale.ROOT,
        "%-28s %,10.0f %,10.0f  %.2f%n",
        what,
        medians[0],
        medians[1],
        medians[1] / medians[0]);
  }

  /** A machine with one disk; its vCPU is this thread. */
  private static final class Guest implements AutoCloseable {
    private final MockGuest guest = new MockGuest();
    private final Disk disk;
    private final VirtioBlock block;
    private final VirtioPci function;
    private final MockPciDriver driver;
    private final MockQueue queue;
    private final long header = guest.allocate(16);
    private final long status = guest.allocate(1);
    private final long data = guest.allocate(1 << 20);

    Guest(Disk disk) {
      this.disk = disk;
      block = new VirtioBlock("disk0", guest.memory(), disk, 1, "bench", BlockEvents.NONE);
      function = new VirtioPci("disk0.pci", block, (vector, address, value) -> {}, Doorbells.NONE);
      PciHostBridge bridge = new PciHostBridge("pci", WINDOW, 1 << 20);
      bridge.add(1, function);
      driver = new MockPciDriver(guest, bridge.ecam(), bridge.window(), WINDOW, 1);
      function.resume();
      block.resume();
      driver.enableMsix();
      queue = driver.start(-1, 64)[0];
    }

    void read(long offset, int length, int segment) {
      ByteBuffer head = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
      guest.memory().write(header, head.putLong(8, offset / 512).array());
      Buffer[] chain = new Buffer[length / segment + 2];
      chain[0] = Buffer.readable(header, 16);
      for (int i = 0; i < length / segment; i++) {
        chain[i + 1] = Buffer.writable(data + (long) i * segment, segment);
      }
      chain[chain.length - 1] = Buffer.writable(status, 1);
      queue.add(chain);
      driver.kick(0);
      while (!queue.hasUsed()) {
        Thread.onSpinWait();
      }
      queue.mustCollect();
      if (guest.memory().getU8(status) != 0) {
        throw new IllegalStateException("a read failed");
      }
    }

    @Override
    public void close() throws IOException {
      function.close();
      block.close();
      disk.close();
      guest.close();
    }
  }
}
