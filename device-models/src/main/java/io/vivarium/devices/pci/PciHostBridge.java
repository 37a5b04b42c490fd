package io.vivarium.devices.pci;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.Device;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.bus.BusDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * PCI bus 0 with its host bridge in slot 0: configuration by ports (mechanism 1) and by memory
 * (ECAM), and a window of memory in which the functions' registers stand.
 *
 * <p>A guest may move registers anywhere. What lies outside of the window, or on top of another
 * function's registers, is not shown. Reads of what is not there give all ones.
 */
public final class PciHostBridge implements Device<PciHostBridge.State> {
  /** Ports 0xCF8 to 0xCFF. */
  public static final int PORTS = 8;

  /** Bytes of configuration space by memory: one bus. */
  public static final long ECAM_SIZE = 1L << 20;

  /** Slots on the bus; 0 is the bridge's own. */
  public static final int SLOTS = 32;

  /** Saved state: the configuration address register and the bridge's own space. */
  @SuppressWarnings("ArrayRecordComponent") // a snapshot: made once, never changed
  public record State(int version, int address, byte[] config) {}

  private record Mapping(long base, long size, BusDevice device) {}

  private static final int VERSION = 1;
  private static final int RED_HAT = 0x1b36;
  private static final int GENERIC_BRIDGE = 0x0008;
  private static final int CLASS_HOST_BRIDGE = 0x060000;
  private static final int ENABLE = 1 << 31;
  private static final int ADDRESS_MASK = 0x80ff_fffc;

  private final String id;
  private final long windowBase;
  private final long windowSize;
  private final ConfigSpace config =
      new ConfigSpace(RED_HAT, GENERIC_BRIDGE, 0, CLASS_HOST_BRIDGE, 0x1100);
  private final Map<Integer, PciFunction> functions = new TreeMap<>();
  private final PciFunction[] slots = new PciFunction[SLOTS];
  private long nextAddress;
  private int address;
  private volatile Mapping[] mappings = {};

  /**
   * @param windowBase guest-physical address of the memory window, a multiple of 1 MiB
   * @param windowSize its bytes
   */
  public PciHostBridge(String id, long windowBase, long windowSize) {
    this.id = id;
    this.windowBase = windowBase;
    this.windowSize = windowSize;
    this.nextAddress = windowBase;
    config.seal();
  }

  /**
   * Plugs a function in, before anything runs, and assigns its registers' address.
   *
   * @param slot 1 to 31
   */
  public synchronized void add(int slot, PciFunction function) {
    if (slot < 1 || slot >= SLOTS || functions.containsKey(slot)) {
      throw new IllegalArgumentException("PCI slot " + slot);
    }
    long size = function.memorySize();
    if (size > 0) {
      long base = (nextAddress + size - 1) & -size;
      if (base + size > windowBase + windowSize) {
        throw new IllegalArgumentException("the PCI memory window is full");
      }
      nextAddress = base + size;
      function.assign(base);
    }
    functions.put(slot, function);
    slots[slot] = function;
    function.onRemap(this::remap);
    remap();
  }

  /** Works out anew which registers are shown where; the lower slot wins. */
  private synchronized void remap() {
    List<Mapping> next = new ArrayList<>();
    for (PciFunction function : functions.values()) {
      BusDevice memory = function.memory();
      long base = function.memoryAddress();
      boolean shown = memory != null && fits(next, base, function.memorySize());
      if (memory != null && shown) {
        next.add(new Mapping(base, function.memorySize(), memory));
      }
      function.mapped(shown ? base : -1);
    }
    mappings = next.toArray(Mapping[]::new);
  }

  private boolean fits(List<Mapping> taken, long base, long size) {
    if (base < windowBase || base - windowBase > windowSize - size) {
      return false;
    }
    return taken.stream().noneMatch(m -> base < m.base + m.size && m.base < base + size);
  }

