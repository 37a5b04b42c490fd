package io.vivarium.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.devices.virtio.testkit.MockDriver;
import io.vivarium.devices.virtio.testkit.MockGuest;
import io.vivarium.devices.virtio.testkit.MockQueue;
import io.vivarium.devices.virtio.testkit.MockQueue.Buffer;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Negotiation, geometry, notifications: with the simplest of devices. */
class VirtioCoreTest {
  private static final long EVENT_IDX = 1L << VirtioCore.F_EVENT_IDX;
  private static final long INDIRECT = 1L << VirtioCore.F_INDIRECT_DESC;

  private final MockGuest guest = new MockGuest();
  private final VirtioRng device =
      new VirtioRng("rng0", guest.memory(), target -> Arrays.fill(target, (byte) 1));
  private final MockDriver driver = new MockDriver(guest, device);

  @AfterEach
  void freeMemory() {
    guest.close();
  }

  private int add() {
    return driver.queue(0).add(Buffer.writable(0x200000, 16));
  }

  @Test
  void featuresThatWereNotOfferedAreRefused() {
    VirtioCore core = driver.core();
    core.writeStatus(VirtioCore.ACKNOWLEDGE | VirtioCore.DRIVER);
    core.setDriverFeatures(1L << VirtioCore.F_VERSION_1 | 1L << 60);
    core.writeStatus(core.status() | VirtioCore.FEATURES_OK);
    assertThat(core.status() & VirtioCore.FEATURES_OK).isZero();
    core.writeStatus(core.status() | VirtioCore.DRIVER_OK);
    assertThat(core.status() & VirtioCore.DRIVER_OK).isZero();
  }

  @Test
  void aLegacyDriverIsRefused() {
    assertThat(driver.core().offeredFeatures() >>> 32 & 1).isEqualTo(1);
    driver.core().setDriverFeatures(0);
    driver.core().writeStatus(VirtioCore.FEATURES_OK);
    assertThat(driver.core().status() & VirtioCore.FEATURES_OK).isZero();
  }

  @Test
  void featuresAreFrozenWithFeaturesOk() {
    driver.negotiate(EVENT_IDX);
    long before = driver.core().driverFeatures();
    driver.core().setDriverFeatures(-1L);
    assertThat(driver.core().driverFeatures()).isEqualTo(before);
  }

  @Test
  void wrongQueueSizesNeedAReset() {
    for (int size : new int[] {0, 3, 512, 65535}) {
      driver.negotiate(0);
      driver.setUpQueue(0, 256);
      driver.core().reset();
      driver.negotiate(0);
      Virtqueue queue = driver.core().queue(0);
      queue.setSize(size);
      queue.setDescriptors(0x1000);
      queue.setAvailable(0x20000);
      queue.setUsed(0x30000);
      queue.enable();
      driver.driverOk();
      assertThat(driver.needsReset()).as("size %d", size).isTrue();
      assertThat(driver.core().fault()).contains("size " + size);
    }
    assertThat(driver.configInterrupts()).isEqualTo(4);
  }

  @Test
  void ringsOutsideOfRamOrUnalignedNeedAReset() {
    long[][] rings = {
      {1L << 40, 0x20000, 0x30000},
      {0x1000, MockGuest.LOW - 2, 0x30000},
      {0x1000, 0x20000, -4L},
      {0x1008, 0x20000, 0x30000},
      {0x1000, 0x20001, 0x30000},
      {0x1000, 0x20000, 0x30002},
      {0xfee0_0000L, 0x20000, 0x30000},
    };
    for (long[] ring : rings) {
      driver.negotiate(0);
      Virtqueue queue = driver.core().queue(0);
      queue.setDescriptors(ring[0]);
      queue.setAvailable(ring[1]);
      queue.setUsed(ring[2]);
      queue.enable();
      driver.driverOk();
      assertThat(driver.needsReset()).as(Arrays.toString(ring)).isTrue();
    }
  }

  @Test
  void geometryIsFrozenAtDriverOk() {
    driver.start(0);
    Virtqueue queue = driver.core().queue(0);
    Virtqueue.State before = queue.save();
    queue.setSize(2);
    queue.setDescriptors(-1);
    queue.setAvailable(-1);
    queue.setUsed(-1);
    assertThat(queue.save()).isEqualTo(before);
    add();
    driver.kick(0);
    assertThat(driver.queue(0).mustCollect().written()).isEqualTo(16);
  }

