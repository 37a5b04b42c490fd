package io.vivarium.devices.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.DeviceContract;
import org.junit.jupiter.api.Test;

class AcpiPmTest implements DeviceContract<AcpiPm.State, AcpiPm> {
  private final LegacyEvents events = new LegacyEvents();
  private boolean line;
  private long nanos = 1;

  @Override
  public AcpiPm create() {
    return new AcpiPm("acpi-pm", high -> line = high, events, () -> nanos);
  }

  @Override
  public void exercise(AcpiPm pm) {
    pm.write(2, 2, 0x0100);
    pm.pressPowerButton();
    pm.write(4, 2, 0x0402);
    pm.write(13, 1, 1);
    pm.tellRestored();
    for (int offset = 0; offset < 14; offset++) {
      pm.read(offset, 1);
    }
  }

  @Test
  void powerButtonRaisesTheLineUntilAcknowledged() {
    AcpiPm pm = create();
    pm.resume();
    pm.pressPowerButton();
    assertThat(line).isFalse();
    pm.write(2, 2, 0x0120);
    assertThat(line).isTrue();
    assertThat(pm.read(0, 2)).isEqualTo(0x0100);
    pm.write(0, 2, 0x0100);
    assertThat(line).isFalse();
    assertThat(pm.read(0, 2)).isZero();
  }

  @Test
  void aRestoreRaisesTheLineUntilAcknowledged() {
    AcpiPm pm = create();
    pm.resume();
    pm.tellRestored();
    assertThat(line).isFalse();
    pm.write(13, 1, 1);
    assertThat(line).isTrue();
    assertThat(pm.read(12, 2)).isEqualTo(0x0101);
    pm.write(12, 1, 1);
    assertThat(line).isFalse();
    assertThat(pm.read(12, 2)).isEqualTo(0x0100);
  }

  @Test
  void sleepStateFiveSwitchesOff() {
    AcpiPm pm = create();
    assertThat(pm.read(4, 2)).isEqualTo(1); // ACPI mode is on
    pm.write(4, 2, AcpiPm.S5_TYPE << 10);
    assertThat(events.log).isEmpty();
    pm.write(4, 2, AcpiPm.S5_TYPE << 10 | 1 << 13);
    assertThat(events.log).containsExactly("off");
    pm.write(4, 2, 1 << 13);
    assertThat(events.log).hasSize(1);
  }

  @Test
  void timerRunsAt3579545HzAndGoesOnAfterRestore() throws Exception {
    AcpiPm pm = create();
    long before = pm.read(8, 4);
    nanos += 1_000_000_000;
    assertThat(pm.read(8, 4) - before).isEqualTo(3_579_545);
    AcpiPm.State saved = pm.save();
    nanos += 77_000_000_000L;
    AcpiPm other = create();
    other.restore(saved);
    assertThat(other.read(8, 4)).isEqualTo(before + 3_579_545);
    assertThat(pm.read(8, 8)).isEqualTo(-1);
  }
}
