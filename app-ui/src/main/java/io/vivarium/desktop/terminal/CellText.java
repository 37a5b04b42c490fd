package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.TextStyle;
import com.techsenger.jeditermfx.core.model.CharBuffer;
import com.techsenger.jeditermfx.core.model.TerminalLine;
import com.techsenger.jeditermfx.core.model.TerminalLine.TextEntry;
import com.techsenger.jeditermfx.core.model.TerminalTextBuffer;
import com.techsenger.jeditermfx.core.util.CharUtils;
import java.text.Normalizer;

/**
 * How text stands in the cells of a line. A cell holds a UTF-16 unit; what is more than that is in
 * its style (see {@link ClusterStyle}). A wide character has two cells, the second of them with a
 * mark of its own.
 */
final class CellText {
  /** The second half of a wide character: of the private use, as the emulator has it. */
  static final char SECOND_HALF = CharUtils.DWC;

  private static final char NOTHING = CharUtils.NUL_CHAR;
  private static final char PLACEHOLDER = '\ufffd';
  private static final int FIRST_MARK = 0x300;

  private CellText() {}

  /** Takes the pieces of a line in their order. */
  interface Reader {
    /** Characters of one cell each. */
    void run(int column, TextStyle style, CharSequence characters);

    /**
     * One character with what belongs to it.
     *
     * @param cells 1 or 2
     */
    void cluster(int column, int cells, TextStyle style, String text);

    /** Cells where nothing is written. */
    void blank(int column, int cells, TextStyle style);
  }

  /** Whether nothing in a text is wide, of no width, or outside of the basic plane. */
  static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= FIRST_MARK) {
        return false;
      }
    }
    return true;
  }

  /** Whether a text is one unit that the emulator leaves as it is, in so many cells. */
  static boolean fits(String text, int cells) {
    if (text.length() != 1) {
      return false;
    }
    char unit = text.charAt(0);
    return !Character.isSurrogate(unit)
        && unit != SECOND_HALF
        && Character.getType(unit) != Character.COMBINING_SPACING_MARK // may merge with another
        && (cells == 2 || !CharUtils.isDoubleWidthCharacter(unit, false))
        && Normalizer.isNormalized(text, Normalizer.Form.NFC);
  }

  /** What stands in the cells of a character of one or two: so many units. */
  static String units(String text, int cells) {
    String first = text.substring(0, Math.min(1, text.length()));
    char unit = fits(first, cells) ? first.charAt(0) : PLACEHOLDER;
    return cells == 1 ? String.valueOf(unit) : new String(new char[] {unit, SECOND_HALF});
  }

  /** The style of a character's cells, of the style that it is written in. */
  static TextStyle style(TextStyle style, String text, int cells) {
    return fits(text, cells) ? ClusterStyle.plain(style) : new ClusterStyle(style, text);
  }

  /** Whether a cell holds the second half of a wide character. */
  static boolean isSecondHalf(TerminalLine line, int column) {
    return column > 0 && unit(line, column) == SECOND_HALF;
  }

  /** A cell's unit, without making a text of the whole line as the emulator does. */
  private static char unit(TerminalLine line, int column) {
    int start = 0;
    for (TextEntry entry : line.getEntries()) {
      if (column < start + entry.getLength()) {
        return entry.getText().charAt(column - start);
      }
      start += entry.getLength();
    }
    return NOTHING;
  }

  /** Reads a line. */
  static void read(TerminalLine line, Reader reader) {
    int column = 0;
    for (TextEntry entry : line.getEntries()) {
      if (entry.isNul()) {
        reader.blank(column, entry.getLength(), entry.getStyle());
      } else {
        read(column, entry.getStyle(), entry.getText(), reader);
      }
      column += entry.getLength();
    }
  }

  private static void read(int column, TextStyle style, CharBuffer units, Reader reader) {
    int length = units.length();
    int at = 0;
    while (at < length) {
      int run = at;
      while (run < length && !isCluster(style, units, run)) {
        run++;
      }
      if (run > at) {
        reader.run(column + at, style, units.subSequence(at, run));
        at = run;
      } else {
        int cells = at + 1 < length && units.charAt(at + 1) == SECOND_HALF ? 2 : 1;
        reader.cluster(column + at, cells, style, text(style, units.charAt(at)));
        at += cells;
      }
    }
  }

  private static boolean isCluster(TextStyle style, CharBuffer units, int at) {
    return style instanceof ClusterStyle
        || units.charAt(at) == SECOND_HALF
        || (at + 1 < units.length() && units.charAt(at + 1) == SECOND_HALF);
  }

  private static String text(TextStyle style, char unit) {
    // A second half without its first is what a program left of a character.
    return unit == SECOND_HALF
        ? " "
        : style instanceof ClusterStyle cluster ? cluster.text() : String.valueOf(unit);
  }

  /** What the cell at a column shows; empty where nothing is written. */
  static String at(TerminalLine line, int column) {
    TextStyle style = line.getStyleAt(column);
    char unit = unit(line, column);
    return style == null || unit == NOTHING ? "" : text(style, unit);
  }

  /**
   * The text of some cells; a wide character is taken whole if either half is among them.
   *
   * @param from the first column
   * @param to the column after the last
   */
  static String between(TerminalLine line, int from, int to) {
    StringBuilder text = new StringBuilder();
    read(
        line,
        new Reader() {
          @Override
          public void run(int column, TextStyle style, CharSequence characters) {
            int start = Math.max(column, from);
            int end = Math.min(column + characters.length(), to);
            if (start < end) {
              text.append(characters, start - column, end - column);
            }
          }

          @Override
          public void cluster(int column, int cells, TextStyle style, String shown) {
            if (column + cells > from && column < to) {
              text.append(shown);
            }
          }

          @Override
          public void blank(int column, int cells, TextStyle style) {
            // Nothing is after it: blanks between words are written ones.
          }
        });
    return text.toString();
  }

  /** The text of a line. */
  static String of(TerminalLine line) {
    return between(line, 0, Integer.MAX_VALUE);
  }

  /** The text of the screen, a line each. */
  static String ofScreen(TerminalTextBuffer buffer) {
    StringBuilder text = new StringBuilder();
    buffer.lock();
    try {
      for (int row = 0; row < buffer.getScreenLinesCount(); row++) {
        text.append(of(buffer.getLine(row))).append('\n');
      }
    } finally {
      buffer.unlock();
    }
    return text.toString();
  }
}
