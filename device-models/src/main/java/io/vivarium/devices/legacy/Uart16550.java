package io.vivarium.devices.legacy;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.Device;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.bus.BusDevice;
import io.vivarium.devices.irq.IrqLine;

/**
 * A 16550A serial port (National Semiconductor PC16550D) with FIFOs, all interrupts and loopback.
 *
 * <p>It knows no host. What the guest sends goes to {@link Output}, a byte at a time and at once:
 * the transmitter is never busy. What the guest shall receive is offered by {@link #offer}, which
 * takes what there is room for; {@link Output#room} tells when there is room again. Behind the
 * 16-byte FIFO stands a buffer of 4 KiB ("the wire"), so that a flood of input costs the sender few
 * calls and an overrun never loses a byte.
 *
 * <p>A guest with hardware flow control stops its input by lowering RTS while DTR is up; until RTS
 * rises again all input is on the wire. A guest that never raised DTR gets its input all the same.
 *
 * <p>Wiring: {@code ports.map(0x3f8, Uart16550.PORTS, uart)}, its line is GSI 4 (COM1, COM3) or 3
 * (COM2, COM4). The line is gated by MCR OUT2, as on a PC.
 */
public final class Uart16550 implements Device<Uart16550.State>, BusDevice {
  /** Number of I/O ports. */
  public static final int PORTS = 8;

  /** Bytes that {@link #offer} takes before it says no. */
  public static final int INPUT_CAPACITY = 4096;

  /** The host's end; called from vCPU threads, outside of the device's lock, and must not block. */
  public interface Output {
    void transmit(byte value);

    /** At least half of the input buffer is free after {@link #offer} took less than all. */
    void room();
  }

  /**
   * Saved state.
   *
   * @param lineStatus error bits of LSR that wait to be read
   * @param modemDelta low four bits of MSR
   * @param input bytes that the guest has not read yet, oldest first
   */
  @SuppressWarnings("ArrayRecordComponent") // a snapshot: made once, never changed
  public record State(
      int version,
      int interruptEnable,
      int fifoControl,
      int lineControl,
      int modemControl,
      int lineStatus,
      int modemDelta,
      int scratch,
      int divisor,
      boolean transmitInterrupt,
      byte[] input) {}

  private static final int VERSION = 1;
  private static final int FIFO_DEPTH = 16;
  private static final int[] TRIGGER = {1, 4, 8, 14};

  private static final int IER_RECEIVE = 0x01;
  private static final int IER_TRANSMIT = 0x02;
  private static final int IER_LINE = 0x04;
  private static final int IER_MODEM = 0x08;
  private static final int IIR_NONE = 0x01;
  private static final int IIR_MODEM = 0x00;
  private static final int IIR_TRANSMIT = 0x02;
  private static final int IIR_RECEIVE = 0x04;
  private static final int IIR_LINE = 0x06;
  private static final int IIR_TIMEOUT = 0x0c;
  private static final int IIR_FIFO_ON = 0xc0;
  private static final int FCR_ENABLE = 0x01;
  private static final int FCR_CLEAR_RECEIVE = 0x02;
  private static final int FCR_TRIGGER = 0xc0;
  private static final int LCR_DLAB = 0x80;
  private static final int MCR_DTR = 0x01;
  private static final int MCR_RTS = 0x02;
  private static final int MCR_OUT2 = 0x08;
  private static final int MCR_LOOP = 0x10;
  private static final int LSR_DATA = 0x01;
  private static final int LSR_OVERRUN = 0x02;
  private static final int LSR_IDLE = 0x60;
  private static final int MSR_RING = 0x40;

  /** Carrier, data set ready, clear to send: the other end is always there. */
  private static final int MSR_CONNECTED = 0xb0;

  private final String id;
  private final IrqLine irq;
  private final Output output;
  private final ByteQueue input = new ByteQueue(INPUT_CAPACITY);

  private int interruptEnable;
  private int fifoControl;
  private int lineControl;
  private int modemControl;
  private int lineStatus;
  private int modemDelta;
  private int scratch;
  private int divisor;
  private boolean transmitInterrupt;
  private boolean wantsRoom;
  private boolean running;
  private long transmitted;
  private long received;

  public Uart16550(String id, IrqLine irq, Output output) {
    this.id = id;
    this.irq = irq;
    this.output = output;
    reset();
  }

