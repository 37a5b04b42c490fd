package io.vivarium.client;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people type and read them: {@code 512M}, {@code 20G}, in powers of 1024. */
public final class Sizes {
  public static final long MIB = 1L << 20;
  private static final Pattern SIZE =
      Pattern.compile(
          "(\\d{1,15})(?:\\.(\\d{1,3}))?\\s*([KMGT]?)(?:i?B)?", Pattern.CASE_INSENSITIVE);
  private static final String UNITS = "KMGT";

  private Sizes() {}

  /**
   * Bytes. A unit is required, since a bare number is a trap ("512" of what?).
   *
   * @throws VivariumException USAGE, with a sentence that shows how to write it
   */
  public static long parse(String text) throws VivariumException {
    Matcher matcher = SIZE.matcher(text.strip());
    if (!matcher.matches() || matcher.group(3).isEmpty()) {
      throw new VivariumException(
          VivariumException.Kind.USAGE,
          "'" + text + "' is not a size",
          "Write a number and a unit, as in 512M or 20G.");
    }
    int shift = 10 * (UNITS.indexOf(matcher.group(3).toUpperCase(Locale.ROOT)) + 1);
    long whole = Long.parseLong(matcher.group(1));
    if (whole > Long.MAX_VALUE >> (shift + 1)) {
      throw new VivariumException(
          VivariumException.Kind.USAGE,
          "the size '" + text + "' is larger than any computer",
          "Write it smaller, as in 512M or 20G.");
    }
    long bytes = whole << shift;
    if (matcher.group(2) != null) {
      bytes += Math.round(Double.parseDouble("0." + matcher.group(2)) * (1L << shift));
    }
    return bytes;
  }

  /** As people read it: {@code 512 MiB}, {@code 1.5 GiB}. */
  public static String human(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    int unit = Math.min(UNITS.length(), (63 - Long.numberOfLeadingZeros(bytes)) / 10);
    double value = (double) bytes / (1L << (10 * unit));
    String number = String.format(Locale.ROOT, value < 10 ? "%.1f" : "%.0f", value);
    if (number.endsWith(".0")) {
      number = number.substring(0, number.length() - 2);
    }
    return number + " " + UNITS.charAt(unit - 1) + "iB";
  }

  /** As people type it, exact where it can be: {@code 512M}. */
  public static String typed(long bytes) {
    for (int unit = UNITS.length(); unit > 0; unit--) {
      long step = 1L << (10 * unit);
      if (bytes >= step && bytes % step == 0) {
        return bytes / step + UNITS.substring(unit - 1, unit);
      }
    }
    return bytes + "B";
  }
}
