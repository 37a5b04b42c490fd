package io.vivarium.acpi;

import java.util.List;

/** Ports and interrupts of the PC's fixed devices: told by the tables, kept by the assembly. */
public final class LegacyIo {
  /** A serial port: first of its eight I/O ports, and its interrupt (GSI). */
  public record Serial(int port, int irq) {}

  /** COM1 to COM4. The last two get interrupts of their own instead of sharing, as on old PCs. */
  public static final List<Serial> SERIAL =
      List.of(
          new Serial(0x3f8, 4), new Serial(0x2f8, 3), new Serial(0x3e8, 5), new Serial(0x2e8, 7));

  public static final int PIT_PORT = 0x40;
  public static final int PIT_IRQ = 0;

  /** Gate and output of the timer's counter 2. */
  public static final int SPEAKER_PORT = 0x61;

  public static final int RTC_PORT = 0x70;
  public static final int RTC_IRQ = 8;

  public static final int I8042_DATA_PORT = 0x60;
  public static final int I8042_COMMAND_PORT = 0x64;

  /** The chipset's reset control register, and what resets the machine when written there. */
  public static final int RESET_PORT = 0xcf9;

  public static final int RESET_VALUE = 0x0f;

  /**
   * First port of ACPI's fixed hardware: PM1 events at +0, PM1 control at +4, timer at +8,
   * general-purpose events at +12.
   */
  public static final int PM_PORT = 0x600;

  /** By this port a guest tells that it panicked. */
  public static final int PVPANIC_PORT = 0x505;

  /** SLP_TYP of the S5 state. */
  public static final int SOFT_OFF = 5;

  /** The System Control Interrupt: level-triggered, active high. */
  public static final int SCI = 9;

  private LegacyIo() {}
}