  /** Ports 0xCF8 (address, 32-bit accesses only) and 0xCFC (data). */
  public BusDevice configPorts() {
    return new BusDevice() {
      @Override
      public long read(long offset, int size) {
        if (offset >= 4) {
          return (address() & ENABLE) == 0 ? -1 : readConfig(target(offset), size);
        }
        return offset == 0 && size == 4 ? address() : -1;
      }

      @Override
      public void write(long offset, int size, long value) {
        if (offset == 0 && size == 4) {
          setAddress((int) value & ADDRESS_MASK);
        } else if (offset >= 4 && (address() & ENABLE) != 0) {
          writeConfig(target(offset), size, value);
        }
      }

      // As an ECAM offset: bus, slot, function and register.
      private long target(long offset) {
        int register = (address() & 0xfc) + (int) (offset & 3);
        return (((long) address() & 0xffff00) << 4) | register;
      }
    };
  }

  /** Configuration space by memory, of bus 0. */
  public BusDevice ecam() {
    return new BusDevice() {
      @Override
      public long read(long offset, int size) {
        return readConfig(offset, size);
      }

      @Override
      public void write(long offset, int size, long value) {
        writeConfig(offset, size, value);
      }
    };
  }

  /** The memory window; mapped whole. */
  public BusDevice window() {
    return new BusDevice() {
      @Override
      public long read(long offset, int size) {
        Mapping mapping = find(windowBase + offset, size);
        return mapping == null ? -1 : mapping.device.read(windowBase + offset - mapping.base, size);
      }

      @Override
      public void write(long offset, int size, long value) {
        Mapping mapping = find(windowBase + offset, size);
        if (mapping != null) {
          mapping.device.write(windowBase + offset - mapping.base, size, value);
        }
      }
    };
  }

  private @org.jspecify.annotations.Nullable Mapping find(long at, int size) {
    for (Mapping mapping : mappings) {
      if (at >= mapping.base && at - mapping.base <= mapping.size - size) {
        return mapping;
      }
    }
    return null;
  }

  private synchronized int address() {
    return address;
  }

  private synchronized void setAddress(int value) {
    address = value;
  }

  private long readConfig(long ecam, int size) {
    int register = (int) (ecam & 0xfff);
    if (!onBus(ecam) || !aligned(register, size)) {
      return -1;
    }
    int slot = (int) (ecam >> 15) & 31;
    PciFunction function = slots[slot];
    if (slot != 0 && function == null) {
      return -1;
    }
    if (register >= ConfigSpace.SIZE) {
      return 0; // no extended capabilities
    }
    if (function != null) {
      return function.readConfig(register, size);
    }
    synchronized (this) {
      return config.get(register, size);
    }
  }

  private void writeConfig(long ecam, int size, long value) {
    int register = (int) (ecam & 0xfff);
    if (!onBus(ecam) || !aligned(register, size) || register >= ConfigSpace.SIZE) {
      return;
    }
    int slot = (int) (ecam >> 15) & 31;
    PciFunction function = slots[slot];
    if (function != null) {
      function.writeConfig(register, size, value);
    } else if (slot == 0) {
      synchronized (this) {
        config.write(register, size, value);
      }
    }
  }

  /** Bus 0, and only function 0 of each slot. */
  private static boolean onBus(long ecam) {
    return ecam >= 0 && ecam < ECAM_SIZE && ((ecam >> 12) & 7) == 0;
  }

  private static boolean aligned(int register, int size) {
    return size <= 4 && (register & (size - 1)) == 0;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public Class<State> stateType() {
    return State.class;
  }

  @Override
  public synchronized State save() {
    return new State(VERSION, address, config.save());
  }

  @Override
  public synchronized void restore(State state) throws BadStateException {
    StateCheck check = new StateCheck(id);
    check.version(state.version, VERSION);
    check.bits("address", state.address, ADDRESS_MASK);
    config.check(check, state.config);
    address = state.address;
    config.restore(state.config);
  }

  @Override
  public synchronized void reset() {
    address = 0;
    config.reset();
  }

  @Override
  public void pause() {}

  @Override
  public void resume() {}

  @Override
  public void close() {}
}
