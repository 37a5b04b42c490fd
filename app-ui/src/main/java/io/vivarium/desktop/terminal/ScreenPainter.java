package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.Color;
import com.techsenger.jeditermfx.core.CursorShape;
import com.techsenger.jeditermfx.core.TerminalColor;
import com.techsenger.jeditermfx.core.TextStyle;
import com.techsenger.jeditermfx.core.TextStyle.Option;
import com.techsenger.jeditermfx.core.emulator.ColorPalette;
import com.techsenger.jeditermfx.core.model.TerminalLine;
import com.techsenger.jeditermfx.core.model.TerminalSelection;
import com.techsenger.jeditermfx.core.model.TerminalTextBuffer;
import com.techsenger.jeditermfx.ui.FxTransformers;
import java.util.Arrays;
import java.util.Objects;
import javafx.geometry.Dimension2D;
import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.paint.Paint;
import javafx.scene.text.Font;
import javafx.scene.text.FontPosture;
import javafx.scene.text.FontWeight;
import javafx.scene.text.Text;
import javafx.scene.text.TextAlignment;
import org.jspecify.annotations.Nullable;

/**
 * Draws a screen of cells. Latin text is drawn by runs; everything else a character at a time, in
 * the middle of its cells and not wider than they are, for its glyph may be of another font.
 */
final class ScreenPainter {
  /** Below it every character has the font's own advance, which is a whole cell. */
  private static final int FIRST_FOREIGN = 0x250;

  private static final int LINE = 2;

  /**
   * How to look at the cells.
   *
   * @param cell of one cell, in whole pixels
   * @param left pixels before the first column
   * @param origin the line at the top, below 0 in the scrollback
   */
  record View(
      Dimension2D cell,
      int left,
      int origin,
      @Nullable TerminalSelection selection,
      FoundPlaces found,
      boolean focused) {}

  private final TerminalSettings settings;
  private final TerminalTextBuffer buffer;
  private @Nullable Fonts fonts;
  private volatile int cursorColumn;
  private volatile int cursorRow;
  private volatile boolean cursorShown = true;
  private volatile CursorShape shape = CursorShape.BLINK_BLOCK;

  /** What blinks is dark in this half of its time. */
  private boolean dark;

  /** The cursor has moved or was typed at: it is shown at once. */
  private volatile boolean moved;

  ScreenPainter(TerminalSettings settings, TerminalTextBuffer buffer) {
    this.settings = settings;
    this.buffer = buffer;
  }

  /** Fonts of one size, and where their letters stand in a cell. */
  private record Fonts(
      Font plain, Font bold, Font italic, Font boldItalic, double height, double baseline) {
    static Fonts of(Font font, double height) {
      Text text = new Text("W");
      text.setFont(font);
      double space = Math.max(0, height - text.getLayoutBounds().getHeight());
      return new Fonts(
          font,
          Font.font(font.getFamily(), FontWeight.BOLD, font.getSize()),
          Font.font(font.getFamily(), FontPosture.ITALIC, font.getSize()),
          Font.font(font.getFamily(), FontWeight.BOLD, FontPosture.ITALIC, font.getSize()),
          height,
          Math.round(space / 2 + text.getBaselineOffset()));
    }

    Font font(TextStyle style) {
      boolean slanted = style.hasOption(Option.ITALIC);
      return style.hasOption(Option.BOLD) ? slanted ? boldItalic : bold : slanted ? italic : plain;
    }
  }

  /** Takes the font of the settings anew. */
  void renewFont() {
    fonts = null;
  }

  void moveCursor(int column, int row) {
    cursorColumn = column;
    cursorRow = row;
    moved = true;
  }

  void shapeCursor(CursorShape newShape) {
    shape = newShape;
  }

  void showCursor(boolean shown) {
    cursorShown = shown;
  }

  void blink() {
    dark = !dark;
  }

  /**
   * Draws everything; call it with the buffer's lock.
   *
   * @return whether something blinks
   */
  boolean paint(Canvas canvas, View view) {
    Fonts now = fonts;
    if (now == null || now.height != view.cell.getHeight()) {
      now = Fonts.of(settings.getTerminalFont(), view.cell.getHeight());
      fonts = now;
    }
    if (moved) {
      dark = false;
      moved = false;
    }
    return new Picture(canvas, view, now).paint();
  }

  private enum Highlight {
    NONE,
    FOUND,
    SELECTED
  }

