package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The VMs of this process: the one that it was started for, and forks. It ends with the last. */
final class HostedVms {
  private final EngineForks forks;
  private final Duration minute;
  private final Set<HostedVm> all = new LinkedHashSet<>();
  private boolean over;

  /**
   * None yet.
   *
   * @param minute how long a minute of their schedules lasts: a minute, but in tests
   */
  HostedVms(EngineForks forks, Duration minute) {
    this.forks = forks;
    this.minute = minute;
  }

  Duration minute() {
    return minute;
  }

  EngineForks forks() {
    return forks;
  }

  /** Counts a VM in, so that the process stays for it. */
  synchronized void admit(HostedVm vm) throws VivariumException {
    if (over) {
      throw new VivariumException(Kind.WRONG_STATE, "the engine is about to end", "Try again.");
    }
    all.add(vm);
  }

  /** Lets a VM that was counted in live on a thread of its own. */
  void live(HostedVm vm) {
    Thread.ofPlatform()
        .daemon()
        .name(vm.engine().spec().name())
        .start(
            () -> {
              try {
                vm.live();
              } finally {
                leave(vm);
              }
            });
  }

  /** Counts one out that has ended, or did not come up. */
  synchronized void leave(HostedVm vm) {
    all.remove(vm);
    notifyAll();
  }

  /** How many there are. */
  synchronized int count() {
    return all.size();
  }

  /** Returns when there is none any more, after which none comes. */
  synchronized void awaitEnd() {
    try {
      while (!all.isEmpty()) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    over = true;
  }

  /** The host slept: what the guests take for the time may be wrong. */
  void hostWoke() {
    List<HostedVm> now;
    synchronized (this) {
      now = List.copyOf(all);
    }
    now.forEach(vm -> vm.engine().hostWoke());
  }

  /** Ends all as they are. */
  void end() {
    List<HostedVm> now;
    synchronized (this) {
      now = List.copyOf(all);
    }
    now.forEach(vm -> vm.engine().end());
  }
}