  /**
   * Sends bytes to the guest.
   *
   * @return how many were taken, from the first on; when less than {@code length}, {@link
   *     Output#room} will be called
   */
  public synchronized int offer(byte[] data, int offset, int length) {
    int taken = input.add(data, offset, length);
    wantsRoom |= taken < length;
    updateLine();
    return taken;
  }

  /** Bytes that the guest has sent. */
  public synchronized long transmitted() {
    return transmitted;
  }

  /** Bytes that the guest has received. */
  public synchronized long received() {
    return received;
  }

  @Override
  public long read(long offset, int size) {
    if (size != 1) {
      return -1;
    }
    long value;
    boolean room;
    synchronized (this) {
      value = readRegister((int) offset);
      room = wantsRoom && input.free() >= INPUT_CAPACITY / 2;
      wantsRoom &= !room;
    }
    if (room) {
      output.room();
    }
    return value;
  }

  @Override
  public void write(long offset, int size, long value) {
    if (size != 1) {
      return;
    }
    boolean send;
    boolean room;
    synchronized (this) {
      send = writeRegister((int) offset, (int) value & 0xff);
      room = wantsRoom && input.free() >= INPUT_CAPACITY / 2;
      wantsRoom &= !room;
    }
    if (send) {
      output.transmit((byte) value);
    }
    if (room) {
      output.room();
    }
  }

  private int readRegister(int offset) {
    boolean dlab = (lineControl & LCR_DLAB) != 0;
    return switch (offset) {
      case 0 -> dlab ? divisor & 0xff : receive();
      case 1 -> dlab ? divisor >> 8 : interruptEnable;
      case 2 -> identifyInterrupt();
      case 3 -> lineControl;
      case 4 -> modemControl;
      case 5 -> {
        int status = lineStatus | LSR_IDLE | (dataReady() ? LSR_DATA : 0);
        lineStatus = 0;
        updateLine();
        yield status;
      }
      case 6 -> {
        int status = modemLines(modemControl) | modemDelta;
        modemDelta = 0;
        updateLine();
        yield status;
      }
      default -> scratch;
    };
  }

  /** Whether there is a byte that the guest may read. */
  private boolean dataReady() {
    return input.size() > 0 && (modemControl & (MCR_DTR | MCR_RTS | MCR_LOOP)) != MCR_DTR;
  }

  private int receive() {
    if (!dataReady()) {
      return 0;
    }
    int value = input.remove();
    received++;
    updateLine();
    return value;
  }

  private int identifyInterrupt() {
    int cause = cause();
    if (cause == IIR_TRANSMIT) {
      transmitInterrupt = false;
      updateLine();
    }
    return cause | ((fifoControl & FCR_ENABLE) != 0 ? IIR_FIFO_ON : 0);
  }

  /** Returns whether the value is a byte to send. */
  private boolean writeRegister(int offset, int value) {
    boolean dlab = (lineControl & LCR_DLAB) != 0;
    switch (offset) {
      case 0 -> {
        if (!dlab) {
          return send(value);
        }
        divisor = (divisor & 0xff00) | value;
      }
      case 1 -> {
        if (dlab) {
          divisor = (divisor & 0xff) | (value << 8);
        } else {
          writeInterruptEnable(value & 0x0f);
        }
      }
      case 2 -> writeFifoControl(value);
      case 3 -> lineControl = value;
      case 4 -> writeModemControl(value);
      case 7 -> scratch = value;
      default -> {} // LSR and MSR are read-only
    }
    return false;
  }

  private void writeInterruptEnable(int value) {
    // Turning the interrupt on while the transmitter is empty raises it (PC16550D, 8.4).
    transmitInterrupt |= (~interruptEnable & value & IER_TRANSMIT) != 0;
    interruptEnable = value;
    updateLine();
  }

  private boolean send(int value) {
    // The byte leaves at once. The line falls and rises again, for an edge-triggered input.
    transmitInterrupt = false;
    updateLine();
    transmitInterrupt = true;
    boolean loop = (modemControl & MCR_LOOP) != 0;
    if (loop) {
      int depth = (fifoControl & FCR_ENABLE) != 0 ? FIFO_DEPTH : 1;
      if (input.size() >= depth) {
        lineStatus |= LSR_OVERRUN;
      } else {
        input.add(value);
      }
    } else {
      transmitted++;
    }
    updateLine();
    return !loop;
  }

