package io.vivarium.devices.bus;

import java.util.Arrays;

/**
 * The 64 Ki I/O ports. Devices are mapped while the machine is assembled, before its vCPUs run;
 * from then on the bus only reads its table, so any number of vCPUs may use it at once.
 *
 * <p>An access that no device answers whole reads as all ones and is ignored when written, as on a
 * PC.
 */
public final class PortBus {
  private static final int PORTS = 1 << 16;

  private record Mapping(int base, int end, BusDevice device) {}

  private final Mapping[] table = new Mapping[PORTS];

  /**
   * Maps {@code length} ports from {@code base}.
   *
   * @throws IllegalArgumentException when the range is empty, beyond 64 Ki, or taken in part
   */
  public void map(int base, int length, BusDevice device) {
    checkRange(base, length);
    for (int port = base; port < base + length; port++) {
      if (table[port] != null) {
        throw new IllegalArgumentException("port 0x%x is taken".formatted(port));
      }
    }
    Arrays.fill(table, base, base + length, new Mapping(base, base + length, device));
  }

  /**
   * Maps ports inside another device's range, as the reset port 0xCF9 lies within PCI's 0xCF8 to
   * 0xCFB: accesses that begin there go to {@code device}, all others still to the one around it.
   */
  public void mapWithin(int base, int length, BusDevice device) {
    checkRange(base, length);
    Arrays.fill(table, base, base + length, new Mapping(base, base + length, device));
  }

  /** Reads; {@code size} is 1, 2 or 4, anything else reads as all ones. */
  public long read(int port, int size) {
    Mapping mapping = find(port, size);
    long mask = MmioBus.mask(size);
    return mapping == null ? mask : mapping.device.read(port - mapping.base, size) & mask;
  }

  /** Writes the low {@code size} bytes of {@code value}. */
  public void write(int port, int size, long value) {
    Mapping mapping = find(port, size);
    if (mapping != null) {
      mapping.device.write(port - mapping.base, size, value & MmioBus.mask(size));
    }
  }

  private @org.jspecify.annotations.Nullable Mapping find(int port, int size) {
    if (port < 0 || port >= PORTS || (size != 1 && size != 2 && size != 4)) {
      return null;
    }
    Mapping mapping = table[port];
    return mapping != null && port + size <= mapping.end ? mapping : null;
  }

  private static void checkRange(int base, int length) {
    if (base < 0 || length <= 0 || length > PORTS - base) {
      throw new IllegalArgumentException("no port range: 0x%x, %d".formatted(base, length));
    }
  }
}
