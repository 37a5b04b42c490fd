package io.vivarium.devices.virtio.testkit;

import io.vivarium.devices.bus.BusDevice;
import java.util.HashMap;
import java.util.Map;

/**
 * A guest's driver of one virtio function, through its configuration space (by ECAM) and its BAR,
 * as Linux's virtio_pci_modern does it.
 */
public final class MockPciDriver {
  /** Where a structure stands in the BAR. */
  public record Structure(long offset, long length, long multiplier) {}

  private final MockGuest guest;
  private final BusDevice ecam;
  private final BusDevice window;
  private final long windowBase;
  private final long functionAt;
  private final Map<Integer, Structure> structures = new HashMap<>();
  private int msixAt;

  /** Finds the function's capabilities; the BAR is where it was assigned. */
  public MockPciDriver(
      MockGuest guest, BusDevice ecam, BusDevice window, long windowBase, int slot) {
    this.guest = guest;
    this.ecam = ecam;
    this.window = window;
    this.windowBase = windowBase;
    this.functionAt = (long) slot << 15;
    int at = (int) config(0x34, 1);
    while (at != 0) {
      int id = (int) config(at, 1);
      if (id == 0x11) {
        msixAt = at;
      } else if (id == 0x09) {
        long multiplier = config(at + 3, 1) == 2 ? config(at + 16, 4) : 0;
        structures.put(
            (int) config(at + 3, 1),
            new Structure(config(at + 8, 4), config(at + 12, 4), multiplier));
      }
      at = (int) config(at + 1, 1);
    }
  }

  public Map<Integer, Structure> structures() {
    return structures;
  }

  public int msixAt() {
    return msixAt;
  }

  public long config(int register, int size) {
    return ecam.read(functionAt + register, size) & mask(size);
  }

  public void setConfig(int register, int size, long value) {
    ecam.write(functionAt + register, size, value);
  }

  private static long mask(int size) {
    return size == 8 ? -1L : (1L << (8 * size)) - 1;
  }

  /** Address of the BAR, as it stands in its register. */
  public long barAddress() {
    return (config(0x10, 4) & ~0xfL) | (config(0x14, 4) << 32);
  }

  public long bar(long offset, int size) {
    return window.read(barAddress() - windowBase + offset, size) & mask(size);
  }

  public void setBar(long offset, int size, long value) {
    window.write(barAddress() - windowBase + offset, size, value);
  }

  /** Where a structure begins in the BAR; it must be there. */
  public long structureOffset(int structure) {
    Structure found = structures.get(structure);
    if (found == null) {
      throw new IllegalStateException("no structure " + structure);
    }
    return found.offset();
  }

  private long at(int structure, long offset) {
    return structureOffset(structure) + offset;
  }

  public long common(int offset, int size) {
    return bar(at(1, offset), size);
  }

  public void setCommon(int offset, int size, long value) {
    setBar(at(1, offset), size, value);
  }

  public long device(int offset, int size) {
    return bar(at(4, offset), size);
  }

  /** Guest-physical address of a queue's doorbell. */
  public long doorbell(int queue) {
    setCommon(0x16, 2, queue);
    Structure notify = structures.get(2);
    if (notify == null) {
      throw new IllegalStateException("no notify structure");
    }
    return barAddress() + notify.offset() + common(0x1e, 2) * notify.multiplier();
  }

  public void kick(int queue) {
    setBar(doorbell(queue) - barAddress(), 2, queue);
  }

  /** Turns MSI-X on and gives each vector the message (0xfee00000 + 16 * vector, 0x40 + vector). */
  public void enableMsix() {
    int count = (int) (config(msixAt + 2, 2) & 0x7ff) + 1;
    long table = config(msixAt + 4, 4) & ~7L;
    setConfig(msixAt + 2, 2, 0xc000);
    for (int vector = 0; vector < count; vector++) {
      long entry = table + 16L * vector;
      setBar(entry, 4, 0xfee0_0000L + 16L * vector);
      setBar(entry + 4, 4, 0);
      setBar(entry + 8, 4, 0x40 + vector);
      setBar(entry + 12, 4, 0);
    }
    setConfig(msixAt + 2, 2, 0x8000);
  }

  /** Negotiates features, sets up all queues with a vector each (configuration: 0), starts. */
  public MockQueue[] start(long features, int queueSize) {
    setCommon(0x14, 1, 0);
    setCommon(0x14, 1, 1);
    setCommon(0x14, 1, 3);
    setCommon(0x00, 4, 0);
    long offered = common(0x04, 4);
    setCommon(0x00, 4, 1);
    offered |= common(0x04, 4) << 32;
    long accepted = (features & offered) | (1L << 32);
    setCommon(0x08, 4, 0);
    setCommon(0x0c, 4, accepted & 0xffff_ffffL);
    setCommon(0x08, 4, 1);
    setCommon(0x0c, 4, accepted >>> 32);
    setCommon(0x14, 1, 11);
    if ((common(0x14, 1) & 8) == 0) {
      throw new IllegalStateException("the device refuses the features");
    }
    setCommon(0x10, 2, 0);
    MockQueue[] queues = new MockQueue[(int) common(0x12, 2)];
    for (int i = 0; i < queues.length; i++) {
      setCommon(0x16, 2, i);
      int size = (int) Math.min(queueSize, common(0x18, 2));
      queues[i] = new MockQueue(guest, size);
      setCommon(0x18, 2, size);
      setCommon(0x1a, 2, i + 1);
      setAddress(0x20, queues[i].descriptors());
      setAddress(0x28, queues[i].available());
      setAddress(0x30, queues[i].used());
      setCommon(0x1c, 2, 1);
    }
    setCommon(0x14, 1, 15);
    return queues;
  }

  private void setAddress(int register, long address) {
    setCommon(register, 4, address & 0xffff_ffffL);
    setCommon(register + 4, 4, address >>> 32);
  }
}
