package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.RequestOrigin;
import com.techsenger.jeditermfx.core.TerminalDisplay;
import com.techsenger.jeditermfx.core.TextStyle;
import com.techsenger.jeditermfx.core.emulator.mouse.MouseButtonCodes;
import com.techsenger.jeditermfx.core.input.MouseWheelEvent;
import com.techsenger.jeditermfx.core.model.CharBuffer;
import com.techsenger.jeditermfx.core.model.JediTerminal;
import com.techsenger.jeditermfx.core.model.LinesBuffer;
import com.techsenger.jeditermfx.core.model.StyleState;
import com.techsenger.jeditermfx.core.model.TerminalLine;
import com.techsenger.jeditermfx.core.model.TerminalSelection;
import com.techsenger.jeditermfx.core.model.TerminalTextBuffer;
import com.techsenger.jeditermfx.core.util.CharUtils;
import com.techsenger.jeditermfx.core.util.TermSize;
import java.text.Normalizer;

/**
 * The emulator's screen, mended where it differs from other terminals: wide characters and marks,
 * writing beyond the edge without a wrap, repeating, a full scrollback, and changes from several
 * threads.
 */
final class GuestScreen extends JediTerminal {
  /** Lines that are kept above the screen. */
  static final int SCROLLBACK = 10_000;

  private static final int SLACK = 2_000;

  private static final int JOINER = 0x200d;

  private final TerminalDisplay display;
  private final TerminalTextBuffer buffer;

  /** What is ready for the cells from the cursor on, and fits into its line. */
  private final StringBuilder ready = new StringBuilder();

  /** Cells of that. */
  private int readyCells;

  /** Whether there may be a wide character anywhere. */
  private boolean seenWide;

  private char halfPair;
  private String last = "";

  GuestScreen(TerminalDisplay display, TerminalTextBuffer buffer, StyleState style) {
    super(display, buffer, style);
    this.display = display;
    this.buffer = buffer;
  }

  /**
   * Resizes come from several threads, beside output. The emulator's own lock spans neither the old
   * size with the new one nor a line feed: the scroll region could grow beyond the screen, and all
   * further lines were lost below it.
   */
  @Override
  public void resize(TermSize size, RequestOrigin origin) {
    buffer.modify(
        () -> {
          if (seenWide && size.getColumns() != getTerminalWidth()) {
            keepWideOnesWhole(ensureTermMinimumSize(size).getColumns());
          }
          super.resize(size, origin);
        });
  }

  private void keepWideOnesWhole(int columns) {
    WideReflow reflow = new WideReflow(buffer, columns);
    TerminalSelection selection = display.getSelection();
    if (selection != null) {
      reflow.track(selection.getStart());
      reflow.track(selection.getEnd());
    }
    setX(reflow.prepare(getX(), getY() - 1));
  }

