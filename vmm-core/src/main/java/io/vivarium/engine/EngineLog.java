package io.vivarium.engine;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lines in {@code run/engine.log}, which is the engine's standard error. Not System.Logger: setting
 * that up would cost a warm start tens of milliseconds.
 */
final class EngineLog {
  private EngineLog() {}

  static void say(String line) {
    System.err.println(Instant.now().truncatedTo(ChronoUnit.MILLIS) + " " + line);
  }

  static void say(String line, @Nullable Throwable cause) {
    say(line);
    if (cause != null) {
      cause.printStackTrace();
    }
  }
}
