package io.vivarium.devices.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.DeviceContract;
import io.vivarium.devices.bus.BusDevice;
import io.vivarium.devices.virtio.VirtioCore;
import io.vivarium.devices.virtio.VirtioRng;
import io.vivarium.devices.virtio.testkit.MockGuest;
import io.vivarium.devices.virtio.testkit.MockPciDriver;
import io.vivarium.devices.virtio.testkit.MockQueue;
import io.vivarium.devices.virtio.testkit.MockQueue.Buffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VirtioPciTest implements DeviceContract<VirtioPci.State, VirtioPci> {
  private static final long WINDOW = 0xc000_0000L;

  private final MockGuest guest = new MockGuest();
  private final List<String> messages = new ArrayList<>();
  private final TreeMap<Long, Integer> doorbells = new TreeMap<>();
  private boolean intx;

  @AfterEach
  void freeMemory() {
    guest.close();
  }

  private final Doorbells bells =
      new Doorbells() {
        @Override
        public void bind(long address, int queue) {
          doorbells.put(address, queue);
        }

        @Override
        public void unbind(long address, int queue) {
          doorbells.remove(address, queue);
        }
      };

  private VirtioRng rng() {
    VirtioRng rng =
        new VirtioRng("rng0", guest.memory(), target -> Arrays.fill(target, (byte) 0x77));
    rng.resume();
    return rng;
  }

  private VirtioPci function(Doorbells doorbells) {
    return new VirtioPci(
        "rng0.pci",
        rng(),
        (vector, address, data) -> messages.add("%d:%x:%x".formatted(vector, address, data)),
        doorbells,
        high -> intx = high);
  }

  /** A bus with the function in slot 3, running. */
  private final class Machine {
    final PciHostBridge bridge = new PciHostBridge("pci", WINDOW, 0x1000_0000);
    final VirtioPci function = function(bells);
    final BusDevice ecam = bridge.ecam();
    final BusDevice window = bridge.window();
    final MockPciDriver driver;

    Machine() {
      bridge.add(3, function);
      function.resume();
      driver = new MockPciDriver(guest, ecam, window, WINDOW, 3);
    }
  }

  @Override
  public VirtioPci create() {
    VirtioPci function = function(Doorbells.NONE);
    new PciHostBridge("pci", WINDOW, 0x1000_0000).add(3, function);
    return function;
  }

  @Override
  public void exercise(VirtioPci function) {
    guest.freeAll();
    BusDevice config =
        new BusDevice() {
          @Override
          public long read(long offset, int size) {
            return function.readConfig((int) offset & 0xff, size);
          }

          @Override
          public void write(long offset, int size, long value) {
            function.writeConfig((int) offset & 0xff, size, value);
          }
        };
    MockPciDriver driver = new MockPciDriver(guest, config, function.memory(), 0, 0);
    long bar = driver.barAddress();
    MockPciDriver based = new MockPciDriver(guest, config, function.memory(), bar, 0);
    based.enableMsix();
    MockQueue[] queues = based.start(-1, 8);
    queues[0].add(Buffer.writable(guest.allocate(16), 16));
    based.kick(0);
  }

  @Test
  void isFoundAndStartedAsLinuxDoes() {
    Machine machine = new Machine();
    MockPciDriver driver = machine.driver;
    assertThat(driver.config(0, 4)).isEqualTo(0x1044_1af4);
    assertThat(driver.structures().keySet()).containsExactlyInAnyOrder(1, 2, 3, 4, 5);
    assertThat(driver.msixAt()).isNotZero();
    driver.enableMsix();
    MockQueue[] queues = driver.start(-1, 16);
    queues[0].add(Buffer.writable(0x200000, 32));
    driver.kick(0);
    assertThat(queues[0].mustCollect().written()).isEqualTo(32);
    assertThat(messages).containsExactly("1:fee00010:41");
    assertThat(driver.doorbell(0)).isEqualTo(doorbells.firstKey());
  }

  @Test
  void configurationPortsReachTheSameSpace() {
    Machine machine = new Machine();
    BusDevice ports = machine.bridge.configPorts();
    ports.write(0, 4, 0x8000_0000L | 3 << 11);
    assertThat(ports.read(0, 4) & 0xffff_ffffL).isEqualTo(0x8000_0000L | 3 << 11);
    assertThat(ports.read(4, 4)).isEqualTo(0x1044_1af4);
    assertThat(ports.read(6, 2)).isEqualTo(0x1044);
    assertThat(ports.read(7, 1)).isEqualTo(0x10);
    ports.write(0, 4, 0x8000_0000L | 4 << 11);
    assertThat(ports.read(4, 4)).isEqualTo(-1);
    ports.write(0, 4, 0x8001_0000L); // bus 1
    assertThat(ports.read(4, 2)).isEqualTo(-1);
    ports.write(0, 4, 0x0000_0000L | 3 << 11); // not enabled
    assertThat(ports.read(4, 4)).isEqualTo(-1);
    ports.write(0, 4, 0x8000_0000L);
    assertThat(ports.read(4, 4)).isEqualTo(0x0008_1b36);
    ports.write(1, 1, 0x55);
    assertThat(ports.read(0, 1)).isEqualTo(-1);
  }

  @Test
  void barIsSizedAndMoved() {
    Machine machine = new Machine();
    MockPciDriver driver = machine.driver;
    long before = driver.barAddress();
    assertThat(before).isEqualTo(WINDOW);
    driver.setConfig(4, 2, 0);
    assertThat(doorbells).isEmpty();
    driver.setConfig(0x10, 4, 0xffff_ffffL);
    driver.setConfig(0x14, 4, 0xffff_ffffL);
    assertThat(driver.config(0x10, 4)).isEqualTo(0xffff_8004L);
    assertThat(driver.config(0x14, 4)).isEqualTo(0xffff_ffffL);
    driver.setConfig(0x10, 4, 0xc800_0000L);
    driver.setConfig(0x14, 4, 0);
    assertThat(machine.window.read(0x0800_0012, 2)).isEqualTo(-1);
    driver.setConfig(4, 2, 6);
    assertThat(machine.window.read(0x0800_0012, 2)).isEqualTo(1); // num_queues
    assertThat(machine.window.read(0x12, 2)).isEqualTo(-1);
    assertThat(doorbells).containsOnlyKeys(0xc800_3000L);
    driver.setConfig(0x10, 4, 0x1000); // onto RAM, outside of the window: not shown
    assertThat(doorbells).isEmpty();
    driver.setConfig(0x14, 4, 0xffff_ffffL);
    assertThat(doorbells).isEmpty();
    machine.function.reset();
    assertThat(driver.barAddress()).isEqualTo(before);
    assertThat(doorbells).hasSize(1);
  }

  @Test
  void overlappingBarsShowTheLowerSlot() {
    Machine machine = new Machine();
    machine.bridge.add(5, function(Doorbells.NONE));
    MockPciDriver other = new MockPciDriver(guest, machine.ecam, machine.window, WINDOW, 5);
    assertThat(other.barAddress()).isEqualTo(WINDOW + 0x8000);
    other.setConfig(0x10, 4, WINDOW);
    assertThat(machine.window.read(0x12, 2)).isEqualTo(1);
    assertThat(machine.window.read(0x8012, 2)).isEqualTo(-1);
  }

  @Test
  void maskedVectorsPendUntilUnmasked() {
    Machine machine = new Machine();
    MockPciDriver driver = machine.driver;
    driver.enableMsix();
    MockQueue[] queues = driver.start(0, 16);
    long table = driver.config(driver.msixAt() + 4, 4) & ~7L;
    long pending = driver.config(driver.msixAt() + 8, 4) & ~7L;
    driver.setBar(table + 16 + 12, 4, 1);
    queues[0].add(Buffer.writable(0x200000, 32));
    driver.kick(0);
    assertThat(messages).isEmpty();
    assertThat(driver.bar(pending, 8)).isEqualTo(2);
    driver.setBar(table + 16 + 12, 4, 0);
    assertThat(messages).containsExactly("1:fee00010:41");
    assertThat(driver.bar(pending, 8)).isZero();
    driver.setConfig(driver.msixAt() + 2, 2, 0xc000);
    queues[0].add(Buffer.writable(0x200000, 32));
    driver.kick(0);
    assertThat(messages).hasSize(1);
    driver.setConfig(driver.msixAt() + 2, 2, 0x8000);
    assertThat(messages).hasSize(2);
  }

  @Test
  void tableAndPendingBitsAreBounded() {
    Machine machine = new Machine();
    MockPciDriver driver = machine.driver;
    long table = driver.config(driver.msixAt() + 4, 4) & ~7L;
    long pending = driver.config(driver.msixAt() + 8, 4) & ~7L;
    for (long offset : new long[] {32, 4096, 8188}) {
      driver.setBar(table + offset, 4, -1);
      assertThat(driver.bar(table + offset, 4)).isEqualTo(0xffff_ffffL);
    }
    driver.setBar(table + 1, 1, -1);
    driver.setBar(table + 4, 8, -1);
    assertThat(driver.bar(table, 8)).isZero();
    driver.setBar(table + 12, 4, 0xffff_fffeL);
    assertThat(driver.bar(table + 12, 4)).isZero();
    driver.setBar(pending, 8, -1);
    assertThat(driver.bar(pending, 8)).isZero();
    assertThat(driver.bar(pending + 8, 8)).isEqualTo(-1);
    driver.setCommon(0x10, 2, 2);
    assertThat(driver.common(0x10, 2)).isEqualTo(0xffff);
    driver.setCommon(0x10, 2, 1);
    assertThat(driver.common(0x10, 2)).isEqualTo(1);
  }

  @Test
  void withoutMsixTheLineFollowsTheIsr() {
    Machine machine = new Machine();
    MockPciDriver driver = machine.driver;
    MockQueue[] queues = driver.start(0, 16);
    queues[0].add(Buffer.writable(0x200000, 32));
    driver.kick(0);
    assertThat(intx).isTrue();
    driver.setConfig(4, 2, 0x406);
    assertThat(intx).isFalse();
    driver.setConfig(4, 2, 0x006);
    assertThat(intx).isTrue();
    long isr = driver.structureOffset(3);
    assertThat(driver.bar(isr, 1)).isEqualTo(1);
    assertThat(intx).isFalse();
    assertThat(driver.bar(isr, 1)).isZero();
  }

  @Test
  void barIsReachedThroughTheConfigurationSpace() {
    Machine machine = new Machine();
    MockPciDriver driver = machine.driver;
    int at = (int) driver.config(0x34, 1);
    while (driver.config(at, 1) != 9 || driver.config(at + 3, 1) != 5) {
      at = (int) driver.config(at + 1, 1);
    }
    driver.setConfig(at + 8, 4, 0x14);
    driver.setConfig(at + 12, 4, 1);
    driver.setConfig(at + 16, 4, 3);
    assertThat(driver.common(0x14, 1)).isEqualTo(3);
    assertThat(driver.config(at + 16, 4)).isEqualTo(3);
    for (long[] bad : new long[][] {{0xffff_ffffL, 4}, {0x8000, 4}, {0, 3}, {2, 4}, {0, -1}}) {
      driver.setConfig(at + 8, 4, bad[0]);
      driver.setConfig(at + 12, 4, bad[1]);
      driver.setConfig(at + 16, 4, 0x1234);
      driver.config(at + 16, 4);
    }
    assertThat(driver.common(0x14, 1)).isEqualTo(3);
  }

  @Test
  void queueThatIsNotThereReadsAsSizeZero() {
    Machine machine = new Machine();
    MockPciDriver driver = machine.driver;
    driver.setCommon(0x16, 2, 7);
    assertThat(driver.common(0x18, 2)).isZero();
    driver.setCommon(0x18, 2, 8);
    driver.setCommon(0x1c, 2, 1);
    driver.setCommon(0x20, 8, -1);
    assertThat(driver.common(0x1c, 2)).isZero();
    machine.window.write(0x3ffe, 2, 5);
    machine.window.write(0x3000, 4, 0xdead_beefL);
  }

  @Test
  void comesBackAsItWasInAnotherBus() throws Exception {
    Machine machine = new Machine();
    machine.driver.enableMsix();
    machine.driver.setConfig(0x10, 4, 0xc900_0000L);
    MockQueue[] queues = machine.driver.start(-1, 16);
    machine.function.pause();
    VirtioPci.State saved = machine.function.save();
    machine.function.close();
    assertThat(doorbells).isEmpty();

    Machine other = new Machine();
    other.function.restore(saved);
    assertThat(doorbells).containsOnlyKeys(0xc900_3000L);
    other.function.resume();
    queues[0].add(Buffer.writable(0x200000, 8));
    other.driver.kick(0);
    assertThat(queues[0].mustCollect().written()).isEqualTo(8);
    assertThat(messages).last().isEqualTo("1:fee00010:41");
  }

  @Test
  void aStateOfAnotherDeviceIsRefused() {
    Machine machine = new Machine();
    VirtioPci.State saved = machine.function.save();
    byte[] config = saved.config().clone();
    config[2] = 0x42;
    VirtioPci.State wrong =
        new VirtioPci.State(1, config, saved.msix(), saved.registers(), saved.virtio());
    assertThatThrownBy(() -> machine.function.restore(wrong))
        .isInstanceOf(BadStateException.class)
        .hasMessageContaining("config byte 2");
  }

  @Test
  void survivesWildRegisterAccesses() {
    Machine machine = new Machine();
    Random random = new Random(7);
    BusDevice ports = machine.bridge.configPorts();
    for (int i = 0; i < 200_000; i++) {
      int size = 1 << random.nextInt(4);
      long value = random.nextInt(3) == 0 ? random.nextInt(16) : random.nextLong();
      switch (random.nextInt(6)) {
        case 0 -> machine.ecam.write(random.nextInt(1 << 20), size, value);
        case 1 -> machine.ecam.write((3 << 15) | random.nextInt(256), size, value);
        case 2 -> machine.window.write(random.nextInt(0x8000), size, value);
        case 3 -> machine.window.write(random.nextInt(0x40), size, value);
        case 4 -> ports.write(random.nextInt(8), Math.min(size, 4), value);
        default -> {
          machine.ecam.read((3 << 15) | random.nextInt(4096), size);
          machine.window.read(random.nextInt(0x8000), size);
          ports.read(random.nextInt(8), Math.min(size, 4));
        }
      }
    }
    machine.function.reset();
    machine.driver.enableMsix();
    MockQueue[] queues = machine.driver.start(-1, 16);
    queues[0].add(Buffer.writable(0x200000, 32));
    machine.driver.kick(0);
    assertThat(queues[0].mustCollect().written()).isEqualTo(32);
    assertThat(machine.function.device().core().status() & VirtioCore.NEEDS_RESET).isZero();
  }
}
