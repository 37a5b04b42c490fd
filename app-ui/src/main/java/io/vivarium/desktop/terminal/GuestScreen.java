package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.RequestOrigin;
import com.techsenger.jeditermfx.core.TerminalDisplay;
import com.techsenger.jeditermfx.core.model.CharBuffer;
import com.techsenger.jeditermfx.core.model.JediTerminal;
import com.techsenger.jeditermfx.core.model.LinesBuffer;
import com.techsenger.jeditermfx.core.model.StyleState;
import com.techsenger.jeditermfx.core.model.TerminalTextBuffer;
import com.techsenger.jeditermfx.core.util.TermSize;

/**
 * The emulator's screen, mended where it differs from other terminals: wide characters and marks,
 * writing beyond the edge without a wrap, repeating, a full scrollback, and changes from several
 * threads.
 */
final class GuestScreen extends JediTerminal {
  /** Lines that are kept above the screen. */
  static final int SCROLLBACK = 10_000;

  private static final int SLACK = 2_000;

  private final TerminalTextBuffer buffer;

  /** What is ready for the cells from the cursor on, and fits into its line. */
  private final StringBuilder ready = new StringBuilder();

  /** Cells of that. */
  private int readyCells;

  private boolean seenWide;
  private char halfPair;
  private String last = "";

  GuestScreen(TerminalDisplay display, TerminalTextBuffer buffer, StyleState style) {
    super(display, buffer, style);
    this.buffer = buffer;
  }

  /**
   * Resizes come from several threads, beside output. The emulator's own lock spans neither the old
   * size with the new one nor a line feed: the scroll region could grow beyond the screen, and all
   * further lines were lost below it.
   */
  @Override
  public void resize(TermSize size, RequestOrigin origin) {
    buffer.modify(() -> super.resize(size, origin));
  }

  @Override
  public void newLine() {
    buffer.modify(
        () -> {
          super.newLine();
          trim();
        });
  }

  /**
   * Forgets the oldest lines, many at once: each time all that stay are copied. The emulator itself
   * would do so at each line feed.
   */
  private void trim() {
    LinesBuffer history = buffer.getHistoryBuffer();
    if (history.getLineCount() >= SCROLLBACK + SLACK) {
      history.removeTopLines(history.getLineCount() - SCROLLBACK);
    }
  }

  @Override
  public void insertLines(int count) {
    buffer.modify(
        () -> {
          fill();
          super.insertLines(count);
        });
  }

  @Override
  public void deleteLines(int count) {
    buffer.modify(
        () -> {
          fill();
          super.deleteLines(count);
        });
  }

  @Override
  public void scrollUp(int count) {
    buffer.modify(
        () -> {
          fill();
          super.scrollUp(count);
        });
  }

  @Override
  public void scrollDown(int count) {
    buffer.modify(
        () -> {
          fill();
          super.scrollDown(count);
        });
  }

  @Override
  public void reverseIndex() {
    buffer.modify(
        () -> {
          fill();
          super.reverseIndex();
        });
  }

  /** Where lines that were never written to are moved, the emulator loses others: makes them. */
  private void fill() {
    buffer.getLine(getTerminalHeight() - 1);
  }

  @Override
  public void writeCharacters(String text) {
    buffer.modify(() -> write(text));
  }

  /** Repeats the last character (REP, ECMA-48 8.3.103). */
  void repeat(int times) {
    int most = getTerminalWidth() * getTerminalHeight();
    String again = last.repeat(Math.clamp(times, 0, most));
    buffer.modify(() -> write(again));
  }

  private void write(String text) {
    if (!isAutoWrap() && getX() >= getTerminalWidth()) {
      setX(getTerminalWidth() - 1);
    }
    if (halfPair == 0 && CellText.isPlain(text) && getX() + text.length() <= getTerminalWidth()) {
      if (!text.isEmpty()) {
        last = text.substring(text.length() - 1);
      }
      put(text, text.length());
      return;
    }
    String all = halfPair == 0 ? text : halfPair + text;
    halfPair = 0;
    int at = 0;
    while (at < all.length()) {
      char unit = all.charAt(at);
      if (Character.isHighSurrogate(unit) && at + 1 == all.length()) {
        halfPair = unit;
        break;
      }
      int character = all.codePointAt(at);
      at += Character.charCount(character);
      add(character);
    }
    flush();
  }

  private void add(int character) {
    int width = CellText.width(character);
    if (width == 0) {
      mark(character);
      return;
    }
    last = Character.toString(character);
    int columns = getTerminalWidth();
    int column = getX() + readyCells;
    if (column + width > columns) {
      flush();
      // At the edge the next write wraps; without wrapping it goes over what stands there.
      setX(isAutoWrap() ? columns : Math.max(0, columns - width));
    }
    ready.append(CellText.cells(character));
    readyCells += width;
    seenWide |= width == 2;
  }

  /** A mark joins the character before it, which may stand on the screen already. */
  private void mark(int character) {
    flush();
    int row = getY() - 1;
    int column = getX() - 1;
    if (column > 0 && CellText.isSecondHalf(buffer.getCharAt(column, row))) {
      column--;
    }
    if (column < 0) {
      return;
    }
    Character composed = CellText.composed(buffer.getCharAt(column, row), character);
    if (composed != null) {
      buffer.writeString(column, row + 1, new CharBuffer(composed, 1));
    }
  }

  private void flush() {
    if (readyCells > 0) {
      put(ready.toString(), readyCells);
      ready.setLength(0);
      readyCells = 0;
    }
  }

  /** Writes what fits into the line of the cursor, or into the next one after the edge. */
  private void put(String text, int cells) {
    if (seenWide && getX() < getTerminalWidth()) {
      blankHalves(getX(), getX() + cells);
    }
    super.writeCharacters(text);
    trim();
  }

  /** Half a wide character, whose other half will be written over, is no character any more. */
  private void blankHalves(int from, int to) {
    int row = getY() - 1;
    if (from > 0 && CellText.isSecondHalf(buffer.getCharAt(from, row))) {
      buffer.writeString(from - 1, row + 1, new CharBuffer(' ', 1));
    }
    if (to < getTerminalWidth() && CellText.isSecondHalf(buffer.getCharAt(to, row))) {
      buffer.writeString(to, row + 1, new CharBuffer(' ', 1));
    }
  }
}
