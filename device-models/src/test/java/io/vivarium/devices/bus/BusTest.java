package io.vivarium.devices.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BusTest {
  private static final class Recorder implements BusDevice {
    final List<String> writes = new ArrayList<>();
    private final long value;

    Recorder(long value) {
      this.value = value;
    }

    @Override
    public long read(long offset, int size) {
      return value + offset;
    }

    @Override
    public void write(long offset, int size, long value) {
      writes.add("%d/%d=%x".formatted(offset, size, value));
    }
  }

  @Test
  void portAccessesReachTheirDevice() {
    PortBus bus = new PortBus();
    Recorder device = new Recorder(0x100);
    bus.map(0x3f8, 8, device);
    assertThat(bus.read(0x3fa, 1)).isEqualTo(2);
    assertThat(bus.read(0x3fa, 2)).isEqualTo(0x102);
    bus.write(0x3ff, 1, 0x1234);
    assertThat(device.writes).containsExactly("7/1=34");
  }

  @Test
  void accessesThatNobodyAnswersReadAllOnes() {
    PortBus ports = new PortBus();
    Recorder device = new Recorder(0);
    ports.map(0x60, 1, device);
    assertThat(ports.read(0x61, 1)).isEqualTo(0xff);
    assertThat(ports.read(0x60, 2)).isEqualTo(0xffff);
    assertThat(ports.read(0x5f, 2)).isEqualTo(0xffff);
    assertThat(ports.read(0xffff, 4)).isEqualTo(0xffff_ffffL);
    assertThat(ports.read(-1, 1)).isEqualTo(0xff);
    assertThat(ports.read(0x10000, 1)).isEqualTo(0xff);
    assertThat(ports.read(0x60, 3)).isEqualTo(0xffffff);
    ports.write(0x60, 2, 1);
    assertThat(device.writes).isEmpty();

    MmioBus mmio = new MmioBus();
    mmio.map(0xd000_0000L, 0x1000, device);
    assertThat(mmio.read(0xd000_1000L, 8)).isEqualTo(-1);
    assertThat(mmio.read(0xd000_0ffdL, 4)).isEqualTo(0xffff_ffffL);
    assertThat(mmio.read(-8, 8)).isEqualTo(-1);
    mmio.write(0xcfff_ffffL, 4, 1);
    assertThat(device.writes).isEmpty();
  }

  @Test
  void overlapsAndEmptyRangesAreRefused() {
    PortBus ports = new PortBus();
    ports.map(0xcf8, 4, new Recorder(0));
    assertThatThrownBy(() -> ports.map(0xcfb, 1, new Recorder(0)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ports.map(0xffff, 2, new Recorder(0)))
        .isInstanceOf(IllegalArgumentException.class);
    MmioBus mmio = new MmioBus();
    mmio.map(0x1000, 0x1000, new Recorder(0));
    assertThat(mmio.tryMap(0x1fff, 1, new Recorder(0))).isFalse();
    assertThat(mmio.tryMap(0, 0x1001, new Recorder(0))).isFalse();
    assertThat(mmio.tryMap(0x2000, 0, new Recorder(0))).isFalse();
    assertThat(mmio.tryMap(Long.MAX_VALUE, 2, new Recorder(0))).isFalse();
    assertThat(mmio.tryMap(-1, 1, new Recorder(0))).isFalse();
    assertThat(mmio.tryMap(0x2000, 1, new Recorder(0))).isTrue();
  }

  @Test
  void aPortWithinAnothersRangeGetsWhatBeginsThere() {
    PortBus ports = new PortBus();
    Recorder outer = new Recorder(0x10);
    Recorder inner = new Recorder(0x20);
    ports.map(0xcf8, 4, outer);
    ports.mapWithin(0xcf9, 1, inner);
    assertThat(ports.read(0xcf8, 4)).isEqualTo(0x10);
    assertThat(ports.read(0xcf9, 1)).isEqualTo(0x20);
    assertThat(ports.read(0xcfa, 1)).isEqualTo(0x12);
  }

  @Test
  void mmioRangesMove() {
    MmioBus mmio = new MmioBus();
    Recorder a = new Recorder(1);
    Recorder b = new Recorder(2);
    mmio.map(0x3000, 0x1000, a);
    mmio.map(0x1000, 0x1000, b);
    assertThat(mmio.read(0x3000, 1)).isEqualTo(1);
    mmio.unmap(a);
    assertThat(mmio.read(0x3000, 1)).isEqualTo(0xff);
    mmio.map(0x8000_0000_0000L, 8, a);
    assertThat(mmio.read(0x8000_0000_0000L, 8)).isEqualTo(1);
    assertThat(mmio.read(0x1004, 4)).isEqualTo(6);
  }
}
