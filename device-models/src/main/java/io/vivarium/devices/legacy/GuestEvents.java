package io.vivarium.devices.legacy;

/**
 * What a guest asks of its machine through the legacy devices. Called from vCPU threads, which must
 * not be held up; the machine acts later, from a thread of its own.
 */
public interface GuestEvents {
  /** By the keyboard controller, port 0xCF9 or the like. */
  void resetRequested();

  /** By ACPI S5. */
  void powerOffRequested();

  /** The guest's kernel has panicked (pvpanic). */
  void panicked();

  /** The test exit port was written. */
  void exitRequested(int code);
}
