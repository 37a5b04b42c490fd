package io.vivarium.desktop.jobs;

import java.time.Duration;
import java.util.Optional;

/** How long a job will go on, by how far it has come. */
public final class TimeLeft {
  /** Before that much is done, nothing can be said. */
  private static final double LEAST_FRACTION = 0.03;

  private static final Duration LEAST_TIME = Duration.ofSeconds(2);

  private TimeLeft() {}

  /**
   * @param fraction 0.0 to 1.0, or negative while unknown
   */
  public static Optional<Duration> of(Duration elapsed, double fraction) {
    if (fraction < LEAST_FRACTION || fraction >= 1 || elapsed.compareTo(LEAST_TIME) < 0) {
      return Optional.empty();
    }
    double seconds = elapsed.toMillis() / 1000.0 * (1 - fraction) / fraction;
    return Optional.of(Duration.ofSeconds(Math.max(1, Math.round(seconds))));
  }
}
