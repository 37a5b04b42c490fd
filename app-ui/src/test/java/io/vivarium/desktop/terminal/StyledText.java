package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.TerminalColor;
import com.techsenger.jeditermfx.core.TextStyle;
import com.techsenger.jeditermfx.core.TextStyle.Option;
import com.techsenger.jeditermfx.core.emulator.ColorPalette;
import com.techsenger.jeditermfx.core.model.TerminalLine;
import io.vivarium.desktop.ui.Texts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A line with its colours and attributes in words, such as {@code {i1 on - bold}error}, of ours and
 * of what tmux captured; of blanks only what is seen of them.
 */
final class StyledText {
  private static final Pattern SGR = Pattern.compile("\u001b\\[([0-9;:]*)m");
  private static final Pattern BLANKS = Pattern.compile("(\\{[^ }]*( underlined)?\\} *)*$");

  /** Colours and attributes, as SGR sets them (ECMA-48, 8.3.117). */
  private static final class Pen {
    private @Nullable TerminalColor letters;
    private @Nullable TerminalColor ground;
    private boolean bold;
    private boolean dim;
    private boolean italic;
    private boolean underlined;
    private boolean inverse;

    String words(boolean blank) {
      TerminalColor behind = inverse ? letters : ground;
      String from = inverse ? "ink" : "-"; // the default of either
      if (blank) {
        return "{" + name(behind, from) + (underlined ? " underlined" : "") + "}";
      }
      return "{"
          + name(inverse ? ground : letters, inverse ? "paper" : "-")
          + " on "
          + name(behind, from)
          + (bold ? " bold" : "")
          + (dim ? " dim" : "")
          + (italic ? " italic" : "")
          + (underlined ? " underlined" : "")
          + "}";
    }

    private static String name(@Nullable TerminalColor color, String other) {
      if (color == null) {
        return other;
      }
      if (color.isIndexed()) {
        return "i" + color.getColorIndex();
      }
      var exact = color.toColor();
      return String.format("#%02x%02x%02x", exact.getRed(), exact.getGreen(), exact.getBlue());
    }

    private void reset() {
      letters = null;
      ground = null;
      bold = false;
      dim = false;
      italic = false;
      underlined = false;
      inverse = false;
    }

    void set(String parameters) {
      String[] numbers = parameters.isEmpty() ? new String[] {"0"} : parameters.split(";");
      for (int i = 0; i < numbers.length; i++) {
        int number = Integer.parseInt(numbers[i]);
        switch (number) {
          case 0 -> reset();
          case 1 -> bold = true;
          case 2 -> dim = true;
          case 3 -> italic = true;
          case 4 -> underlined = true;
          case 7 -> inverse = true;
          case 38, 48 -> {
            boolean indexed = numbers[i + 1].equals("5");
            TerminalColor color =
                indexed
                    ? ColorPalette.getIndexedTerminalColor(Integer.parseInt(numbers[i + 2]))
                    : TerminalColor.rgb(
                        Integer.parseInt(numbers[i + 2]),
                        Integer.parseInt(numbers[i + 3]),
                        Integer.parseInt(numbers[i + 4]));
            color(number == 38, color);
            i += indexed ? 2 : 4;
          }
          case 39 -> letters = null;
          case 49 -> ground = null;
          default -> {
            boolean bright = number >= 90;
            int index = number % 10 + (bright ? 8 : 0);
            color(number / 10 == 3 || number / 10 == 9, TerminalColor.index(index));
          }
        }
      }
    }

    private void color(boolean ofLetters, @Nullable TerminalColor color) {
      if (ofLetters) {
        letters = color;
      } else {
        ground = color;
      }
    }
  }

  private final StringBuilder text = new StringBuilder();
  private String last = "";

  private void add(String shown, Pen pen) {
    String words = pen.words(shown.isBlank());
    if (!words.equals(last)) {
      text.append(words);
      last = words;
    }
    text.append(shown);
  }

  /** Without the blanks at its end: tmux leaves out those that were erased in a colour. */
  private String words() {
    return BLANKS.matcher(text).replaceFirst("");
  }

  /** The lines that tmux captured with {@code -e -N}: the colours of one go on in the next. */
  static List<String> captured(String screen) {
    List<String> lines = new ArrayList<>();
    Pen pen = new Pen();
    for (String line : screen.lines().toList()) {
      StyledText words = new StyledText();
      Matcher sequence = SGR.matcher(line);
      int at = 0;
      while (sequence.find()) {
        words.all(line.substring(at, sequence.start()), pen);
        pen.set(sequence.group(1));
        at = sequence.end();
      }
      words.all(line.substring(at), pen);
      lines.add(words.words());
    }
    return lines;
  }

  private void all(String characters, Pen pen) {
    characters.codePoints().forEach(one -> add(Character.toString(one), pen));
  }

  /** A line of our screen. */
  static String of(TerminalLine line) {
    StyledText words = new StyledText();
    CellText.read(
        line,
        new CellText.Reader() {
          @Override
          public void run(int column, TextStyle style, CharSequence characters) {
            words.all(characters.toString(), pen(style));
          }

          @Override
          public void cluster(int column, int cells, TextStyle style, String shown) {
            words.all(shown, pen(style));
          }

          @Override
          public void blank(int column, int cells, TextStyle style) {
            words.all(" ".repeat(cells), pen(style));
          }
        });
    return words.words();
  }

  private static Pen pen(TextStyle style) {
    Pen pen = new Pen();
    TerminalSettings defaults = new TerminalSettings(new Texts(Locale.ENGLISH), 13);
    pen.letters = unless(defaults.getDefaultForeground(), style.getForeground());
    pen.ground = unless(defaults.getDefaultBackground(), style.getBackground());
    pen.bold = style.hasOption(Option.BOLD);
    pen.dim = style.hasOption(Option.DIM);
    pen.italic = style.hasOption(Option.ITALIC);
    pen.underlined = style.hasOption(Option.UNDERLINED);
    pen.inverse = style.hasOption(Option.INVERSE);
    return pen;
  }

  private static @Nullable TerminalColor unless(
      TerminalColor usual, @Nullable TerminalColor color) {
    return Objects.equals(usual, color) ? null : color;
  }
}