  /** While the other screen is shown, the emulator changes the width of this one out of reach. */
  @Override
  public void useAlternateBuffer(boolean enabled) {
    getTerminalTextBuffer() // the emulator resets itself before our field is set
        .modify(
            () -> {
              super.useAlternateBuffer(enabled);
              if (seenWide && !enabled) {
                WideReflow.mend(buffer);
              }
            });
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
  public void deleteCharacters(int count) {
    buffer.modify(
        () -> {
          split(getX());
          split(getX() + count);
          super.deleteCharacters(count);
        });
  }

  @Override
  public void insertBlankCharacters(int count) {
    buffer.modify(
        () -> {
          split(getX());
          split(getTerminalWidth() - count);
          super.insertBlankCharacters(count);
        });
  }

  @Override
  public void eraseCharacters(int count) {
    buffer.modify(
        () -> {
          split(getX());
          split(getX() + count);
          super.eraseCharacters(count);
        });
  }

  @Override
  public void eraseInLine(int part) {
    buffer.modify(
        () -> {
          split(part == 1 ? getX() + 1 : part == 0 ? getX() : 0);
          super.eraseInLine(part);
        });
  }

  @Override
  public void eraseInDisplay(int part) {
    buffer.modify(
        () -> {
          split(part == 1 ? getX() + 1 : part == 0 ? getX() : 0);
          super.eraseInDisplay(part);
        });
  }

  /**
   * The emulator's port to JavaFX has the wheel the wrong way round: there up is above 0, and in
   * Swing below. Its codes 4 and 5 are those of X11: up and down.
   */
  @Override
  public void mouseWheelMoved(int column, int row, MouseWheelEvent event) {
    int other = MouseButtonCodes.SCROLLUP + MouseButtonCodes.SCROLLDOWN - event.getButtonCode();
    super.mouseWheelMoved(column, row, new MouseWheelEvent(other, event.getModifierKeys()));
  }

  /** Not 0 at the edge: the emulator would wrap before it has seen that only a mark follows. */
  @Override
  public int distanceToLineEnd() {
    return Math.max(1, super.distanceToLineEnd());
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
    int cells = CellWidth.of(character);
    String text = Character.toString(character);
    if (cells == 0 || followsJoiner(character)) {
      join(text);
      return;
    }
    if (widens(character)) {
      return;
    }
    last = text;
    int columns = getTerminalWidth();
    if (getX() + readyCells + cells > columns) {
      flush();
      // At the edge the next write wraps; without wrapping it goes over what stands there.
      setX(isAutoWrap() ? columns : Math.max(0, columns - cells));
    }
    seenWide |= cells == 2;
    if (CellText.fits(text, cells)) {
      ready.append(text);
      if (cells == 2 && !CharUtils.isDoubleWidthCharacter(character, false)) {
        ready.append(CellText.SECOND_HALF); // of those that it knows the emulator itself adds it
      }
      readyCells += cells;
    } else {
      flush();
      putCluster(text, cells);
    }
  }

  private void putCluster(String text, int cells) {
    inStyle(
        CellText.style(getStyleState().getCurrent(), text, cells),
        () -> put(CellText.units(text, cells), cells));
  }

  private void inStyle(TextStyle style, Runnable writing) {
    TextStyle current = getStyleState().getCurrent();
    getStyleState().setCurrent(style);
    try {
      writing.run();
    } finally {
      getStyleState().setCurrent(current);
    }
  }

  /** The column of the character before the cursor; -1 at the start of a line. */
  private int columnBefore() {
    int column = getX() - 1;
    return CellText.isSecondHalf(line(), column) ? column - 1 : column;
  }

  private TerminalLine line() {
    return buffer.getLine(getY() - 1);
  }

  /** Whether a symbol is joined to the one before it: a person with a laptop, say. */
  private boolean followsJoiner(int character) {
    if (!Character.isExtendedPictographic(character) || readyCells > 0) {
      return false;
    }
    int column = columnBefore();
    String before = column < 0 ? "" : CellText.at(line(), column);
    return !before.isEmpty() && before.codePointBefore(before.length()) == JOINER;
  }

  /**
   * Whether a character of one cell and the one before it are shown as one in the cells of both:
   * two regional indicators, which are a flag, or a letter and a vowel sign beside it.
   */
  private boolean widens(int character) {
    boolean indicator = CellWidth.isRegionalIndicator(character);
    if (!indicator && Character.getType(character) != Character.COMBINING_SPACING_MARK) {
      return false;
    }
    flush();
    int column = getX() - 1;
    if (column < 0 || column + 2 > getTerminalWidth() || CellText.isSecondHalf(line(), column)) {
      return false;
    }
    String before = CellText.at(line(), column);
    boolean fit =
        indicator
            ? before.length() == 2 && CellWidth.isRegionalIndicator(before.codePointAt(0))
            : !before.isBlank() && before.length() < ClusterStyle.MAX_UNITS;
    if (fit) {
      setX(column);
      seenWide = true;
      putCluster(before + Character.toString(character), 2);
    }
    return fit;
  }

  /** A mark joins the character before it, which may stand on the screen already. */
  private void join(String mark) {
    flush();
    int column = columnBefore();
    if (column < 0) {
      return;
    }
    TerminalLine line = line();
    String before = CellText.at(line, column);
    String text =
        Normalizer.normalize((before.isEmpty() ? " " : before) + mark, Normalizer.Form.NFC);
    if (text.length() > ClusterStyle.MAX_UNITS) {
      return; // as no writing has them; what a hostile guest sends must end somewhere
    }
    int cells = CellText.isSecondHalf(line, column + 1) ? 2 : 1;
    TextStyle style = line.getStyleAt(column);
    inStyle(
        CellText.style(style == null ? getStyleState().getCurrent() : style, text, cells),
        () -> buffer.writeString(column, getY(), new CharBuffer(CellText.units(text, cells))));
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
    if (getX() < getTerminalWidth()) {
      split(getX());
      split(getX() + cells);
    }
    super.writeCharacters(text);
    trim();
  }

  /** Half a wide character, whose other half will go, is no character any more. */
  private void split(int column) {
    if (!seenWide || column <= 0 || column >= getTerminalWidth()) {
      return;
    }
    TerminalLine line = line();
    if (CellText.isSecondHalf(line, column)) {
      TextStyle style = line.getStyleAt(column);
      inStyle(
          style == null ? TextStyle.EMPTY : ClusterStyle.plain(style),
          () -> buffer.writeString(column - 1, getY(), new CharBuffer(' ', 2)));
    }
  }
}
