package io.vivarium.devices.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.DeviceContract;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class SmallDevicesTest {
  private final LegacyEvents events = new LegacyEvents();

  @Nested
  class OfResetPort implements DeviceContract<ResetPort.State, ResetPort> {
    @Override
    public ResetPort create() {
      return new ResetPort("reset", events);
    }

    @Override
    public void exercise(ResetPort device) {
      device.write(0, 1, 0x02);
      device.read(0, 1);
    }

    @Test
    void resetsAsLinuxDoesIt() {
      ResetPort device = create();
      device.write(0, 1, 0x02);
      assertThat(events.log).isEmpty();
      device.write(0, 1, 0x06);
      assertThat(events.log).containsExactly("reset");
    }
  }

  @Nested
  class OfPvpanic implements DeviceContract<Pvpanic.State, Pvpanic> {
    @Override
    public Pvpanic create() {
      return new Pvpanic("pvpanic", events);
    }

    @Override
    public void exercise(Pvpanic device) {
      device.write(0, 1, 0);
    }

    @Test
    void tellsOfAPanic() {
      Pvpanic device = create();
      assertThat(device.read(0, 1)).isEqualTo(3);
      device.write(0, 1, 2);
      assertThat(events.log).isEmpty();
      device.write(0, 1, 1);
      assertThat(events.log).containsExactly("panic");
    }
  }

  @Test
  void exitPortTellsItsCode() {
    new ExitPort(events).write(0, 4, 42);
    assertThat(events.log).containsExactly("exit 42");
  }
}
