package io.vivarium.devices.legacy;

import java.util.ArrayList;
import java.util.List;

/** Writes down what the guest asked for. */
final class LegacyEvents implements GuestEvents {
  final List<String> log = new ArrayList<>();

  @Override
  public void resetRequested() {
    log.add("reset");
  }

  @Override
  public void powerOffRequested() {
    log.add("off");
  }

  @Override
  public void panicked() {
    log.add("panic");
  }

  @Override
  public void exitRequested(int code) {
    log.add("exit " + code);
  }
}
