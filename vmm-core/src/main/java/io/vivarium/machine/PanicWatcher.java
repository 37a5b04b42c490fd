package io.vivarium.machine;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Finds the line on a console by which a Linux kernel says that it panicked: the fallback for
 * guests without a pvpanic driver. Called by one thread at a time.
 */
final class PanicWatcher {
  private static final byte[] SIGN =
      "Kernel panic - not syncing".getBytes(StandardCharsets.US_ASCII);
  private static final int LONGEST_LINE = 300;

  private final Consumer<String> panicked;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private int matched;

  /** The consumer hears the line from the sign on. */
  PanicWatcher(Consumer<String> panicked) {
    this.panicked = panicked;
  }

  void transmit(byte value) {
    if (matched < SIGN.length) {
      // The sign's first letter does not come again in it, so a mismatch restarts simply.
      matched = value == SIGN[matched] ? matched + 1 : value == SIGN[0] ? 1 : 0;
      return;
    }
    if (value != '\n' && value != '\r' && line.size() < LONGEST_LINE) {
      line.write(value);
      return;
    }
    panicked.accept(
        new String(SIGN, StandardCharsets.US_ASCII) + line.toString(StandardCharsets.UTF_8));
    line.reset();
    matched = 0;
  }
}
