package io.vivarium.engine;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Notices that the host slept, or that its clock was set: the time of day went on by more, or less,
 * than the time in which the host was awake (CLOCK_MONOTONIC in clock_gettime(2) stands still in a
 * suspend). A guest whose clock is the processor's counter lags by as much then.
 */
final class HostSleep {
  /** Between two looks; no guest waits longer for its clock after the host woke up. */
  static final Duration LOOK = Duration.ofSeconds(2);

  /** What a clock that is slowly corrected may stray in a look. */
  private static final Duration TOLERANCE = Duration.ofSeconds(1);

  private final LongSupplier awakeNanos;
  private final LongSupplier wallMillis;
  private final Runnable onWake;
  private long differenceMillis;

  /**
   * @param awakeNanos a clock that stands still while the host sleeps
   * @param wallMillis the time of day
   * @param onWake told after a sleep, on the watching thread
   */
  HostSleep(LongSupplier awakeNanos, LongSupplier wallMillis, Runnable onWake) {
    this.awakeNanos = awakeNanos;
    this.wallMillis = wallMillis;
    this.onWake = onWake;
    this.differenceMillis = difference();
  }

  /** Watches this host for as long as the process lives. */
  static void watch(Runnable onWake) {
    HostSleep sleep = new HostSleep(System::nanoTime, System::currentTimeMillis, onWake);
    Thread.ofPlatform().daemon().name("host-sleep").start(sleep::run);
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(LOOK);
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void look() {
    long before = differenceMillis;
    differenceMillis = difference();
    if (Math.abs(differenceMillis - before) > TOLERANCE.toMillis()) {
      onWake.run();
    }
  }

  private long difference() {
    return wallMillis.getAsLong() - Duration.ofNanos(awakeNanos.getAsLong()).toMillis();
  }
}
