package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.util.CharUtils;
import java.text.Normalizer;
import org.jspecify.annotations.Nullable;

/**
 * How text stands in the cells of a terminal. A cell of the emulator holds one UTF-16 unit; a wide
 * character has two cells. So a mark that makes no single character with its base is left out, and
 * a narrow character outside of the basic plane stands as its plain form, or as U+FFFD.
 */
final class CellText {
  private static final int PLAIN = 0x300;
  private static final String UNKNOWN = "\ufffd";

  /**
   * First and last of the ranges of wide characters that are no emoji, ascending: Unicode's East
   * Asian Width, classes W and F.
   */
  private static final int[] WIDE = {
    0x1100, 0x115f, 0x2329, 0x232a, 0x2e80, 0x303e, 0x3041, 0x3247, 0x3250, 0x4dbf, 0x4e00, 0xa4cf,
    0xa960, 0xa97c, 0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe10, 0xfe19, 0xfe30, 0xfe6b, 0xff01, 0xff60,
    0xffe0, 0xffe6, 0x16fe0, 0x18aff, 0x1b000, 0x1b2ff, 0x1f200, 0x1f265, 0x20000, 0x3fffd,
  };

  private CellText() {}

  /** Whether nothing in a text is wide, of no width, or outside of the basic plane. */
  static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= PLAIN) {
        return false;
      }
    }
    return true;
  }

  /**
   * Cells that a character takes: 0, 1 or 2.
   *
   * @param character a code point
   */
  static int width(int character) {
    if (character < PLAIN) {
      return 1;
    }
    return switch (Character.getType(character)) {
      case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> 0;
      default -> isJoiningJamo(character) ? 0 : isWide(character) ? 2 : 1;
    };
  }

  private static boolean isJoiningJamo(int character) {
    return character >= 0x1160 && character <= 0x11ff;
  }

  private static boolean isWide(int character) {
    if (Character.isEmojiPresentation(character)) {
      return true;
    }
    for (int i = 0; i < WIDE.length && WIDE[i] <= character; i += 2) {
      if (character <= WIDE[i + 1]) {
        return true;
      }
    }
    return false;
  }

  /** What stands in the cells of a character of one or two cells: as many units. */
  static String cells(int character) {
    String text = Character.toString(character);
    if (width(character) == 2) {
      // The emulator itself adds the second half of those that it knows as wide.
      boolean complete = text.length() == 2 || CharUtils.isDoubleWidthCharacter(character, false);
      return complete ? text : text + CharUtils.DWC;
    }
    if (text.length() == 1) {
      return text;
    }
    String form = Normalizer.normalize(text, Normalizer.Form.NFKC);
    return form.length() == 1 ? form : UNKNOWN;
  }

  /** The single character that a base and a mark make, or null. */
  static @Nullable Character composed(char base, int mark) {
    String both = Normalizer.normalize(base + Character.toString(mark), Normalizer.Form.NFC);
    return both.length() == 1 ? both.charAt(0) : null;
  }

  /** Whether a cell holds the second half of a wide character. */
  static boolean isSecondHalf(char cell) {
    return cell == CharUtils.DWC || Character.isLowSurrogate(cell);
  }
}