  /** One drawing. */
  private final class Picture implements CellText.Reader {
    private final Canvas canvas;
    private final GraphicsContext to;
    private final View view;
    private final Fonts font;
    private final double width;
    private final double height;
    private final int columns = buffer.getWidth();
    private final Highlight[] highlights = new Highlight[columns];
    private final ColorPalette palette = settings.getTerminalColorPalette();
    private boolean highlighted;
    private boolean blinks;
    private double y;

    Picture(Canvas canvas, View view, Fonts font) {
      this.canvas = canvas;
      this.to = canvas.getGraphicsContext2D();
      this.view = view;
      this.font = font;
      width = view.cell.getWidth();
      height = view.cell.getHeight();
    }

    boolean paint() {
      to.setFill(FxTransformers.toFxColor(background(TextStyle.EMPTY)));
      to.fillRect(0, 0, canvas.getWidth(), canvas.getHeight());
      int rows = buffer.getHeight();
      for (int at = 0; at < rows; at++) {
        int row = view.origin + at;
        if (row >= -buffer.getHistoryLinesCount() && row < buffer.getScreenLinesCount()) {
          y = at * height;
          highlight(row);
          CellText.read(buffer.getLine(row), this);
          blankRest(buffer.getLine(row));
        }
      }
      int at = cursorRow - view.origin;
      if (cursorShown && at >= 0 && at < rows && cursorRow < buffer.getHeight()) {
        y = at * height;
        cursor();
      }
      return blinks;
    }

    /** Marks what is found and selected in a line. */
    private void highlight(int row) {
      highlighted = false;
      Arrays.fill(highlights, Highlight.NONE);
      view.found.in(
          row + buffer.getHistoryLinesCount(), (from, end) -> mark(from, end, Highlight.FOUND));
      TerminalSelection selection = view.selection;
      if (selection != null && selection.getEnd() != null) {
        var part = selection.intersect(0, row, columns);
        if (part != null) {
          mark(part.getFirst(), part.getFirst() + part.getSecond(), Highlight.SELECTED);
        }
      }
    }

    private void mark(int from, int end, Highlight kind) {
      for (int column = from; column < Math.min(end, columns); column++) {
        highlights[column] = kind;
        highlighted = true;
      }
    }

    private Highlight highlightOf(int column, int cells) {
      Highlight first = highlights[column];
      return cells == 2 && first == Highlight.NONE && column + 1 < columns
          ? highlights[column + 1]
          : first;
    }

    @Override
    public void run(int column, TextStyle style, CharSequence characters) {
      int end = Math.min(characters.length(), columns - column);
      int from = 0;
      while (from < end) {
        Highlight kind = highlights[column + from];
        int to = from + 1;
        while (to < end && (!highlighted || highlights[column + to] == kind)) {
          to++;
        }
        latinAndOthers(column + from, style, kind, characters.subSequence(from, to));
        from = to;
      }
    }

    private void latinAndOthers(int column, TextStyle style, Highlight kind, CharSequence text) {
      ground(column, text.length(), style, kind);
      Paint ink = ink(style, kind);
      if (ink == null) {
        return;
      }
      to.setFill(ink);
      to.setFont(font.font(style));
      String all = text.toString();
      int from = 0;
      while (from < all.length()) {
        int end = from;
        while (end < all.length() && all.charAt(end) < FIRST_FOREIGN) {
          end++;
        }
        if (end > from) {
          String run = all.substring(from, end);
          if (!run.isBlank()) {
            to.fillText(run, x(column + from), y + font.baseline);
          }
        } else {
          end++;
          glyph(column + from, 1, all.substring(from, end));
        }
        from = end;
      }
      underline(column, all.length(), style);
    }

    @Override
    public void cluster(int column, int cells, TextStyle style, String text) {
      if (column >= columns) {
        return;
      }
      Highlight kind = highlightOf(column, cells);
      ground(column, cells, style, kind);
      Paint ink = ink(style, kind);
      if (ink != null) {
        to.setFill(ink);
        to.setFont(font.font(style));
        glyph(column, cells, text);
        underline(column, cells, style);
      }
    }

    @Override
    public void blank(int column, int cells, TextStyle style) {
      for (int at = column; at < Math.min(column + cells, columns); at++) {
        ground(at, 1, style, highlights[at]);
      }
    }

    /** Cells that the line does not have are selected too. */
    private void blankRest(TerminalLine line) {
      if (highlighted) {
        int length = line.getEntries().stream().mapToInt(TerminalLine.TextEntry::getLength).sum();
        blank(length, Math.max(0, columns - length), TextStyle.EMPTY);
      }
    }

