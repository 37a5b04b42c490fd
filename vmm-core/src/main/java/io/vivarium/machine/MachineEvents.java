package io.vivarium.machine;

import io.vivarium.devices.legacy.GuestEvents;

/**
 * Tells how a machine's run ended: at most one panic, then at most one end, after which no vCPU
 * runs any more. The listener is called by a thread of its own, so it may do to the machine what it
 * likes.
 */
final class MachineEvents implements GuestEvents {
  private final String name;
  private final MachineExit.Listener listener;
  private Runnable atEnd = () -> {};
  private boolean panicTold;
  private boolean ended;

  MachineEvents(String name, MachineExit.Listener listener) {
    this.name = name;
    this.listener = listener;
  }

  /** What stops the vCPUs, without waiting for them. To be set before the machine runs. */
  synchronized void onEnd(Runnable stop) {
    atEnd = stop;
  }

  synchronized boolean ended() {
    return ended;
  }

  synchronized void tell(MachineExit exit) {
    if (exit instanceof MachineExit.Panic) {
      if (panicTold || ended) {
        return;
      }
      panicTold = true;
    } else {
      if (ended) {
        return;
      }
      ended = true;
      atEnd.run();
    }
    Thread.ofPlatform().daemon().name(name + "-exit").start(() -> listener.exited(exit));
  }

  @Override
  public void resetRequested() {
    tell(new MachineExit.Reset());
  }

  @Override
  public void powerOffRequested() {
    tell(new MachineExit.PowerOff());
  }

  @Override
  public void panicked() {
    tell(new MachineExit.Panic("the guest's pvpanic driver told of a panic"));
  }

  @Override
  public void exitRequested(int code) {
    tell(new MachineExit.PowerOff());
  }
}
