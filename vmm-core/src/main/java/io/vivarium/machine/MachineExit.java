package io.vivarium.machine;

/** How a machine's run ended on its own. */
public sealed interface MachineExit {
  /** The guest powered off. */
  record PowerOff() implements MachineExit {}

  /** The guest asked for a reset: the engine boots it again. */
  record Reset() implements MachineExit {}

  /** The guest's kernel panicked; it may still be running a loop. */
  record Panic(String line) implements MachineExit {}

  /** A triple fault: the guest's processor gave up. */
  record TripleFault(String detail) implements MachineExit {}

  /** KVM or the monitor cannot go on. */
  record Failed(String reason) implements MachineExit {}

  /**
   * Hears of a panic at most once, and at most once of an end, after which no vCPU runs. Called
   * from a thread of its own, which may close the machine.
   */
  interface Listener {
    void exited(MachineExit exit);
  }
}
