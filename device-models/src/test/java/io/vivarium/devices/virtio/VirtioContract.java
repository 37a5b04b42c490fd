package io.vivarium.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.DeviceContract;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.devices.virtio.testkit.MockDriver;
import io.vivarium.devices.virtio.testkit.MockGuest;
import io.vivarium.devices.virtio.testkit.MockQueue;
import io.vivarium.devices.virtio.testkit.QueueFuzzer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every virtio device passes beside the lifecycle of all devices: negotiate, activate, run,
 * pause, save, restore, reset; and the hostile inputs of queues.
 */
public abstract class VirtioContract<S extends Record, D extends VirtioDevice<S>>
    implements DeviceContract<S, D> {
  private static final long FUZZ_SLICE = 1000;

  protected final MockGuest guest = new MockGuest();

  @AfterEach
  void freeMemory() {
    guest.close();
  }

  protected abstract D create(GuestMemory memory) throws Exception;

  /** Does one ordinary exchange and checks its outcome. */
  protected abstract void exchange(D device, MockDriver driver) throws Exception;

  /** A queue from which the device takes chains when it is kicked, for the hostile inputs. */
  protected abstract int pullQueue();

  /** Bytes with which a request of that queue often begins, for the fuzzer. */
  protected List<byte[]> requestHeads() {
    return List.of(new byte[16]);
  }

  /** Forgets what the test's host side has recorded, which would be too much in a long fuzz. */
  protected abstract void forget();

  @Override
  public final D create() throws Exception {
    return create(guest.memory());
  }

  @Override
  public void exercise(D device) {
    guest.freeAll();
    MockDriver driver = new MockDriver(guest, device);
    try {
      driver.start(-1L);
      exchange(device, driver);
    } catch (Exception | AssertionError e) {
      // A device restored from a hostile but possible state may answer otherwise.
      assertThat(e).isNotInstanceOf(NullPointerException.class);
    }
  }

  @Test
  void runsWithAllFeaturesWithoutThemAndAfterReset() throws Exception {
    try (D device = create()) {
      MockDriver driver = new MockDriver(guest, device);
      for (long features : new long[] {-1L, 0, ~(1L << VirtioCore.F_EVENT_IDX)}) {
        guest.freeAll();
        driver.start(features);
        exchange(device, driver);
        assertThat(driver.needsReset()).as(device.core().fault()).isFalse();
        driver.core().writeStatus(0);
        assertThat(driver.core().status()).isZero();
      }
    }
  }

  @Test
  void goesOnInARestoredDeviceInWhateverOrderItsHalvesCome() throws Exception {
    for (boolean deviceFirst : new boolean[] {true, false}) {
      guest.freeAll();
      try (D device = create();
          D other = create()) {
        MockDriver driver = new MockDriver(guest, device);
        driver.start(-1L);
        exchange(device, driver);
        device.pause();
        S saved = device.save();
        VirtioCore.State core = device.core().save();
        assertThat(other.core().save()).isNotEqualTo(core);
        if (deviceFirst) {
          other.restore(saved);
        }
        other.core().check(new StateCheck("test"), core);
        other.core().restore(core);
        if (!deviceFirst) {
          other.restore(saved);
        }
        assertThat(other.core().save()).isEqualTo(core);
        assertThat(other.save()).usingRecursiveComparison().isEqualTo(saved);
        if (deviceFirst) {
          other.resume();
        }
        other.core().setTransportRuns(true);
        if (!deviceFirst) {
          other.resume();
        }
        MockDriver moved = driver.moveTo(other);
        exchange(other, moved);
        assertThat(moved.needsReset()).as(other.core().fault()).isFalse();
      }
    }
  }

  @Test
  void hostileCoreStateIsRefused() throws Exception {
    try (D device = create()) {
      MockDriver driver = new MockDriver(guest, device);
      driver.start(-1L);
      VirtioCore.State good = device.core().save();
      StateCheck check = new StateCheck("test");
      List<VirtioCore.State> bad = new ArrayList<>();
      bad.add(new VirtioCore.State(0x100, good.driverFeatures(), good.queues()));
      bad.add(new VirtioCore.State(VirtioCore.DRIVER_OK, good.driverFeatures(), good.queues()));
      bad.add(new VirtioCore.State(good.status(), -1L, good.queues()));
      bad.add(new VirtioCore.State(good.status(), 0, good.queues()));
      bad.add(new VirtioCore.State(good.status(), good.driverFeatures(), List.of()));
      Virtqueue.State q = good.queues().getFirst();
      for (Virtqueue.State hostile :
          List.of(
              new Virtqueue.State(3, true, q.descriptors(), q.available(), q.used(), 0, 0),
              new Virtqueue.State(0x10000, true, q.descriptors(), q.available(), q.used(), 0, 0),
              new Virtqueue.State(q.size(), true, 1L << 40, q.available(), q.used(), 0, 0),
              new Virtqueue.State(q.size(), true, q.descriptors(), 1, q.used(), 0, 0),
              new Virtqueue.State(q.size(), true, q.descriptors(), q.available(), -4, 0, 0),
              new Virtqueue.State(
                  q.size(), true, q.descriptors(), q.available(), q.used(), 0x10000, 0),
              new Virtqueue.State(
                  q.size(), true, q.descriptors(), q.available(), q.used(), 0, -1))) {
        List<Virtqueue.State> queues = new ArrayList<>(good.queues());
        queues.set(0, hostile);
        bad.add(new VirtioCore.State(good.status(), good.driverFeatures(), queues));
      }
      for (VirtioCore.State state : bad) {
        assertThatThrownBy(() -> device.core().check(check, state))
            .as(state.toString())
            .isInstanceOf(BadStateException.class);
      }
    }
  }

  @Test
  void configurationIsReadAtAnyOffsetAndSize() throws Exception {
    try (D device = create()) {
      MockDriver driver = new MockDriver(guest, device);
      driver.start(-1L);
      for (long offset : new long[] {0, 1, 3, 7, 59, 4095, Long.MAX_VALUE - 8, -1}) {
        for (int size : new int[] {1, 2, 4}) {
          device.readConfig(offset, size);
          device.writeConfig(offset, size, -1);
        }
      }
      assertThat(device.readConfig(4092, 4)).isEqualTo(0xffff_ffffL);
    }
  }

  @Test
  void everyHostileChainNeedsAResetAndAResetHeals() throws Exception {
    try (D device = create()) {
      MockDriver driver = new MockDriver(guest, device);
      for (HostileChain hostile : HostileChain.values()) {
        guest.freeAll();
        driver.start(-1L);
        MockQueue queue = driver.queue(pullQueue());
        hostile.write(queue, guest);
        driver.kick(pullQueue());
        assertThat(driver.needsReset()).as(hostile.name()).isTrue();
        assertThat(device.core().fault()).as(hostile.name()).isNotBlank();
        driver.kick(pullQueue());
        driver.core().writeStatus(VirtioCore.DRIVER_OK);
        assertThat(driver.needsReset()).isTrue();
        guest.freeAll();
        driver.start(-1L);
        exchange(device, driver);
        assertThat(driver.needsReset()).as(device.core().fault()).isFalse();
      }
    }
  }

  @Test
  void survivesAShortFuzz() throws Exception {
    try (D device = create()) {
      QueueFuzzer fuzzer = new QueueFuzzer(guest, device, requestHeads(), 1);
      long iterations = Integer.getInteger("vivarium.fuzz.iterations", 3000);
      for (long done = 0; done < iterations; done += FUZZ_SLICE) {
        fuzzer.run(Math.min(FUZZ_SLICE, iterations - done));
        forget();
      }
      guest.freeAll();
      MockDriver driver = new MockDriver(guest, device);
      driver.start(-1L);
      exchange(device, driver);
      assertThat(driver.needsReset()).as(device.core().fault()).isFalse();
    }
  }
}
