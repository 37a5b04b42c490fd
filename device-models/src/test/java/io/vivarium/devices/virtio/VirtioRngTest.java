package io.vivarium.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.devices.virtio.testkit.MockDriver;
import io.vivarium.devices.virtio.testkit.MockQueue.Buffer;
import io.vivarium.devices.virtio.testkit.MockQueue.Used;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class VirtioRngTest extends VirtioContract<VirtioRng.State, VirtioRng> {
  @Override
  protected VirtioRng create(GuestMemory memory) {
    return new VirtioRng("rng0", memory, target -> Arrays.fill(target, (byte) 0x5a));
  }

  @Override
  protected int pullQueue() {
    return 0;
  }

  @Override
  protected void forget() {}

  @Override
  protected void exchange(VirtioRng device, MockDriver driver) {
    long buffer = guest.allocate(64);
    driver.queue(0).add(Buffer.writable(buffer, 10), Buffer.writable(buffer + 32, 6));
    driver.kick(0);
    assertThat(driver.queue(0).mustCollect().written()).isEqualTo(16);
    assertThat(guest.memory().getU8(buffer + 9)).isEqualTo(0x5a);
    assertThat(guest.memory().getU8(buffer + 10)).isZero();
    assertThat(guest.memory().getU8(buffer + 37)).isEqualTo(0x5a);
  }

  @Test
  void fillsAGiantBufferInPart() {
    VirtioRng device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(0);
    driver.queue(0).add(Buffer.writable(0x100000, 1 << 20));
    driver.kick(0);
    Used used = driver.queue(0).mustCollect();
    assertThat(used.written()).isEqualTo(65536);
  }

  @Test
  void aBufferOfNothingComesBackEmpty() {
    VirtioRng device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(0);
    driver.queue(0).add(Buffer.writable(0x1000, 0));
    driver.queue(0).add(Buffer.readable(0x1000, 8));
    driver.kick(0);
    assertThat(driver.queue(0).mustCollect().written()).isZero();
    assertThat(driver.queue(0).mustCollect().written()).isZero();
    assertThat(driver.needsReset()).isFalse();
  }
}
