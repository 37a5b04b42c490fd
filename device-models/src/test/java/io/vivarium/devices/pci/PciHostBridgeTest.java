package io.vivarium.devices.pci;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.DeviceContract;
import io.vivarium.devices.bus.BusDevice;
import org.junit.jupiter.api.Test;

class PciHostBridgeTest implements DeviceContract<PciHostBridge.State, PciHostBridge> {
  @Override
  public PciHostBridge create() {
    return new PciHostBridge("pci", 0xc000_0000L, 1 << 20);
  }

  @Override
  public void exercise(PciHostBridge bridge) {
    BusDevice ports = bridge.configPorts();
    ports.write(0, 4, 0x8000_003cL);
    ports.write(4, 1, 11);
    ports.read(4, 4);
  }

  @Test
  void ecamAnswersBusZeroOnly() {
    PciHostBridge bridge = create();
    BusDevice ecam = bridge.ecam();
    assertThat(ecam.read(0, 4)).isEqualTo(0x0008_1b36);
    assertThat(ecam.read(0x0a, 2)).isEqualTo(0x0600);
    assertThat(ecam.read(0x100, 4)).isZero();
    assertThat(ecam.read(0x1000, 4)).isEqualTo(-1); // function 1
    assertThat(ecam.read(0x8000, 4)).isEqualTo(-1); // slot 1
    assertThat(ecam.read(1, 4)).isEqualTo(-1); // unaligned
    assertThat(ecam.read(0, 8)).isEqualTo(-1);
    assertThat(bridge.window().read(0, 4)).isEqualTo(-1);
  }
}
