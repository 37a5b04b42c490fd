package io.vivarium.devices.pci;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.Device;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.bus.BusDevice;
import io.vivarium.devices.irq.IrqLine;
import io.vivarium.devices.virtio.VirtioCore;
import io.vivarium.devices.virtio.VirtioDevice;
import io.vivarium.devices.virtio.VirtioInterrupts;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The virtio-pci transport, modern only (virtio 1.2, 4.1), with MSI-X: one vector for the
 * configuration and one for each queue. One 64-bit BAR holds all structures.
 *
 * <p>It saves what belongs to PCI and to the driver (status, features, queues); the device behind
 * it saves its own.
 */
public final class VirtioPci implements Device<VirtioPci.State>, PciFunction, VirtioInterrupts {
  /** Saved state. */
  @SuppressWarnings("ArrayRecordComponent") // a snapshot: made once, never changed
  public record State(
      int version,
      byte[] config,
      Msix.State msix,
      VirtioPciRegisters.State registers,
      VirtioCore.State virtio) {}

  static final int COMMON_AT = 0x0000;
  static final int ISR_AT = 0x1000;
  static final int DEVICE_AT = 0x2000;
  static final int NOTIFY_AT = 0x3000;
  static final int TABLE_AT = 0x4000;
  static final int PENDING_AT = 0x6000;
  static final int NOTIFY_MULTIPLIER = 4;
  private static final int REGION = 0x1000;
  private static final long BAR_SIZE = 0x8000;

  private static final int VERSION = 1;
  private static final int VENDOR = 0x1af4;
  private static final int FIRST_DEVICE = 0x1040;
  private static final int SUBSYSTEM = 0x1100;
  private static final int CAP_MSIX = 0x11;
  private static final int CAP_VENDOR = 0x09;
  private static final int CFG_COMMON = 1;
  private static final int CFG_NOTIFY = 2;
  private static final int CFG_ISR = 3;
  private static final int CFG_DEVICE = 4;
  private static final int CFG_PCI = 5;
  private static final int MSIX_CONTROL_ENABLE = 0x8000;
  private static final int MSIX_CONTROL_MASK = 0x4000;

  private final String id;
  private final VirtioDevice<?> device;
  private final VirtioCore core;
  private final Doorbells doorbells;
  private final @Nullable IrqLine intx;
  private final ConfigSpace config;
  private final Msix msix;
  private final VirtioPciRegisters registers;
  private final int msixAt;
  private final int pciCfgAt;
  private Runnable remap = () -> {};
  private long boundAt = -1;
  private int isr;
  private volatile boolean running;

  /** Without INTx: drivers use MSI-X. */
  public VirtioPci(String id, VirtioDevice<?> device, MsiSink sink, Doorbells doorbells) {
    this(id, device, sink, doorbells, null);
  }

  /**
   * @param intx the level-triggered line of INTA#, for drivers without MSI-X, or null
   */
  public VirtioPci(
      String id,
      VirtioDevice<?> device,
      MsiSink sink,
      Doorbells doorbells,
      @Nullable IrqLine intx) {
    this.id = id;
    this.device = device;
    this.core = device.core();
    this.doorbells = doorbells;
    this.intx = intx;
    int vectors = core.queueCount() + 1;
    if (vectors * NOTIFY_MULTIPLIER > REGION || vectors * Msix.ENTRY_SIZE > 2 * REGION) {
      throw new IllegalArgumentException("too many queues for the BAR: " + core.queueCount());
    }
    this.msix = new Msix(vectors, sink);
    this.registers = new VirtioPciRegisters(core, vectors);
    this.config =
        new ConfigSpace(
            VENDOR, FIRST_DEVICE + device.type(), 1, classCode(device.type()), SUBSYSTEM);
    config.addMemoryBar(BAR_SIZE);
    if (intx != null) {
      config.setInterruptPin(1);
    }
    this.msixAt = config.addCapability(CAP_MSIX, msixBody(vectors), new byte[] {0, (byte) 0xc0});
    addStructure(CFG_COMMON, COMMON_AT, VirtioPciRegisters.SIZE, new byte[0]);
    addStructure(CFG_NOTIFY, NOTIFY_AT, REGION, new byte[] {NOTIFY_MULTIPLIER, 0, 0, 0});
    addStructure(CFG_ISR, ISR_AT, 1, new byte[0]);
    addStructure(CFG_DEVICE, DEVICE_AT, REGION, new byte[0]);
    this.pciCfgAt = addAccess();
    config.seal();
    core.setInterrupts(this);
  }

