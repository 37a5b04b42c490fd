package io.vivarium.devices.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.DeviceContract;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class Pit8254Test implements DeviceContract<Pit8254.State, Pit8254> {
  private static final int COMMAND = 3;

  private final BlockingQueue<Boolean> line = new LinkedBlockingQueue<>();

  @Override
  public Pit8254 create() {
    return new Pit8254("pit", line::add, sinceLast -> 0);
  }

  @Override
  public void exercise(Pit8254 device) {
    device.write(COMMAND, 1, 0x34);
    device.write(0, 1, 0x9c);
    device.write(0, 1, 0x2e);
    device.write(COMMAND, 1, 0xb6);
    device.write(2, 1, 0x12);
    device.speaker().write(0, 1, 3);
    device.write(COMMAND, 1, 0xe2);
    device.write(COMMAND, 1, 0x80);
    device.read(2, 1);
  }

  @Test
  void aPeriodicCounterTicksUntilItIsStopped() throws InterruptedException {
    try (Pit8254 pit = create()) {
      pit.resume();
      pit.write(COMMAND, 1, 0x34);
      pit.write(0, 1, 0xe8);
      pit.write(0, 1, 0x03);
      for (int i = 0; i < 10; i++) {
        assertThat(line.take()).isTrue();
        assertThat(line.take()).isFalse();
      }
      assertThat(pit.ticks()).isGreaterThanOrEqualTo(10);
      pit.write(COMMAND, 1, 0x30);
      long ticks = pit.ticks();
      assertThat(pit.ticks()).isEqualTo(ticks);
    }
  }

  @Test
  void aOneShotTicksOnce() throws InterruptedException {
    try (Pit8254 pit = create()) {
      pit.resume();
      for (int i = 0; i < 3; i++) {
        pit.write(COMMAND, 1, 0x38);
        pit.write(0, 1, 0x10);
        pit.write(0, 1, 0x00);
        assertThat(line.take()).isTrue();
        assertThat(line.take()).isFalse();
      }
      assertThat(pit.ticks()).isEqualTo(3);
    }
  }

  @Test
  void thePacerHoldsTicksUp() throws InterruptedException {
    AtomicInteger asked = new AtomicInteger();
    try (Pit8254 pit =
        new Pit8254("pit", line::add, sinceLast -> asked.incrementAndGet() % 3 == 0 ? 0 : 1000)) {
      pit.resume();
      pit.write(COMMAND, 1, 0x34);
      pit.write(0, 1, 0xe8);
      pit.write(0, 1, 0x03);
      line.take();
      line.take();
      line.take();
      assertThat(asked.get()).isGreaterThanOrEqualTo(6);
    }
  }

  @Test
  void countsDownAndLatches() {
    PitChannel channel = new PitChannel();
    channel.control(2, 3);
    assertThat(channel.write(0x10, 0)).isFalse();
    assertThat(channel.write(0x27, 0)).isTrue();
    long tick = 1_000_000_000L / PitChannel.FREQUENCY + 1;
    channel.latchCount(16 * tick);
    int latched = channel.read(99 * tick) | channel.read(99 * tick) << 8;
    assertThat(latched).isBetween(10000 - 17, 10000 - 15);
    // One period and a bit later it counts the second period.
    int again = channel.read(10_016 * tick) | channel.read(10_016 * tick) << 8;
    assertThat(again).isBetween(9970, 10_000);
  }

  @Test
  void outputsFollowTheirModes() {
    PitChannel channel = new PitChannel();
    channel.control(0, 1);
    assertThat(channel.output(0)).isFalse();
    channel.write(100, 0);
    assertThat(channel.output(0)).isFalse();
    assertThat(channel.output(1_000_000)).isTrue();
    assertThat(channel.nextEdge(0)).isBetween(83_000L, 84_500L);
    assertThat(channel.nextEdge(90_000)).isEqualTo(Long.MAX_VALUE);

    channel.control(3, 1);
    channel.write(100, 0);
    assertThat(channel.output(10_000)).isTrue();
    assertThat(channel.output(60_000)).isFalse();
    assertThat(channel.output(90_000)).isTrue();
    assertThat(channel.nextEdge(90_000)).isBetween(167_000L, 168_500L);
  }

  @Test
  void timeStandsStillWhilePaused() {
    try (Pit8254 pit = create()) {
      exercise(pit);
      assertThat(pit.save()).isEqualTo(pit.save());
    }
  }
}
