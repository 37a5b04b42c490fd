package io.vivarium.devices.virtio.testkit;

import io.vivarium.devices.virtio.VirtioCore;
import io.vivarium.devices.virtio.VirtioDevice;
import io.vivarium.devices.virtio.testkit.MockQueue.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A seeded, structure-aware fuzzer of a device's queues: valid most of the time, wrong now and
 * then. The same seed does the same again. What it must find is an exception, which the device's
 * core would not let through, or a fault without a sentence.
 */
public final class QueueFuzzer {
  private final MockGuest guest;
  private final VirtioDevice<?> device;
  private final List<byte[]> heads;
  private final Random random;
  private final MockDriver driver;
  private long buffers;
  private long resets;

  /**
   * @param heads how requests of this device begin; one is taken and perhaps changed
   */
  public QueueFuzzer(MockGuest guest, VirtioDevice<?> device, List<byte[]> heads, long seed) {
    this.guest = guest;
    this.device = device;
    this.heads = heads;
    this.random = new Random(seed);
    this.driver = new MockDriver(guest, device);
  }

  /** How often the device had to be reset. */
  public long resets() {
    return resets;
  }

  public void run(long iterations) {
    restart();
    for (long i = 0; i < iterations; i++) {
      step();
      if (driver.needsReset()) {
        String fault = device.core().fault();
        if (fault == null || fault.isBlank() || fault.contains("Exception")) {
          throw new AssertionError("fault without words after %d steps: %s".formatted(i, fault));
        }
        resets++;
        restart();
      } else if (oneIn(500)) {
        restart();
      }
    }
    driver.core().writeStatus(0);
  }

  private void restart() {
    guest.freeAll();
    long features = oneIn(2) ? -1L : random.nextLong();
    driver.negotiate(features);
    for (int i = 0; i < driver.core().queueCount(); i++) {
      int max = driver.core().queue(i).maxSize();
      driver.setUpQueue(i, Math.min(max, 1 << (2 + random.nextInt(6))));
    }
    buffers = guest.allocate(1 << 20);
    driver.driverOk();
  }

  private void step() {
    int index = random.nextInt(driver.core().queueCount());
    MockQueue queue = driver.queue(index);
    int chains = 1 + random.nextInt(3);
    for (int i = 0; i < chains; i++) {
      addChain(queue);
    }
    if (oneIn(100)) {
      queue.setAvailableIndex(random.nextInt());
    }
    if (oneIn(50)) {
      queue.offer(random.nextInt(1 << 16));
    }
    driver.kick(oneIn(50) ? random.nextInt() : index);
    if (oneIn(20)) {
      device.writeConfig(random.nextInt(64), 1 << random.nextInt(3), random.nextInt());
      device.readConfig(random.nextInt(64), 1 << random.nextInt(3));
    }
    if (oneIn(20)) {
      device.pause();
      device.resume();
    }
    while (!driver.needsReset() && queue.hasUsed()) {
      collect(queue);
    }
  }

  private static void collect(MockQueue queue) {
    try {
      queue.collect();
    } catch (IllegalStateException | ArithmeticException e) {
      throw new AssertionError("the device wrote a wrong used ring", e);
    }
  }

  private void addChain(MockQueue queue) {
    byte[] head = heads.get(random.nextInt(heads.size())).clone();
    while (head.length > 0 && oneIn(3)) {
      head[random.nextInt(head.length)] = (byte) random.nextInt();
    }
    List<Buffer> chain = new ArrayList<>();
    int readable = random.nextInt(4);
    int writable = random.nextInt(4);
    if (readable > 0) {
      long at = buffers + random.nextInt(1 << 16);
      guest.memory().write(at, head);
      long length = oneIn(5) ? random.nextInt(head.length + 1) : head.length;
      chain.add(Buffer.readable(at, length));
    }
    for (int i = 1; i < readable; i++) {
      chain.add(Buffer.readable(address(), length()));
    }
    for (int i = 0; i < writable; i++) {
      chain.add(Buffer.writable(address(), oneIn(3) ? 1 : length()));
    }
    if (chain.isEmpty()) {
      chain.add(Buffer.writable(address(), length()));
    }
    if (oneIn(200)) {
      java.util.Collections.shuffle(chain, random);
    }
    try {
      if (driver.core().negotiated(VirtioCore.F_INDIRECT_DESC) && oneIn(3)) {
        queue.addIndirect(
            buffers + (1 << 19) + 4096L * random.nextInt(16), chain.toArray(Buffer[]::new));
      } else {
        queue.add(chain.toArray(Buffer[]::new));
      }
    } catch (IllegalStateException | java.util.NoSuchElementException full) {
      // The device holds all descriptors, as a receive queue does.
    }
  }

  private long address() {
    if (oneIn(300)) {
      return switch (random.nextInt(4)) {
        case 0 -> random.nextLong();
        case 1 -> MockGuest.LOW - random.nextInt(4096);
        case 2 -> MockGuest.HIGH_BASE + MockGuest.HIGH - random.nextInt(4096);
        default -> 0xfee0_0000L;
      };
    }
    return oneIn(4)
        ? MockGuest.HIGH_BASE + random.nextInt((int) MockGuest.HIGH / 2)
        : buffers + (1 << 17) + random.nextInt(1 << 17);
  }

  private long length() {
    if (oneIn(300)) {
      return random.nextInt() & 0xffff_ffffL;
    }
    return switch (random.nextInt(5)) {
      case 0 -> 512L * random.nextInt(16);
      case 1 -> 4096;
      case 2 -> random.nextInt(16);
      case 3 -> 1514;
      default -> random.nextInt(8192);
    };
  }

  private boolean oneIn(int n) {
    return random.nextInt(n) == 0;
  }
}
