package io.vivarium.engine;

import io.vivarium.client.SnapshotSchedule;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmState;
import io.vivarium.library.ScheduleFile;
import io.vivarium.machine.VirtualMachine;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Takes snapshots by the VM's schedule while it runs, and thins them out. A failure is told to
 * those who watch, and the next one is tried when it is due.
 */
final class AutoSnapshots {
  private static final int THIN_OUT_EVERY = 60;

  private final Engine engine;
  private final EngineSnapshots snapshots;
  private final Duration minute;
  private boolean changed;
  private @Nullable VirtualMachine lastMachine;
  private long lastCpu = -1;

  /**
   * Does nothing yet.
   *
   * @param minute how long a minute of the schedule lasts: a minute, but in tests
   */
  AutoSnapshots(Engine engine, EngineSnapshots snapshots, Duration minute) {
    this.engine = engine;
    this.snapshots = snapshots;
    this.minute = minute;
  }

  /** Begins, in a thread of its own. */
  void start() {
    Thread thread = new Thread(this::run, "schedule");
    thread.setDaemon(true);
    thread.start();
  }

  /** The schedule was changed. */
  synchronized void changed() {
    changed = true;
    notifyAll();
  }

  private void run() {
    long lastTaken = System.nanoTime();
    long lastThinned = System.nanoTime();
    try {
      while (!engine.isOver()) {
        SnapshotSchedule schedule = schedule();
        boolean changedNow = await(until(schedule, lastTaken, lastThinned));
        if (changedNow || engine.isOver()) {
          if (changedNow) {
            thinOut();
            lastThinned = System.nanoTime();
          }
          continue;
        }
        if (schedule.everyMinutes() > 0
            && System.nanoTime() - lastTaken >= nanos(schedule.everyMinutes())) {
          lastTaken = System.nanoTime();
          take(schedule);
        }
        lastThinned = System.nanoTime();
        thinOut();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private long until(SnapshotSchedule schedule, long lastTaken, long lastThinned) {
    long thin = lastThinned + nanos(THIN_OUT_EVERY);
    long take = lastTaken + nanos(schedule.everyMinutes());
    return schedule.everyMinutes() == 0 || take - thin > 0 ? thin : take;
  }

  private long nanos(int minutes) {
    return minute.multipliedBy(minutes).toNanos();
  }

  /** Waits until a time; true at once when the schedule changes. */
  private synchronized boolean await(long until) throws InterruptedException {
    long left = until - System.nanoTime();
    while (!changed && left > 0) {
      wait(left / 1_000_000 + 1);
      left = until - System.nanoTime();
    }
    boolean was = changed;
    changed = false;
    return was;
  }

  /** The VM's schedule; one that cannot be read is off, aloud. */
  private SnapshotSchedule schedule() {
    try {
      return ScheduleFile.read(engine.folder());
    } catch (VivariumException e) {
      tell("no snapshots are taken by themselves", e);
      return SnapshotSchedule.DEFAULT;
    }
  }

  private void take(SnapshotSchedule schedule) {
    try {
      if (engine.state() != VmState.RUNNING && engine.state() != VmState.PAUSED) {
        return;
      }
      VirtualMachine machine = engine.machine();
      long cpu = machine.cpuNanos();
      // A guest that has not run since the last one is still what that one keeps.
      if (!machine.equals(lastMachine) || cpu != lastCpu) {
        String note = "every " + schedule.everyMinutes() + " min";
        snapshots.take(null, note, true, step -> {});
        lastMachine = machine;
        lastCpu = cpu;
      }
    } catch (VivariumException e) {
      if (!engine.isOver()) {
        tell("an automatic snapshot was not taken", e);
      }
    }
  }

  private void thinOut() {
    try {
      snapshots.thinOut(ScheduleFile.read(engine.folder()));
    } catch (VivariumException e) {
      tell("automatic snapshots were not thinned out", e);
    }
  }

  private void tell(String what, VivariumException why) {
    EngineLog.say(what + ": " + why.getMessage());
    engine.warn(what + ": " + why.getMessage());
  }
}
