package io.vivarium.devices.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.DeviceContract;
import org.junit.jupiter.api.Test;

class I8042Test implements DeviceContract<I8042.State, I8042> {
  private final LegacyEvents events = new LegacyEvents();

  @Override
  public I8042 create() {
    return new I8042("i8042", false, events);
  }

  @Override
  public void exercise(I8042 device) {
    device.command().write(0, 1, 0x60);
    device.data().write(0, 1, 0x47);
    device.command().write(0, 1, 0xd4);
    device.command().read(0, 1);
    device.command().write(0, 1, 0x20);
    device.data().read(0, 1);
    device.command().write(0, 1, 0xd0);
  }

  @Test
  void answersSelfTestAndCommandByte() {
    I8042 device = create();
    assertThat(device.command().read(0, 1) & 1).isZero();
    device.command().write(0, 1, 0xaa);
    assertThat(device.command().read(0, 1) & 1).isEqualTo(1);
    assertThat(device.data().read(0, 1)).isEqualTo(0x55);
    assertThat(device.command().read(0, 1) & 1).isZero();
    device.command().write(0, 1, 0x60);
    device.data().write(0, 1, 0x21);
    device.command().write(0, 1, 0x20);
    assertThat(device.data().read(0, 1)).isEqualTo(0x21);
  }

  @Test
  void resetsByCommandAndByOutputPort() {
    I8042 device = create();
    device.command().write(0, 1, 0xfe);
    device.command().write(0, 1, 0xff);
    device.command().write(0, 1, 0xd1);
    device.data().write(0, 1, 0x02);
    assertThat(events.log).containsExactly("reset", "reset");
  }

  @Test
  void absentLooksStuckToLinuxButIsReadyForItsReset() {
    I8042 device = new I8042("i8042", true, events);
    for (int i = 0; i < 17; i++) {
      assertThat(device.command().read(0, 1)).isEqualTo(1);
      device.data().read(0, 1);
    }
    device.command().write(0, 1, 0xfe);
    assertThat(events.log).containsExactly("reset");
  }
}
