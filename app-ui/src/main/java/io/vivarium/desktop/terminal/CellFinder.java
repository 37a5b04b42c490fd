package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.TextStyle;
import com.techsenger.jeditermfx.core.model.CharBuffer;
import com.techsenger.jeditermfx.core.model.TerminalLine;
import com.techsenger.jeditermfx.core.model.TerminalTextBuffer;
import com.techsenger.jeditermfx.ui.SubstringFinder;
import com.techsenger.jeditermfx.ui.SubstringFinder.FindResult;
import java.text.Normalizer;

/**
 * Finds text in the scrollback and on the screen, as it is shown: across wide characters and marks,
 * and over the end of a line that goes on in the next.
 */
final class CellFinder {
  /** Places of one search: each is marked at the scroll bar too. */
  private static final int MAX_PLACES = 2_000;

  private CellFinder() {}

  /**
   * Finds all places of a text. Their lines count from the oldest line.
   *
   * @param text not empty
   */
  static FindResult find(TerminalTextBuffer buffer, String text, boolean ignoreCase) {
    SubstringFinder finder =
        new SubstringFinder(Normalizer.normalize(text, Normalizer.Form.NFC), ignoreCase);
    buffer.lock();
    try {
      int history = buffer.getHistoryLinesCount();
      for (int row = -history;
          row < buffer.getScreenLinesCount() && finder.getResult().getItems().size() < MAX_PLACES;
          row++) {
        feed(buffer, row, row + history, finder);
      }
    } finally {
      buffer.unlock();
    }
    return finder.getResult();
  }

  private static void feed(TerminalTextBuffer buffer, int row, int y, SubstringFinder finder) {
    TerminalLine line = buffer.getLine(row);
    CellText.read(
        line,
        new CellText.Reader() {
          @Override
          public void run(int column, TextStyle style, CharSequence characters) {
            CharBuffer units = new CharBuffer(characters.toString());
            for (int i = 0; i < units.length(); i++) {
              finder.nextChar(column, y, units, i);
            }
          }

          @Override
          public void cluster(int column, int cells, TextStyle style, String text) {
            // A unit at a time: the finder counts columns from the start of what it is given.
            for (int i = 0; i < text.length(); i++) {
              finder.nextChar(column, y, new CharBuffer(text.substring(i, i + 1)), 0);
            }
          }

          @Override
          public void blank(int column, int cells, TextStyle style) {
            // Nothing to find.
          }
        });
    if (!line.isWrapped()) {
      finder.nextChar(0, y, new CharBuffer("\n"), 0);
    }
  }
}
