package io.vivarium.desktop.terminal;

import java.lang.Character.UnicodeBlock;
import java.util.Set;

/**
 * How many cells a character takes. The JDK knows general categories, blocks and emoji, of the
 * Unicode version of its release (JDK 25: 16.0), but not East Asian Width (UAX 11): its classes W
 * and F are whole blocks, but for what is named here. A test compares all of them with ICU's data.
 */
final class CellWidth {
  /** Below it each character has one cell. */
  private static final int FIRST_MARK = 0x300;

  /** Blocks whose characters are wide, but for the exceptions below. */
  private static final Set<UnicodeBlock> WIDE =
      Set.of(
          UnicodeBlock.CJK_RADICALS_SUPPLEMENT,
          UnicodeBlock.KANGXI_RADICALS,
          UnicodeBlock.IDEOGRAPHIC_DESCRIPTION_CHARACTERS,
          UnicodeBlock.CJK_SYMBOLS_AND_PUNCTUATION,
          UnicodeBlock.HIRAGANA,
          UnicodeBlock.KATAKANA,
          UnicodeBlock.BOPOMOFO,
          UnicodeBlock.HANGUL_COMPATIBILITY_JAMO,
          UnicodeBlock.KANBUN,
          UnicodeBlock.BOPOMOFO_EXTENDED,
          UnicodeBlock.CJK_STROKES,
          UnicodeBlock.KATAKANA_PHONETIC_EXTENSIONS,
          UnicodeBlock.ENCLOSED_CJK_LETTERS_AND_MONTHS,
          UnicodeBlock.CJK_COMPATIBILITY,
          UnicodeBlock.CJK_UNIFIED_IDEOGRAPHS_EXTENSION_A,
          UnicodeBlock.YIJING_HEXAGRAM_SYMBOLS,
          UnicodeBlock.CJK_UNIFIED_IDEOGRAPHS,
          UnicodeBlock.YI_SYLLABLES,
          UnicodeBlock.YI_RADICALS,
          UnicodeBlock.HANGUL_JAMO_EXTENDED_A,
          UnicodeBlock.HANGUL_SYLLABLES,
          UnicodeBlock.CJK_COMPATIBILITY_IDEOGRAPHS,
          UnicodeBlock.VERTICAL_FORMS,
          UnicodeBlock.CJK_COMPATIBILITY_FORMS,
          UnicodeBlock.SMALL_FORM_VARIANTS,
          UnicodeBlock.IDEOGRAPHIC_SYMBOLS_AND_PUNCTUATION,
          UnicodeBlock.TANGUT,
          UnicodeBlock.TANGUT_COMPONENTS,
          UnicodeBlock.KHITAN_SMALL_SCRIPT,
          UnicodeBlock.TANGUT_SUPPLEMENT,
          UnicodeBlock.KANA_EXTENDED_B,
          UnicodeBlock.KANA_SUPPLEMENT,
          UnicodeBlock.KANA_EXTENDED_A,
          UnicodeBlock.SMALL_KANA_EXTENSION,
          UnicodeBlock.NUSHU,
          UnicodeBlock.TAI_XUAN_JING_SYMBOLS,
          UnicodeBlock.COUNTING_ROD_NUMERALS,
          UnicodeBlock.ENCLOSED_IDEOGRAPHIC_SUPPLEMENT);

  private CellWidth() {}

  /**
   * Cells of a character that stands alone: 0, 1 or 2.
   *
   * @param character a code point
   */
  static int of(int character) {
    if (character < FIRST_MARK) {
      return 1;
    }
    if (joinsItsBase(character)) {
      return 0;
    }
    return isWide(character) ? 2 : 1;
  }

  private static boolean joinsItsBase(int character) {
    return switch (Character.getType(character)) {
      case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK -> true;
      case Character.FORMAT -> !isPrependedMark(character);
      // Vowels and finals of Hangul, which stand in the cells of their initial.
      default ->
          (character >= 0x1160 && character <= 0x11ff)
              || (character >= 0xd7b0 && character <= 0xd7ff);
    };
  }

  /** Format characters that are seen, and stand around the digits after them. */
  private static boolean isPrependedMark(int character) {
    return switch (character) {
      case 0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6dd, 0x70f, 0x890, 0x891, 0x8e2 -> true;
      case 0x110bd, 0x110cd -> true;
      default -> false;
    };
  }

  private static boolean isWide(int character) {
    if (character < 0x1100) {
      return false;
    }
    return switch (Character.getType(character) == Character.UNASSIGNED ? 0 : character >> 16) {
      case 2, 3 -> true;
      default -> isWideSymbol(character) || isOfWideBlock(character);
    };
  }

  /** Wide ones of blocks that are narrow otherwise. */
  private static boolean isWideSymbol(int character) {
    if (Character.isEmojiPresentation(character)) {
      return !isRegionalIndicator(character);
    }
    return (character <= 0x115f) // initials of Hangul
        || character == 0x2329
        || character == 0x232a
        || (character >= 0x2630 && character <= 0x2637)
        || (character >= 0x268a && character <= 0x268f)
        || (character >= 0xff01 && character <= 0xff60)
        || (character >= 0xffe0 && character <= 0xffe6);
  }

  private static boolean isOfWideBlock(int character) {
    UnicodeBlock block = UnicodeBlock.of(character);
    return block != null
        && WIDE.contains(block)
        && character != 0x303f // half a space
        && (character < 0x3248 || character > 0x324f) // circled numbers: ambiguous
        && character != 0x1d377 // tally marks
        && character != 0x1d378;
  }

  /** Half of a flag, which has one cell: two give a flag of two. */
  static boolean isRegionalIndicator(int character) {
    return character >= 0x1f1e6 && character <= 0x1f1ff;
  }
}
