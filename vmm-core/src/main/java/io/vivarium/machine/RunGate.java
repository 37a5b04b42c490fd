package io.vivarium.machine;

import java.util.List;

/**
 * Whether a machine's vCPUs run: each looks at it after every exit, and waits here while they shall
 * not.
 */
final class RunGate {
  private enum Wish {
    RUN,
    WAIT,
    END
  }

  private volatile Wish wish = Wish.WAIT;
  private int running;

  /** Whether the caller, a vCPU thread, may run its vCPU right now. */
  boolean open() {
    return wish == Wish.RUN;
  }

  /** A vCPU thread begins: counted as running until it first waits. */
  synchronized void enter() {
    running++;
  }

  /** A vCPU thread ends. */
  synchronized void leave() {
    running--;
    notifyAll();
  }

  /**
   * Waits, as a vCPU thread, until it may run.
   *
   * @return false when it shall end instead
   */
  synchronized boolean await() throws InterruptedException {
    running--;
    notifyAll();
    try {
      while (wish == Wish.WAIT) {
        wait();
      }
    } finally {
      running++;
    }
    return wish == Wish.RUN;
  }

  synchronized void release() {
    if (wish == Wish.WAIT) {
      wish = Wish.RUN;
      notifyAll();
    }
  }

  /** Asks all vCPUs to wait; does not wait for them. */
  synchronized void hold() {
    if (wish == Wish.RUN) {
      wish = Wish.WAIT;
    }
  }

  /** Asks all vCPUs to end; does not wait for them. */
  synchronized void end() {
    wish = Wish.END;
    notifyAll();
  }

  /**
   * Kicks the vCPUs and waits until none runs. To be called after {@link #hold} or {@link #end}.
   */
  void awaitStill(List<VcpuRunner> vcpus) {
    boolean interrupted = false;
    vcpus.forEach(VcpuRunner::kick);
    synchronized (this) {
      while (running > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true; // the caller hears of it, but only once the machine stands still
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
