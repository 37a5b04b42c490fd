package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.TextStyle;
import java.util.EnumSet;

/**
 * The style of a cell that shows what one UTF-16 unit cannot hold: a character outside of the basic
 * plane, or one with marks. The emulator keeps a unit and a style for each cell, and moves both
 * wherever a cell goes; so the style brings the whole text along.
 */
final class ClusterStyle extends TextStyle {
  /** UTF-16 units of the longest text; a family of four, each with a colour of skin, has 19. */
  static final int MAX_UNITS = 32;

  private final String text;

  /**
   * @param text what the cell shows: at most {@link #MAX_UNITS}; empty for a cell that only fills
   *     the end of a line, before a wide character that did not fit
   */
  ClusterStyle(TextStyle style, String text) {
    super(style.getForeground(), style.getBackground(), options(style));
    this.text = text;
  }

  /** A style without the text of a cell. */
  static TextStyle plain(TextStyle style) {
    return style instanceof ClusterStyle
        ? new TextStyle(style.getForeground(), style.getBackground(), options(style))
        : style;
  }

  private static EnumSet<Option> options(TextStyle style) {
    EnumSet<Option> options = EnumSet.noneOf(Option.class);
    for (Option option : Option.values()) {
      if (style.hasOption(option)) {
        options.add(option);
      }
    }
    return options;
  }

  String text() {
    return text;
  }

  @Override
  public boolean equals(Object other) {
    return super.equals(other)
        && other instanceof ClusterStyle cluster
        && cluster.text.equals(text);
  }

  @Override
  public int hashCode() {
    return 31 * super.hashCode() + text.hashCode();
  }
}
