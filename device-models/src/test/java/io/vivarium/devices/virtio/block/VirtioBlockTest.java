package io.vivarium.devices.virtio.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.devices.virtio.VirtioContract;
import io.vivarium.devices.virtio.VirtioCore;
import io.vivarium.devices.virtio.testkit.MockDriver;
import io.vivarium.devices.virtio.testkit.MockQueue.Buffer;
import io.vivarium.devices.virtio.testkit.MockQueue.Used;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class VirtioBlockTest extends VirtioContract<VirtioBlock.State, VirtioBlock> {
  private static final int IN = 0;
  private static final int OUT = 1;
  private static final int FLUSH = 4;
  private static final int GET_ID = 8;
  private static final int DISCARD = 11;
  private static final int WRITE_ZEROES = 13;
  private static final int DISK_SIZE = 1 << 20;

  private final MemoryDisk disk = new MemoryDisk(DISK_SIZE, false);
  private final ConcurrentLinkedQueue<String> events = new ConcurrentLinkedQueue<>();
  private final BlockEvents listener =
      new BlockEvents() {
        @Override
        public void failed(String device, IOException cause) {
          events.add("failed " + cause.getMessage());
        }

        @Override
        public void outOfSpace(String device) {
          events.add("full");
        }
      };

  @Override
  protected VirtioBlock create(GuestMemory memory) {
    return new VirtioBlock("disk0", memory, disk, 2, "VIVARIUM-1", listener);
  }

  @Override
  protected int pullQueue() {
    return 0;
  }

  @Override
  protected List<byte[]> requestHeads() {
    return List.of(
        header(IN, 1),
        header(OUT, 3),
        header(FLUSH, 0),
        header(GET_ID, 0),
        header(DISCARD, 0),
        header(WRITE_ZEROES, 0),
        ByteBuffer.allocate(32)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(header(WRITE_ZEROES, 0))
            .putLong(8)
            .putInt(8)
            .putInt(1)
            .array(),
        header(77, 0));
  }

  @Override
  protected void forget() {}

  @Override
  protected void exchange(VirtioBlock device, MockDriver driver) {
    byte[] pattern = new byte[1024];
    new Random(5).nextBytes(pattern);
    long data = guest.allocate(pattern);
    assertThat(request(driver, OUT, 4, Buffer.readable(data, 1024))).isZero();
    long target = guest.allocate(1024);
    assertThat(
            request(
                driver, IN, 4, Buffer.writable(target, 100), Buffer.writable(target + 100, 924)))
        .isZero();
    byte[] got = new byte[1024];
    guest.memory().read(target, got);
    assertThat(got).isEqualTo(pattern);
    assertThat(request(driver, FLUSH, 0)).isZero();
  }

  private static byte[] header(int type, long sector) {
    return ByteBuffer.allocate(16)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(type)
        .putInt(0)
        .putLong(sector)
        .array();
  }

  /** Sends a request and waits; returns its status. */
  private int request(MockDriver driver, int type, long sector, Buffer... data) {
    long status = add(driver, 0, type, sector, data);
    driver.kick(0);
    await(() -> driver.queue(0).hasUsed() || driver.needsReset());
    Used used = driver.queue(0).mustCollect();
    long writable = 1;
    if (type == IN) {
      for (Buffer buffer : data) {
        writable += buffer.length();
      }
    }
    int result = guest.memory().getU8(status);
    if (result == 0 && type != GET_ID) {
      assertThat(used.written()).isEqualTo((int) writable);
    }
    return result;
  }

  private long add(MockDriver driver, int queue, int type, long sector, Buffer... data) {
    Buffer[] chain = new Buffer[data.length + 2];
    chain[0] = Buffer.readable(guest.allocate(header(type, sector)), 16);
    System.arraycopy(data, 0, chain, 1, data.length);
    long status = guest.allocate(new byte[] {(byte) 0xaa});
    chain[data.length + 1] = Buffer.writable(status, 1);
    driver.queue(queue).add(chain);
    return status;
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited in vain");
      }
      Thread.onSpinWait();
    }
  }

  private MockDriver started(VirtioBlock device) {
    MockDriver driver = new MockDriver(guest, device);
    driver.start(-1);
    return driver;
  }

  @Test
  void tellsCapacityAndLimits() {
    try (VirtioBlock device = create(guest.memory())) {
      assertThat(device.readConfig(0, 4)).isEqualTo(DISK_SIZE / 512);
      assertThat(device.readConfig(12, 4)).isEqualTo(254);
      assertThat(device.readConfig(20, 4)).isEqualTo(512);
      assertThat(device.readConfig(34, 2)).isEqualTo(2);
    }
  }

  @Test
  void sectorsBeyondTheDiskAreErrors() {
    try (VirtioBlock device = create(guest.memory())) {
      MockDriver driver = started(device);
      long page = guest.allocate(4096);
      long last = DISK_SIZE / 512;
      for (long sector : new long[] {last, last - 7, 1L << 55, (1L << 55) - 1, -1L, -8L}) {
        assertThat(request(driver, IN, sector, Buffer.writable(page, 4096))).isEqualTo(1);
        assertThat(request(driver, OUT, sector, Buffer.readable(page, 4096))).isEqualTo(1);
      }
      assertThat(request(driver, IN, last - 8, Buffer.writable(page, 4096))).isZero();
      assertThat(request(driver, IN, 0, Buffer.writable(page, 100))).isEqualTo(1);
      assertThat(request(driver, IN, last)).isZero();
      assertThat(events).isEmpty();
    }
  }

  @Test
  void unknownRequestsAreUnsupported() {
    try (VirtioBlock device = create(guest.memory())) {
      MockDriver driver = started(device);
      for (int type : new int[] {2, 5, 14, 16, -1}) {
        assertThat(request(driver, type, 0)).isEqualTo(2);
      }
    }
  }

  @Test
  void statusByteMissingOrReadOnlyNeedsAReset() {
    try (VirtioBlock device = create(guest.memory())) {
      MockDriver driver = started(device);
      long header = guest.allocate(header(OUT, 0));
      driver.queue(0).add(Buffer.readable(header, 16), Buffer.readable(header, 16));
      driver.kick(0);
      assertThat(driver.needsReset()).isTrue();
      driver.start(-1);
      driver.queue(0).add(Buffer.readable(header, 15), Buffer.writable(header, 1));
      driver.kick(0);
      assertThat(driver.needsReset()).isTrue();
    }
  }

  @Test
  void tellsItsSerial() {
    try (VirtioBlock device = create(guest.memory())) {
      MockDriver driver = started(device);
      long target = guest.allocate(20);
      assertThat(request(driver, GET_ID, 0, Buffer.writable(target, 20))).isZero();
      byte[] id = new byte[20];
      guest.memory().read(target, id);
      assertThat(new String(id, StandardCharsets.US_ASCII)).startsWith("VIVARIUM-1\0");
    }
  }

  private Buffer range(long sector, int count, int flags) {
    byte[] bytes =
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(sector)
            .putInt(count)
            .putInt(flags)
            .array();
    return Buffer.readable(guest.allocate(bytes), 16);
  }

  @Test
  void discardsAndZeroes() {
    try (VirtioBlock device = create(guest.memory())) {
      MockDriver driver = started(device);
      disk.data[512] = 1;
      disk.data[1024] = 1;
      assertThat(request(driver, WRITE_ZEROES, 0, range(1, 1, 1))).isZero();
      assertThat(disk.data[512]).isZero();
      assertThat(disk.data[1024]).isEqualTo((byte) 1);
      assertThat(request(driver, DISCARD, 0, range(8, 8, 0), range(64, 8, 0))).isZero();
      assertThat(disk.discards).isEqualTo(2);
      assertThat(request(driver, DISCARD, 0, range(8, 8, 1))).isEqualTo(2);
      assertThat(request(driver, WRITE_ZEROES, 0, range(8, 8, 2))).isEqualTo(2);
      assertThat(request(driver, DISCARD, 0, range(2047, 8, 0))).isEqualTo(1);
      assertThat(request(driver, DISCARD, 0, range(-1, -1, 0))).isEqualTo(1);
      assertThat(request(driver, DISCARD, 0)).isEqualTo(1);
      assertThat(request(driver, DISCARD, 0, Buffer.readable(0x1000, 24))).isEqualTo(1);
      assertThat(disk.discards).isEqualTo(2);
    }
  }

  @Test
  void aReadOnlyDiskIsNeverWritten() {
    MemoryDisk readOnly = new MemoryDisk(DISK_SIZE, true);
    try (VirtioBlock device = new VirtioBlock("disk0", guest.memory(), readOnly, 1, "", listener)) {
      MockDriver driver = started(device);
      assertThat(driver.core().offeredFeatures() & 1 << 5).isNotZero();
      assertThat(driver.core().offeredFeatures() & (1 << 13 | 1 << 14)).isZero();
      long page = guest.allocate(4096);
      assertThat(request(driver, OUT, 0, Buffer.readable(page, 4096))).isEqualTo(1);
      assertThat(request(driver, DISCARD, 0, range(0, 8, 0))).isEqualTo(1);
      assertThat(request(driver, WRITE_ZEROES, 0, range(0, 8, 0))).isEqualTo(1);
      assertThat(request(driver, IN, 0, Buffer.writable(page, 4096))).isZero();
      assertThat(events).isEmpty();
    }
  }

  @Test
  void anErrorOfTheHostReachesGuestAndMachine() {
    try (VirtioBlock device = create(guest.memory())) {
      MockDriver driver = started(device);
      disk.failing = true;
      long page = guest.allocate(4096);
      assertThat(request(driver, IN, 0, Buffer.writable(page, 4096))).isEqualTo(1);
      assertThat(request(driver, FLUSH, 0)).isEqualTo(1);
      assertThat(events).hasSize(2).allMatch(event -> event.contains("EIO"));
      disk.failing = false;
      assertThat(request(driver, IN, 0, Buffer.writable(page, 4096))).isZero();
      assertThat(device.statistics().failures()).isEqualTo(2);
    }
  }

  @Test
  void aFullDiskParksTheRequestUntilTheMachineGoesOn() throws Exception {
    try (VirtioBlock device = create(guest.memory());
        VirtioBlock other = create(guest.memory())) {
      MockDriver driver = started(device);
      disk.full = true;
      long page = guest.allocate(new byte[] {9, 9, 9});
      long status = add(driver, 0, OUT, 0, Buffer.readable(page, 512));
      driver.kick(0);
      await(() -> events.contains("full"));
      driver.kick(0);
      assertThat(driver.queue(0).hasUsed()).isFalse();
      device.pause();
      device.resume(); // still full
      assertThat(events).hasSize(2);
      device.pause();
      VirtioBlock.State saved = device.save();
      assertThat(saved.parked()).hasSize(1);

      other.restore(saved);
      other.core().restore(device.core().save());
      MockDriver moved = driver.moveTo(other);
      disk.full = false;
      other.resume();
      other.core().setTransportRuns(true); // either order will do
      await(() -> moved.queue(0).hasUsed());
      assertThat(guest.memory().getU8(status)).isZero();
      assertThat(disk.data[2]).isEqualTo((byte) 9);
      assertThat(other.save().parked()).isEmpty();
    }
  }

  @Test
  void aResetWaitsForRequestsInFlight() throws Exception {
    try (VirtioBlock device = create(guest.memory())) {
      MockDriver driver = started(device);
      CountDownLatch gate = new CountDownLatch(1);
      disk.gate = gate;
      add(driver, 0, FLUSH, 0);
      add(driver, 1, FLUSH, 0);
      driver.kick(0);
      driver.kick(1);
      Thread reset = new Thread(() -> driver.core().writeStatus(0));
      reset.start();
      await(() -> reset.getState() == Thread.State.WAITING);
      assertThat(driver.queue(0).hasUsed()).isFalse();
      disk.gate = null;
      gate.countDown();
      reset.join();
      assertThat(disk.flushes).isEqualTo(2);
      assertThat(driver.core().status()).isZero();
    }
  }

  @Test
  void moreRequestsThanWorkersAllEnd() {
    try (VirtioBlock device = create(guest.memory())) {
      MockDriver driver = started(device);
      CountDownLatch gate = new CountDownLatch(1);
      disk.gate = gate;
      int count = 80;
      for (int i = 0; i < count; i++) {
        add(driver, i % 2, FLUSH, 0);
      }
      driver.kick(0);
      driver.kick(1);
      disk.gate = null;
      gate.countDown();
      for (int i = 0; i < count; i++) {
        int queue = i % 2;
        await(() -> driver.queue(queue).hasUsed());
        driver.queue(queue).mustCollect();
      }
      assertThat(disk.flushes).isEqualTo(count);
    }
  }

  @Test
  void growthIsTold() {
    try (VirtioBlock device = create(guest.memory())) {
      MockDriver driver = started(device);
      int generation = driver.core().configGeneration();
      disk.resize(2 * DISK_SIZE);
      device.capacityChanged();
      assertThat(driver.configInterrupts()).isEqualTo(1);
      assertThat(driver.core().configGeneration()).isNotEqualTo(generation);
      assertThat(device.readConfig(0, 4)).isEqualTo(2 * DISK_SIZE / 512);
      long page = guest.allocate(512);
      assertThat(request(driver, OUT, DISK_SIZE / 512, Buffer.readable(page, 512))).isZero();
    }
  }

  @Test
  void aGuestThatRewritesDescriptorsWhileTheyAreReadHarmsNobody() throws Exception {
    try (VirtioBlock device = create(guest.memory())) {
      MockDriver driver = started(device);
      long descriptors = driver.queue(0).descriptors();
      GuestMemory memory = guest.memory();
      Thread mutator =
          new Thread(
              () -> {
                Random random = new Random(3);
                while (!Thread.currentThread().isInterrupted()) {
                  int at = random.nextInt(16);
                  memory.setU64(descriptors + 16L * at, random.nextInt(8) << 12);
                  memory.setU64(
                      descriptors + 16L * at + 8,
                      random.nextInt(8192)
                          | (long) random.nextInt(8) << 32
                          | (long) random.nextInt(16) << 48);
                }
              });
      mutator.start();
      for (int i = 0; i < 20_000; i++) {
        driver.queue(0).offer(i & 15);
        driver.kick(0);
        if (driver.needsReset()) {
          driver.core().writeStatus(0);
          guest.freeAll();
          driver.start(-1);
          assertThat(driver.queue(0).descriptors()).isEqualTo(descriptors);
        }
      }
      mutator.interrupt();
      mutator.join();
      guest.freeAll();
      driver.start(-1);
      exchange(device, driver);
      assertThat(driver.core().status() & VirtioCore.NEEDS_RESET).isZero();
    }
  }
}
