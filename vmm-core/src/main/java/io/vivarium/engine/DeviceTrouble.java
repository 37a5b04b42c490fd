package io.vivarium.engine;

import io.vivarium.client.Disks;
import io.vivarium.client.VivariumException;
import io.vivarium.machine.MachineDevices;
import java.io.IOException;

/** Tells of a machine's devices what its user must hear; a VM whose host's disk is full pauses. */
final class DeviceTrouble implements MachineDevices.Listener {
  private final Engine engine;

  DeviceTrouble(Engine engine) {
    this.engine = engine;
  }

  @Override
  public void diskFailed(int disk, IOException cause) {
    String what = "disk " + Disks.guestName(disk) + " failed: " + cause.getMessage();
    EngineLog.say(what);
    engine.warn(what);
  }

  @Override
  public void outOfSpace(int disk) {
    // Devices' threads must not wait for the machine.
    Thread.ofPlatform().daemon().name("out-of-space").start(() -> pause(disk));
  }

  private void pause(int disk) {
    try {
      engine.pauseBecause(
          "the host's disk is full: disk "
              + Disks.guestName(disk)
              + " waits for room. Free some, then: viv resume "
              + engine.spec().name());
    } catch (VivariumException e) {
      EngineLog.say("the host's disk is full, and the VM could not pause: " + e.getMessage());
    }
  }

  @Override
  public void networkGone(int network, String reason) {
    EngineLog.say("the network is gone: " + reason);
  }
}