  @Test
  void kicksThatComeEarlyOrForNoQueueDoNothing() {
    driver.kick(0);
    driver.negotiate(0);
    driver.setUpQueue(0, 8);
    add();
    driver.kick(0);
    assertThat(driver.queue(0).hasUsed()).isFalse();
    driver.driverOk();
    driver.kick(-1);
    driver.kick(1);
    driver.kick(65535);
    assertThat(driver.queue(0).hasUsed()).isFalse();
    driver.kick(0);
    assertThat(driver.queue(0).hasUsed()).isTrue();
  }

  @Test
  void aQueueThatIsNotEnabledStaysOff() {
    driver.negotiate(0);
    driver.driverOk();
    driver.kick(0);
    assertThat(driver.needsReset()).isFalse();
  }

  @Test
  void indirectWithoutItsFeatureIsAFault() {
    driver.start(0);
    driver.queue(0).addIndirect(0x100000, Buffer.writable(0x200000, 16));
    driver.kick(0);
    assertThat(driver.needsReset()).isTrue();
  }

  @Test
  void indirectChainsWork() {
    driver.start(INDIRECT);
    driver
        .queue(0)
        .addIndirect(0x100000, Buffer.writable(0x200000, 16), Buffer.writable(0x300000, 3));
    driver.kick(0);
    assertThat(driver.queue(0).mustCollect().written()).isEqualTo(19);
  }

  @Test
  void interruptsFollowTheAvailableFlag() {
    driver.start(0);
    driver.queue(0).suppressInterrupts(true);
    add();
    driver.kick(0);
    assertThat(driver.queueInterrupts()).isZero();
    driver.queue(0).suppressInterrupts(false);
    add();
    driver.kick(0);
    assertThat(driver.queueInterrupts()).isEqualTo(1);
    driver.kick(0);
    assertThat(driver.queueInterrupts()).isEqualTo(1);
  }

  @Test
  void interruptsFollowTheUsedEvent() {
    driver.start(EVENT_IDX);
    MockQueue queue = driver.queue(0);
    add();
    driver.kick(0);
    int base = driver.queueInterrupts();
    queue.setUsedEvent(3); // not before the fourth buffer is used
    for (int i = 1; i <= 2; i++) {
      add();
      driver.kick(0);
    }
    assertThat(driver.queueInterrupts()).isEqualTo(base);
    add();
    driver.kick(0);
    assertThat(driver.queueInterrupts()).isEqualTo(base + 1);
    assertThat(queue.availableEvent()).isEqualTo(4);
  }

  @Test
  void aBatchCostsOneInterrupt() {
    driver.start(0);
    for (int i = 0; i < 50; i++) {
      add();
    }
    driver.kick(0);
    assertThat(driver.queueInterrupts()).isEqualTo(1);
    assertThat(driver.queue(0).kickWanted()).isTrue();
  }

  @Test
  void indicesWrapAround() {
    driver.start(EVENT_IDX);
    MockQueue queue = driver.queue(0);
    for (int i = 0; i < 70_000; i++) {
      add();
      driver.kick(0);
      assertThat(queue.mustCollect().written()).isEqualTo(16);
    }
    assertThat(driver.needsReset()).isFalse();
  }

  @Test
  void kicksWhilePausedAreMadeUpForByResume() {
    driver.start(0);
    device.pause();
    add();
    driver.kick(0);
    assertThat(driver.queue(0).hasUsed()).isFalse();
    device.resume();
    assertThat(driver.queue(0).hasUsed()).isTrue();
  }

  @Test
  void ringsThatOverlapTheirBuffersHarmOnlyTheGuest() {
    driver.start(0);
    MockQueue queue = driver.queue(0);
    for (long target : new long[] {queue.descriptors(), queue.available(), queue.used()}) {
      queue.add(Buffer.writable(target, 64));
      driver.kick(0);
      driver.kick(0);
      guest.freeAll();
      driver.start(0);
      queue = driver.queue(0);
    }
    assertThat(driver.needsReset()).isFalse();
  }

  @Test
  void queueSizesMustBePowersOfTwo() {
    assertThatThrownBy(() -> new Virtqueue(0, 3, guest.memory()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
