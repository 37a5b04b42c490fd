package io.vivarium.desktop.palette;

import io.vivarium.desktop.ui.Command;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Which verbs a few letters mean: words in any order, beginnings of words first. */
final class PaletteSearch {
  private static final int NO_MATCH = Integer.MAX_VALUE;

  private record Scored(Command command, int score) {}

  private PaletteSearch() {}

  static List<Command> find(List<Command> commands, String text) {
    String[] words = text.strip().toLowerCase(Locale.ROOT).split("\\s+");
    return commands.stream()
        .map(command -> new Scored(command, score(command, words)))
        .filter(scored -> scored.score != NO_MATCH)
        .sorted(Comparator.comparingInt(Scored::score))
        .map(Scored::command)
        .toList();
  }

  private static int score(Command command, String[] words) {
    String title = (command.title() + " " + command.subject()).toLowerCase(Locale.ROOT);
    int sum = 0;
    for (String word : words) {
      int at = title.indexOf(word);
      if (at < 0) {
        return NO_MATCH;
      }
      boolean beginning = at == 0 || title.charAt(at - 1) == ' ';
      sum += at + (beginning ? 0 : 100);
    }
    return sum;
  }
}