  public VirtioDevice<?> device() {
    return device;
  }

  private static int classCode(int type) {
    return switch (type) {
      case 1 -> 0x020000; // Ethernet controller
      case 2 -> 0x018000; // mass storage
      case 3 -> 0x078000; // communication controller
      default -> 0xff0000;
    };
  }

  private static byte[] msixBody(int vectors) {
    byte[] body = new byte[10];
    body[0] = (byte) (vectors - 1);
    body[1] = (byte) ((vectors - 1) >> 8);
    put(body, 2, TABLE_AT); // in BAR 0
    put(body, 6, PENDING_AT);
    return body;
  }

  /** A virtio structure capability (4.1.4): where in BAR 0 it stands. */
  private void addStructure(int type, int offset, int length, byte[] extra) {
    config.addCapability(CAP_VENDOR, structure(type, offset, length, extra), new byte[0]);
  }

  /** The capability by which firmware reaches BAR 0 through the configuration space (4.1.4.9). */
  private int addAccess() {
    byte[] writable = new byte[18];
    writable[2] = (byte) 0xff; // bar
    Arrays.fill(writable, 6, 18, (byte) 0xff); // offset, length, data
    return config.addCapability(CAP_VENDOR, structure(CFG_PCI, 0, 0, new byte[4]), writable);
  }

  private static byte[] structure(int type, int offset, int length, byte[] extra) {
    byte[] body = new byte[14 + extra.length];
    body[0] = (byte) (16 + extra.length);
    body[1] = (byte) type;
    put(body, 6, offset);
    put(body, 10, length);
    System.arraycopy(extra, 0, body, 14, extra.length);
    return body;
  }

  private static void put(byte[] bytes, int at, int value) {
    for (int i = 0; i < 4; i++) {
      bytes[at + i] = (byte) (value >>> (8 * i));
    }
  }

  // --- configuration space ---

  @Override
  public long readConfig(int offset, int size) {
    if (offset == pciCfgAt + 16) {
      Access access = access();
      if (access != null) {
        return bar.read(access.offset, access.length);
      }
    }
    synchronized (config) {
      return config.get(offset, size);
    }
  }

  @Override
  public void writeConfig(int offset, int size, long value) {
    boolean moved;
    synchronized (config) {
      long before = memoryAddress();
      config.write(offset, size, value);
      moved = memoryAddress() != before;
      if (offset >= msixAt && offset < msixAt + 4) {
        updateMsix();
      }
    }
    if (moved) {
      remap.run(); // outside of our lock: the bridge asks all functions
    }
    if (offset == pciCfgAt + 16) {
      Access access = access();
      if (access != null) {
        bar.write(access.offset, access.length, value);
      }
    }
    updateLine();
  }

  private record Access(long offset, int length) {}

  /** What the access capability points at, or null when that is nothing that can be accessed. */
  private @Nullable Access access() {
    synchronized (config) {
      long number = config.get(pciCfgAt + 4, 1);
      long offset = config.get(pciCfgAt + 8, 4);
      long length = config.get(pciCfgAt + 12, 4);
      boolean good =
          number == 0
              && (length == 1 || length == 2 || length == 4)
              && offset % length == 0
              && offset + length <= BAR_SIZE;
      return good ? new Access(offset, (int) length) : null;
    }
  }

  private void updateMsix() {
    long control = config.get(msixAt + 2, 2);
    msix.control((control & MSIX_CONTROL_ENABLE) != 0, (control & MSIX_CONTROL_MASK) != 0);
  }

  // --- the BAR ---

