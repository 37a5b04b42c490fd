package io.vivarium.cli;

import java.time.Duration;
import java.time.Instant;

/** Times as people say them. */
final class Ages {
  private Ages() {}

  static String since(Instant then) {
    return of(Duration.between(then, Instant.now()));
  }

  static String of(Duration age) {
    long seconds = Math.max(0, age.toSeconds());
    if (seconds < 60) {
      return seconds + " s";
    }
    if (seconds < 3600) {
      return seconds / 60 + " min";
    }
    if (seconds < 2 * 86_400) {
      return seconds / 3600 + " h " + seconds % 3600 / 60 + " min";
    }
    return seconds / 86_400 + " days";
  }
}
