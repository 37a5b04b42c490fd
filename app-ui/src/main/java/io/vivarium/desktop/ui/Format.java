package io.vivarium.desktop.ui;

import io.vivarium.client.Sizes;
import java.time.Duration;

/** Sizes and times as people read them. */
public final class Format {
  private Format() {}

  /** Bytes in binary units: "512 MiB", "1.5 GiB". */
  public static String bytes(long bytes) {
    return Sizes.human(bytes);
  }

  /** A span by its largest two units: "3 d 4 h", "5 min 2 s", "8 s". */
  public static String span(Duration span) {
    long s = Math.max(0, span.toSeconds());
    if (s >= 86_400) {
      return s / 86_400 + " d " + s % 86_400 / 3600 + " h";
    }
    if (s >= 3600) {
      return s / 3600 + " h " + s % 3600 / 60 + " min";
    }
    if (s >= 60) {
      return s / 60 + " min " + s % 60 + " s";
    }
    return s + " s";
  }

  /** How long something runs: as a span, of whole minutes from the first on, so that it stands. */
  public static String uptime(Duration up) {
    return up.toSeconds() >= 60 && up.toSeconds() < 3600 ? up.toMinutes() + " min" : span(up);
  }

  /** How long ago, by its largest unit, in the interface's words. */
  public static String age(Duration age, Texts texts) {
    long s = Math.max(0, age.toSeconds());
    if (s < 10) {
      return texts.get("age.now");
    }
    if (s < 60) {
      return texts.get("age.seconds", s);
    }
    if (s < 3600) {
      return texts.get("age.minutes", s / 60);
    }
    if (s < 86_400) {
      return texts.get("age.hours", s / 3600);
    }
    return texts.get("age.days", s / 86_400);
  }
}
