package io.vivarium.devices.legacy;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.Device;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.bus.BusDevice;
import io.vivarium.devices.irq.IrqLine;
import java.util.function.LongSupplier;

/**
 * ACPI's fixed hardware (ACPI 6.4, 4.8.3): PM1a events with the power button, PM1a control with
 * sleep state S5, the power management timer, and a block of general-purpose events (4.8.4.1) with
 * one event: the machine was restored, so that what should be unique no longer is.
 *
 * <p>Wiring: {@code ports.map(0x600, AcpiPm.PORTS, pm)}. FADT: PM1a_EVT_BLK at +0 (4 bytes),
 * PM1a_CNT_BLK at +4 (2 bytes), PM_TMR_BLK at +8 (4 bytes, flag TMR_VAL_EXT set), GPE0_BLK at +12
 * (2 bytes: status, enable), SMI_CMD 0 (ACPI mode is always on), flag PWR_BUTTON clear (the button
 * is fixed hardware), SLP_BUTTON set. DSDT: {@code _S5} with {@link #S5_TYPE}, {@code \\_GPE._E00}
 * for the event. The line is the SCI, level-triggered (GSI 9, active high in the MADT's override).
 */
public final class AcpiPm implements Device<AcpiPm.State>, BusDevice {
  /** Number of I/O ports. */
  public static final int PORTS = 14;

  /** SLP_TYPa of S5, for the DSDT. */
  public static final int S5_TYPE = 5;

  /** Saved state; the timer's value is in ticks of 3.579545 MHz. */
  public record State(
      int version,
      int status,
      int enable,
      int control,
      int timer,
      int eventStatus,
      int eventEnable) {}

  private static final int VERSION = 2;
  private static final long TIMER_HZ = 3_579_545;
  private static final int STATUS_POWER_BUTTON = 1 << 8;
  private static final int ENABLE_MASK = 0x0721;
  private static final int CONTROL_SCI = 1;
  private static final int CONTROL_WRITABLE = 0x1c02; // SLP_TYP and bus master reload
  private static final int CONTROL_SLEEP = 1 << 13;
  private static final int STATUS_AT = 0;
  private static final int ENABLE_AT = 2;
  private static final int CONTROL_AT = 4;
  private static final int TIMER_AT = 8;
  private static final int EVENTS_AT = 12;
  private static final int EVENT_RESTORED = 1;
  private static final int EVENTS_MASK = 0xff;

  private final String id;
  private final IrqLine sci;
  private final GuestEvents events;
  private final LongSupplier nanoTime;
  private int status;
  private int enable;
  private int control;
  private int eventStatus;
  private int eventEnable;
  private long timerAtZero;
  private boolean running;

  /**
   * @param nanoTime the timer's time base: {@code System::nanoTime}
   */
  public AcpiPm(String id, IrqLine sci, GuestEvents events, LongSupplier nanoTime) {
    this.id = id;
    this.sci = sci;
    this.events = events;
    this.nanoTime = nanoTime;
    reset();
  }

  /** Presses the power button; a guest that listens shuts down. From any thread. */
  public synchronized void pressPowerButton() {
    status |= STATUS_POWER_BUTTON;
    updateLine();
  }

  /** Tells the guest that it was restored: it may not be the only one that goes on from there. */
  public synchronized void tellRestored() {
    eventStatus |= EVENT_RESTORED;
    updateLine();
  }

  @Override
  public synchronized long read(long offset, int size) {
    if (offset >= EVENTS_AT) {
      long both = eventStatus | ((long) eventEnable << 8);
      return (both >>> (8 * (offset - EVENTS_AT))) & (size == 1 ? 0xff : 0xffff);
    }
    long low = status | ((long) enable << 16) | ((long) (control | CONTROL_SCI) << 32);
    long value = offset < TIMER_AT ? low >>> (8 * offset) : timer() >>> (8 * (offset - TIMER_AT));
    return size == 8 ? -1 : value & ((1L << (8 * size)) - 1);
  }

  @Override
  public void write(long offset, int size, long value) {
    boolean off = false;
    for (int i = 0; i < size; i++) {
      off |= writeByte((int) offset + i, (int) (value >>> (8 * i)) & 0xff);
    }
    if (off) {
      events.powerOffRequested();
    }
  }

  /** Returns whether the machine is to be switched off. */
  private synchronized boolean writeByte(int offset, int value) {
    int shift = 8 * (offset & 1);
    int bits = value << shift;
    switch (offset & ~1) {
      case STATUS_AT -> status &= ~bits;
      case ENABLE_AT -> enable = ((enable & ~(0xff << shift)) | bits) & ENABLE_MASK;
      case CONTROL_AT -> {
        control = ((control & ~(0xff << shift)) | bits) & CONTROL_WRITABLE;
        return (bits & CONTROL_SLEEP) != 0 && ((control >> 10) & 7) == S5_TYPE;
      }
      case EVENTS_AT -> {
        if (shift == 0) {
          eventStatus &= ~value;
        } else {
          eventEnable = value & EVENTS_MASK;
        }
      }
      default -> {} // the timer is read-only
    }
    updateLine();
    return false;
  }

  private long timer() {
    long nanos = nanoTime.getAsLong();
    long seconds = nanos / 1_000_000_000;
    long rest = nanos % 1_000_000_000;
    long ticks = seconds * TIMER_HZ + rest * TIMER_HZ / 1_000_000_000;
    return (ticks - timerAtZero) & 0xffff_ffffL;
  }

  private void updateLine() {
    if (running) {
      sci.set(((status & enable) | (eventStatus & eventEnable)) != 0);
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
    return new State(VERSION, status, enable, control, (int) timer(), eventStatus, eventEnable);
  }

  @Override
  public synchronized void restore(State state) throws BadStateException {
    StateCheck check = new StateCheck(id);
    check.version(state.version, VERSION);
    check.bits("status", state.status, STATUS_POWER_BUTTON);
    check.bits("enable", state.enable, ENABLE_MASK);
    check.bits("control", state.control, CONTROL_WRITABLE);
    check.bits("eventStatus", state.eventStatus, EVENTS_MASK);
    check.bits("eventEnable", state.eventEnable, EVENTS_MASK);
    eventStatus = state.eventStatus;
    eventEnable = state.eventEnable;
    status = state.status;
    enable = state.enable;
    control = state.control;
    timerAtZero += timer() - (state.timer & 0xffff_ffffL);
  }

  @Override
  public synchronized void reset() {
    status = 0;
    enable = 0;
    control = 0;
    eventStatus = 0;
    eventEnable = 0;
    timerAtZero += timer();
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
