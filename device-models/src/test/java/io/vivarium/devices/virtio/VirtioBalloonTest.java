package io.vivarium.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.devices.virtio.testkit.MockDriver;
import io.vivarium.devices.virtio.testkit.MockGuest;
import io.vivarium.devices.virtio.testkit.MockQueue.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtioBalloonTest extends VirtioContract<VirtioBalloon.State, VirtioBalloon> {
  private final List<Long> reclaimed = new ArrayList<>();

  @Override
  protected VirtioBalloon create(GuestMemory memory) {
    return new VirtioBalloon(
        "balloon0",
        memory,
        pages -> {
          assertThat(pages.address() % 4096).isZero();
          reclaimed.add(pages.byteSize());
        });
  }

  @Override
  protected int pullQueue() {
    return 0;
  }

  @Override
  protected List<byte[]> requestHeads() {
    return List.of(frames(1, 2, 3), frames(1000, 0x100000), frames(0x100), new byte[100]);
  }

  private static byte[] frames(int... numbers) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int number : numbers) {
      bytes.putInt(number);
    }
    return bytes.array();
  }

  private void inflate(MockDriver driver, int... numbers) {
    long at = guest.allocate(frames(numbers));
    driver.queue(0).add(Buffer.readable(at, 4L * numbers.length));
    driver.kick(0);
  }

  @Override
  protected void forget() {
    reclaimed.clear();
  }

  @Override
  protected void exchange(VirtioBalloon device, MockDriver driver) {
    reclaimed.clear();
    inflate(driver, 100, 101, 102, 200, 7, 8);
    assertThat(driver.queue(0).mustCollect().written()).isZero();
    assertThat(reclaimed).containsExactly(3 * 4096L, 4096L, 2 * 4096L);
  }

  @Test
  void targetIsToldAndActualHeard() {
    VirtioBalloon device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(-1);
    device.setTarget(64 << 20);
    assertThat(driver.configInterrupts()).isEqualTo(1);
    assertThat(device.readConfig(0, 4)).isEqualTo(16384);
    device.writeConfig(4, 4, 100);
    assertThat(device.actual()).isEqualTo(409_600);
    device.writeConfig(0, 4, 5);
    assertThat(device.readConfig(0, 4)).isEqualTo(16384);
  }

  @Test
  void pagesThatAreNotRamNeedAReset() {
    VirtioBalloon device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    for (int frame : new int[] {-1, (int) (MockGuest.LOW / 4096), 0xfee00}) {
      driver.start(-1);
      inflate(driver, 1, frame);
      assertThat(driver.needsReset()).isTrue();
      guest.freeAll();
    }
  }

  @Test
  void reportedPagesGoBackWhole() {
    VirtioBalloon device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(-1);
    for (int queue : new int[] {3, 4}) {
      reclaimed.clear();
      driver
          .queue(queue)
          .add(
              Buffer.writable(0x200000, 0x10000),
              Buffer.writable(0x300800, 0x1800),
              Buffer.writable(0x300800, 100));
      driver.kick(queue);
      driver.queue(queue).mustCollect();
      assertThat(reclaimed).containsExactly(0x10000L, 0x1000L);
    }
    assertThat(device.reclaimed()).isEqualTo(2 * 0x11000);
  }

  private static byte[] statistic(int tag, long value) {
    return ByteBuffer.allocate(10)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort((short) tag)
        .putLong(value)
        .array();
  }

  @Test
  void statisticsComeWhenAskedFor() {
    VirtioBalloon device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(-1);
    assertThat(device.statistics().freeBytes()).isEqualTo(-1);
    device.requestStatistics();
    long at = guest.allocate(64);
    guest.memory().write(at, statistic(4, 1000));
    guest.memory().write(at + 10, statistic(5, 5000));
    driver.queue(2).add(Buffer.readable(at, 25));
    driver.kick(2);
    assertThat(driver.queue(2).hasUsed()).isFalse();
    assertThat(device.statistics().freeBytes()).isEqualTo(1000);
    assertThat(device.statistics().totalBytes()).isEqualTo(5000);
    assertThat(device.statistics().availableBytes()).isEqualTo(-1);
    device.requestStatistics();
    driver.queue(2).mustCollect();
    guest.memory().write(at, statistic(4, 2000));
    driver.queue(2).add(Buffer.readable(at, 10));
    driver.kick(2);
    assertThat(device.statistics().freeBytes()).isEqualTo(2000);
  }
}
