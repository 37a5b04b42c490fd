package io.vivarium.devices.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.DeviceContract;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class CmosRtcTest implements DeviceContract<CmosRtc.State, CmosRtc> {
  private Instant now = Instant.parse("2026-11-24T21:38:59.5Z");

  @Override
  public CmosRtc create() {
    return new CmosRtc("rtc", () -> now, 3L << 30, 5L << 30);
  }

  @Override
  public void exercise(CmosRtc rtc) {
    for (int register = 0; register < 256; register++) {
      set(rtc, register, register * 7);
      get(rtc, register);
    }
    set(rtc, 11, 0x02);
  }

  private static int get(CmosRtc rtc, int register) {
    rtc.write(0, 1, register);
    return (int) rtc.read(1, 1);
  }

  private static void set(CmosRtc rtc, int register, int value) {
    rtc.write(0, 1, register);
    rtc.write(1, 1, value);
  }

  @Test
  void tellsTheHostsTimeInBcd() {
    CmosRtc rtc = create();
    assertThat(get(rtc, 0)).isEqualTo(0x59);
    assertThat(get(rtc, 2)).isEqualTo(0x38);
    assertThat(get(rtc, 4)).isEqualTo(0x21);
    assertThat(get(rtc, 6)).isEqualTo(3); // Tuesday
    assertThat(get(rtc, 7)).isEqualTo(0x24);
    assertThat(get(rtc, 8)).isEqualTo(0x11);
    assertThat(get(rtc, 9)).isEqualTo(0x26);
    assertThat(get(rtc, 0x32)).isEqualTo(0x20);
    assertThat(get(rtc, 13)).isEqualTo(0x80);
  }

  @Test
  void binaryAndTwelveHours() {
    CmosRtc rtc = create();
    set(rtc, 11, 0x04);
    assertThat(get(rtc, 0)).isEqualTo(59);
    assertThat(get(rtc, 4)).isEqualTo(0x80 | 9);
    now = Instant.parse("2026-11-24T00:00:00Z");
    assertThat(get(rtc, 4)).isEqualTo(12);
    now = Instant.parse("2026-11-24T12:00:00Z");
    assertThat(get(rtc, 4)).isEqualTo(0x80 | 12);
  }

  @Test
  void updateInProgressShortlyBeforeEachSecond() {
    CmosRtc rtc = create();
    assertThat(get(rtc, 10) & 0x80).isZero();
    now = Instant.parse("2026-11-24T21:38:59.999Z");
    assertThat(get(rtc, 10) & 0x80).isEqualTo(0x80);
    set(rtc, 11, 0x82);
    assertThat(get(rtc, 10) & 0x80).isZero();
  }

  @Test
  void guestSetsItsOwnTime() {
    CmosRtc rtc = create();
    set(rtc, 11, 0x82);
    set(rtc, 0, 0x00);
    set(rtc, 2, 0x30);
    set(rtc, 4, 0x12);
    set(rtc, 7, 0x29);
    set(rtc, 8, 0x02);
    set(rtc, 9, 0x28);
    set(rtc, 0x32, 0x20);
    assertThat(get(rtc, 0)).isZero();
    set(rtc, 11, 0x02);
    now = now.plusSeconds(86_405);
    assertThat(get(rtc, 0)).isEqualTo(5);
    assertThat(get(rtc, 7)).isEqualTo(0x01);
    assertThat(get(rtc, 8)).isEqualTo(0x03);
    set(rtc, 8, 0x13); // no month: the clock stays as it was
    assertThat(get(rtc, 8)).isEqualTo(0x03);
  }

  @Test
  void alarmFlagComesWhenItsTimeHasPassed() {
    CmosRtc rtc = create();
    set(rtc, 1, 0x05);
    set(rtc, 3, 0x39);
    set(rtc, 5, 0xff);
    assertThat(get(rtc, 12)).isZero();
    now = now.plusSeconds(5);
    assertThat(get(rtc, 12)).isEqualTo(0x10);
    now = now.plusSeconds(1);
    assertThat(get(rtc, 12)).isEqualTo(0x30);
    assertThat(get(rtc, 12)).isZero();
    now = now.plusSeconds(3600L * 24 * 365 * 100);
    assertThat(get(rtc, 12)).isEqualTo(0x30);
  }

  @Test
  void tellsMemorySizesAndKeepsBytes() {
    CmosRtc rtc = create();
    assertThat(get(rtc, 0x35) << 8 | get(rtc, 0x34)).isEqualTo((3 * 1024 - 16) * 16);
    assertThat(get(rtc, 0x5d) << 16 | get(rtc, 0x5c) << 8 | get(rtc, 0x5b)).isEqualTo(5 * 16384);
    set(rtc, 0x80 | 0x40, 0xa5);
    assertThat(get(rtc, 0x40)).isEqualTo(0xa5);
    assertThat(rtc.read(0, 1)).isEqualTo(0xff);
    assertThat(rtc.read(0, 2)).isEqualTo(-1);
  }
}