  private void writeFifoControl(int value) {
    boolean toggled = ((value ^ fifoControl) & FCR_ENABLE) != 0;
    // The other bits count only together with the enable bit (PC16550D, 8.5).
    fifoControl = (value & FCR_ENABLE) != 0 ? value & (FCR_ENABLE | FCR_TRIGGER) : 0;
    if (toggled || (value & FCR_CLEAR_RECEIVE) != 0) {
      // Only the FIFO is cleared: what stands behind it is still on the wire.
      int drop = Math.min(input.size(), FIFO_DEPTH);
      for (int i = 0; i < drop; i++) {
        input.remove();
      }
    }
    updateLine();
  }

  private void writeModemControl(int value) {
    int before = modemLines(modemControl);
    modemControl = value & 0x1f;
    int after = modemLines(modemControl);
    int changed = (before ^ after) >> 4;
    // The ring indicator's delta is its trailing edge only.
    if ((after & MSR_RING) != 0) {
      changed &= ~(MSR_RING >> 4);
    }
    modemDelta |= changed;
    updateLine();
  }

  /** The high four bits of MSR; in loopback they are MCR's outputs. */
  private static int modemLines(int modemControl) {
    if ((modemControl & MCR_LOOP) == 0) {
      return MSR_CONNECTED;
    }
    int dtr = modemControl & 1;
    int rts = (modemControl >> 1) & 1;
    int outs = (modemControl >> 2) & 3;
    return (rts << 4) | (dtr << 5) | (outs << 6);
  }

  private int cause() {
    if ((interruptEnable & IER_LINE) != 0 && lineStatus != 0) {
      return IIR_LINE;
    }
    if ((interruptEnable & IER_RECEIVE) != 0 && dataReady()) {
      boolean fifo = (fifoControl & FCR_ENABLE) != 0;
      // Below the trigger level the sender has paused by definition: the timeout is immediate.
      return !fifo || input.size() >= TRIGGER[fifoControl >> 6] ? IIR_RECEIVE : IIR_TIMEOUT;
    }
    if ((interruptEnable & IER_TRANSMIT) != 0 && transmitInterrupt) {
      return IIR_TRANSMIT;
    }
    if ((interruptEnable & IER_MODEM) != 0 && modemDelta != 0) {
      return IIR_MODEM;
    }
    return IIR_NONE;
  }

  private void updateLine() {
    if (running) {
      boolean gate = (modemControl & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;
      irq.set(gate && cause() != IIR_NONE);
    }
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
    return new State(
        VERSION,
        interruptEnable,
        fifoControl,
        lineControl,
        modemControl,
        lineStatus,
        modemDelta,
        scratch,
        divisor,
        transmitInterrupt,
        input.toArray());
  }

  @Override
  public synchronized void restore(State state) throws BadStateException {
    StateCheck check = new StateCheck(id);
    check.version(state.version, VERSION);
    check.bits("interruptEnable", state.interruptEnable, 0x0f);
    check.bits("fifoControl", state.fifoControl, FCR_ENABLE | FCR_TRIGGER);
    check.bits("lineControl", state.lineControl, 0xff);
    check.bits("modemControl", state.modemControl, 0x1f);
    check.bits("lineStatus", state.lineStatus, LSR_OVERRUN);
    check.bits("modemDelta", state.modemDelta, 0x0f);
    check.bits("scratch", state.scratch, 0xff);
    check.bits("divisor", state.divisor, 0xffff);
    check.atMost("input", state.input, INPUT_CAPACITY);
    interruptEnable = state.interruptEnable;
    fifoControl = state.fifoControl;
    lineControl = state.lineControl;
    modemControl = state.modemControl;
    lineStatus = state.lineStatus;
    modemDelta = state.modemDelta;
    scratch = state.scratch;
    divisor = state.divisor;
    transmitInterrupt = state.transmitInterrupt;
    input.clear();
    input.add(state.input, 0, state.input.length);
  }

  /** As after power-on; bytes on the wire are lost. */
  @Override
  public synchronized void reset() {
    interruptEnable = 0;
    fifoControl = 0;
    lineControl = 0;
    modemControl = 0;
    lineStatus = 0;
    modemDelta = 0;
    scratch = 0;
    divisor = 12; // 9600 baud
    transmitInterrupt = false;
    input.clear();
  }

  @Override
  public synchronized void pause() {
    running = false;
  }

  @Override
  public synchronized void resume() {
    running = true;
    updateLine();
  }

  @Override
  public void close() {
    pause();
  }
}