  private final BusDevice bar =
      new BusDevice() {
        @Override
        public long read(long offset, int size) {
          if (offset >= PENDING_AT) {
            return msix.readPending(offset - PENDING_AT, size);
          } else if (offset >= TABLE_AT) {
            return msix.readTable(offset - TABLE_AT, size);
          } else if (offset >= NOTIFY_AT) {
            return 0;
          } else if (offset >= DEVICE_AT) {
            return device.readConfig(offset - DEVICE_AT, size);
          } else if (offset >= ISR_AT) {
            return offset == ISR_AT && size == 1 ? readIsr() : -1;
          }
          return registers.read(offset, size);
        }

        @Override
        public void write(long offset, int size, long value) {
          if (offset >= TABLE_AT && offset < PENDING_AT) {
            msix.writeTable(offset - TABLE_AT, size, value);
          } else if (offset >= NOTIFY_AT && offset < TABLE_AT) {
            core.notifyQueue((int) (offset - NOTIFY_AT) / NOTIFY_MULTIPLIER);
          } else if (offset >= DEVICE_AT && offset < NOTIFY_AT) {
            device.writeConfig(offset - DEVICE_AT, size, value);
          } else if (offset < ISR_AT) {
            registers.write(offset, size, value);
            if (core.status() == 0) {
              clearIsr();
            }
          }
        }
      };

  @Override
  public BusDevice memory() {
    return bar;
  }

  @Override
  public long memorySize() {
    return BAR_SIZE;
  }

  @Override
  public long memoryAddress() {
    synchronized (config) {
      return config.memoryEnabled() ? config.memoryBar() : -1;
    }
  }

  @Override
  public void assign(long address) {
    synchronized (config) {
      config.write(ConfigSpace.BAR0, 8, address);
      config.write(ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_MEMORY);
      config.seal();
    }
  }

  @Override
  public void mapped(long address) {
    if (address == boundAt) {
      return;
    }
    for (int queue = 0; queue < core.queueCount(); queue++) {
      if (boundAt >= 0) {
        doorbells.unbind(doorbell(boundAt, queue), queue);
      }
      if (address >= 0) {
        doorbells.bind(doorbell(address, queue), queue);
      }
    }
    boundAt = address;
  }

  private static long doorbell(long address, int queue) {
    return address + NOTIFY_AT + (long) queue * NOTIFY_MULTIPLIER;
  }

  @Override
  public void onRemap(Runnable remap) {
    this.remap = remap;
  }

  // --- interrupts ---

  @Override
  public void queueUsed(int queue) {
    interrupt(registers.queueVector(queue), 1);
  }

  @Override
  public void configurationChanged() {
    interrupt(registers.configVector(), 2);
  }

  private void interrupt(int vector, int isrBit) {
    if (msix.enabled()) {
      msix.trigger(vector);
    } else {
      synchronized (msix) {
        isr |= isrBit;
      }
      updateLine();
    }
  }

  private long readIsr() {
    int value;
    synchronized (msix) {
      value = isr;
      isr = 0;
    }
    updateLine();
    return value;
  }

  private void clearIsr() {
    readIsr();
  }

  private void updateLine() {
    if (intx == null || !running) {
      return;
    }
    boolean off;
    synchronized (config) {
      off = (config.get(ConfigSpace.COMMAND, 2) & ConfigSpace.COMMAND_INTX_OFF) != 0;
    }
    synchronized (msix) {
      intx.set(isr != 0 && !off && !msix.enabled());
    }
  }

  // --- lifecycle ---

  @Override
  public String id() {
    return id;
  }

  @Override
  public Class<State> stateType() {
    return State.class;
  }

  @Override
  public State save() {
    byte[] space;
    synchronized (config) {
      space = config.save();
    }
    return new State(VERSION, space, msix.save(), registers.save(isr), core.save());
  }

  @Override
  public void restore(State state) throws BadStateException {
    StateCheck check = new StateCheck(id);
    check.version(state.version, VERSION);
    config.check(check, state.config);
    msix.check(check, state.msix);
    registers.check(check, state.registers);
    core.check(check, state.virtio);
    core.restore(state.virtio);
    synchronized (config) {
      config.restore(state.config);
      msix.restore(state.msix);
      registers.restore(state.registers);
      updateMsix();
    }
    synchronized (msix) {
      isr = state.registers.isr();
    }
    remap.run();
  }

  @Override
  public void reset() {
    core.writeStatus(0);
    synchronized (config) {
      config.reset();
      msix.reset();
      registers.reset();
    }
    clearIsr();
    remap.run();
  }

  @Override
  public void pause() {
    core.setTransportRuns(false);
    running = false;
  }

  @Override
  public void resume() {
    running = true;
    updateLine();
    core.setTransportRuns(true);
  }

  @Override
  public void close() {
    pause();
    mapped(-1);
  }
}
