package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.TextStyle;
import com.techsenger.jeditermfx.core.compatibility.Point;
import com.techsenger.jeditermfx.core.model.CharBuffer;
import com.techsenger.jeditermfx.core.model.TerminalLine;
import com.techsenger.jeditermfx.core.model.TerminalLine.TextEntry;
import com.techsenger.jeditermfx.core.model.TerminalTextBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps wide characters whole when the width changes: the emulator then cuts its lines anew after
 * so many cells each. Before each wide one that it would cut goes a cell without text, and those of
 * the width before go away.
 */
final class WideReflow {
  private static final String FILLING = "";

  private final TerminalTextBuffer buffer;
  private final int columns;
  private final List<Point> points = new ArrayList<>();

  /**
   * @param columns of the width to come
   */
  WideReflow(TerminalTextBuffer buffer, int columns) {
    this.buffer = buffer;
    this.columns = columns;
  }

  /** Moves a point with the cell that it is on. */
  void track(Point point) {
    points.add(point);
  }

  /**
   * Prepares all lines.
   *
   * @return the column where the cursor has gone
   */
  int prepare(int cursorColumn, int cursorRow) {
    Point cursor = new Point(cursorColumn, cursorRow);
    points.add(cursor);
    int at = 0;
    for (int row = -buffer.getHistoryLinesCount(); row < buffer.getScreenLinesCount(); row++) {
      TerminalLine line = buffer.getLine(row);
      boolean wrapped = line.isWrapped();
      at += new Filler(line, at % columns).fill(row);
      line.setWrapped(wrapped);
      if (!wrapped) {
        at = 0;
      }
    }
    return cursor.x;
  }

  /** Writes a line anew, if that changes it. */
  private final class Filler implements CellText.Reader {
    private record Piece(TextStyle style, String units) {}

    private final TerminalLine line;
    private final int start;
    private final List<Piece> pieces = new ArrayList<>();

    /** Where the cells of the line go: indexed by old columns. */
    private final List<Integer> moved = new ArrayList<>();

    private int cells;
    private boolean changed;

    Filler(TerminalLine line, int start) {
      this.line = line;
      this.start = start;
    }

    /** Returns the cells of the line, which is then without blanks at its end. */
    int fill(int row) {
      CellText.read(line, this);
      if (changed) {
        for (Point point : points) {
          if (point.y == row) {
            point.x = point.x < moved.size() ? moved.get(point.x) : cells + point.x - moved.size();
          }
        }
        line.deleteCharacters(0);
        int column = 0;
        for (Piece piece : pieces) {
          line.writeString(column, new CharBuffer(piece.units), piece.style);
          column += piece.units.length();
        }
      }
      return cells;
    }

    private void add(TextStyle style, String units) {
      for (int i = 0; i < units.length(); i++) {
        moved.add(cells + i);
      }
      pieces.add(new Piece(style, units));
      cells += units.length();
    }

    @Override
    public void run(int column, TextStyle style, CharSequence characters) {
      add(style, characters.toString());
    }

    @Override
    public void cluster(int column, int width, TextStyle style, String text) {
      if (text.equals(FILLING)) {
        moved.add(cells);
        changed = true;
        return;
      }
      if (width == 2 && (start + cells) % columns == columns - 1) {
        pieces.add(new Piece(new ClusterStyle(ClusterStyle.plain(style), FILLING), " "));
        cells++;
        changed = true;
      }
      add(style, CellText.units(text, width));
    }

    @Override
    public void blank(int column, int width, TextStyle style) {
      // The emulator forgets them.
    }
  }

  /** Joins again what was cut: the second half goes up, a cell beyond the edge. */
  static void mend(TerminalTextBuffer buffer) {
    for (int row = 1 - buffer.getHistoryLinesCount(); row < buffer.getScreenLinesCount(); row++) {
      TerminalLine line = buffer.getLine(row);
      TerminalLine before = buffer.getLine(row - 1);
      if (before.isWrapped() && line.charAt(0) == CellText.SECOND_HALF) {
        int last = before.getEntries().stream().mapToInt(TextEntry::getLength).sum() - 1;
        TextStyle style = before.getStyleAt(last);
        String whole = CellText.units(CellText.at(before, last), 2);
        before.deleteCharacters(last);
        before.setWrapped(true);
        before.writeString(last, new CharBuffer(whole), style == null ? TextStyle.EMPTY : style);
        line.deleteCharacters(0, 1, TextStyle.EMPTY);
      }
    }
  }
}
