package io.vivarium.cli;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Spans of time as people type and read them: {@code 10m}, {@code 1h}, {@code 2d}. */
final class Spans {
  private static final Pattern SPAN = Pattern.compile("(\\d{1,6})(m|min|h|d)");
  private static final int HOUR = 60;
  private static final int DAY = 24 * HOUR;

  private Spans() {}

  /** Whole minutes; "off" is none. */
  static int minutes(String text) throws VivariumException {
    if (text.equals("off") || text.equals("0")) {
      return 0;
    }
    Matcher matcher = SPAN.matcher(text);
    if (!matcher.matches()) {
      throw new VivariumException(
          Kind.USAGE,
          "'" + text + "' is not a span of time",
          "Write minutes, hours or days, as in 10m, 1h or 2d; or off.");
    }
    long unit =
        switch (matcher.group(2)) {
          case "h" -> HOUR;
          case "d" -> DAY;
          default -> 1;
        };
    return (int) Math.min(Integer.MAX_VALUE, Long.parseLong(matcher.group(1)) * unit);
  }

  static String human(int minutes) {
    if (minutes > 0 && minutes % DAY == 0) {
      return minutes / DAY + (minutes == DAY ? " day" : " days");
    }
    return minutes > 0 && minutes % HOUR == 0 ? minutes / HOUR + " h" : minutes + " min";
  }
}