    private double x(int column) {
      return view.left + column * width;
    }

    /** One character in its cells; narrower than by its font where it would not fit. */
    private void glyph(int column, int cells, String text) {
      if (text.isBlank()) {
        return;
      }
      double room = cells * width;
      to.setTextAlign(TextAlignment.CENTER);
      to.fillText(text, x(column) + room / 2, y + font.baseline, room);
      to.setTextAlign(TextAlignment.LEFT);
    }

    private void ground(int column, int cells, TextStyle style, Highlight kind) {
      Color color = background(style, kind);
      if (!color.equals(background(TextStyle.EMPTY))) {
        to.setFill(FxTransformers.toFxColor(color));
        to.fillRect(x(column), y, cells * width, height);
      }
    }

    private void underline(int column, int cells, TextStyle style) {
      if (style.hasOption(Option.UNDERLINED)) {
        to.fillRect(x(column), y + Math.min(font.baseline + LINE, height - 1), cells * width, 1);
      }
    }

    /** The colour of letters; null where they are not seen. */
    private @Nullable Paint ink(TextStyle style, Highlight kind) {
      boolean blinking = style.hasOption(Option.SLOW_BLINK) || style.hasOption(Option.RAPID_BLINK);
      blinks |= blinking;
      if (style.hasOption(Option.HIDDEN) || (blinking && dark)) {
        return null;
      }
      Color color = foreground(style, kind);
      if (style.hasOption(Option.DIM)) {
        Color ground = background(style, kind);
        return javafx.scene.paint.Color.rgb(
            (color.getRed() + ground.getRed()) / 2,
            (color.getGreen() + ground.getGreen()) / 2,
            (color.getBlue() + ground.getBlue()) / 2);
      }
      return FxTransformers.toFxColor(color);
    }

    private Color foreground(TextStyle style, Highlight kind) {
      return switch (kind) {
        case NONE -> style.hasOption(Option.INVERSE) ? background(plainOf(style)) : letter(style);
        case FOUND -> letter(settings.getFoundPatternColor());
        case SELECTED -> letter(settings.getSelectionColor());
      };
    }

    private Color background(TextStyle style, Highlight kind) {
      return switch (kind) {
        case NONE -> background(style);
        case FOUND -> background(settings.getFoundPatternColor());
        case SELECTED -> background(settings.getSelectionColor());
      };
    }

    private Color background(TextStyle style) {
      if (style.hasOption(Option.INVERSE)) {
        return letter(style);
      }
      TerminalColor color = style.getBackground();
      return palette.getBackground(color == null ? settings.getDefaultBackground() : color);
    }

    private Color letter(TextStyle style) {
      TerminalColor color = style.getForeground();
      return palette.getForeground(color == null ? settings.getDefaultForeground() : color);
    }

    private static TextStyle plainOf(TextStyle style) {
      return new TextStyle(style.getForeground(), style.getBackground());
    }

    private void cursor() {
      TerminalLine line = buffer.getLine(cursorRow);
      int column = Math.min(cursorColumn, columns - 1);
      if (CellText.isSecondHalf(line, column)) {
        column--;
      }
      int cells = CellText.isSecondHalf(line, column + 1) ? 2 : 1;
      TextStyle style = Objects.requireNonNullElse(line.getStyleAt(column), TextStyle.EMPTY);
      Color ink = foreground(style, Highlight.NONE);
      to.setFill(FxTransformers.toFxColor(ink));
      if (!view.focused) {
        to.setStroke(to.getFill());
        to.setLineWidth(1);
        to.strokeRect(x(column) + 0.5, y + 0.5, cells * width - 1, height - 1);
        return;
      }
      blinks |= shape.isBlinking();
      if (shape.isBlinking() && dark) {
        return;
      }
      switch (shape) {
        case BLINK_BLOCK, STEADY_BLOCK -> {
          to.fillRect(x(column), y, cells * width, height);
          to.setFill(FxTransformers.toFxColor(background(style)));
          to.setFont(font.font(style));
          glyph(column, cells, CellText.at(line, column));
        }
        case BLINK_UNDERLINE, STEADY_UNDERLINE ->
            to.fillRect(x(column), y + height - LINE, cells * width, LINE);
        case BLINK_VERTICAL_BAR, STEADY_VERTICAL_BAR -> to.fillRect(x(column), y, LINE, height);
      }
    }
  }
}
