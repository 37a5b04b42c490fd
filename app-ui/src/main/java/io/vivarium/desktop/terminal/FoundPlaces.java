package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.ui.SubstringFinder.FindResult.FindItem;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Where a searched text stands, by lines, counted from the oldest. */
final class FoundPlaces {
  static final FoundPlaces NONE = new FoundPlaces(List.of());

  /** Takes columns: the first, and the one after the last. */
  interface Columns {
    void take(int from, int end);
  }

  private final Map<Integer, List<FindItem>> byLine = new HashMap<>();

  FoundPlaces(List<FindItem> items) {
    for (FindItem item : items) {
      for (int line = item.getStart().y; line <= item.getEnd().y; line++) {
        byLine.computeIfAbsent(line, added -> new ArrayList<>()).add(item);
      }
    }
  }

  /** Tells the places of a line. */
  void in(int line, Columns reader) {
    for (FindItem item : byLine.getOrDefault(line, List.of())) {
      reader.take(
          item.getStart().y < line ? 0 : item.getStart().x,
          item.getEnd().y > line ? Integer.MAX_VALUE : item.getEnd().x + 1);
    }
  }
}
