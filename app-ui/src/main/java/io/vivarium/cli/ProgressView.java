package io.vivarium.cli;

import io.vivarium.client.Progress;
import java.io.PrintStream;
import java.util.Locale;

/** Progress on standard error: a line that is written over on a terminal, plain lines elsewhere. */
final class ProgressView implements Progress, AutoCloseable {
  private static final String CLEAR = "\r\u001b[K";

  private final PrintStream err;
  private final boolean terminal;
  private String shown = "";

  ProgressView(PrintStream err) {
    this.err = err;
    this.terminal = Terminal.isTerminal(2);
  }

  @Override
  public synchronized void update(String step, double fraction) {
    String percent =
        fraction < 0
            ? ""
            : String.format(Locale.ROOT, " %d %%", (int) (100 * Math.min(1, fraction)));
    if (terminal) {
      shown = step + percent;
      err.print(CLEAR + shown);
      err.flush();
    } else if (!step.equals(shown)) {
      shown = step;
      err.println(step);
    }
  }

  @Override
  public synchronized void line(String text) {
    err.println((terminal ? CLEAR : "") + text.replaceAll("[\\x00-\\x08\\x0b-\\x1f\\x7f]", ""));
    if (terminal) {
      err.print(shown);
      err.flush();
    }
  }

  @Override
  public synchronized void close() {
    if (terminal && !shown.isEmpty()) {
      err.print(CLEAR);
      err.flush();
    }
    shown = "";
  }
}
