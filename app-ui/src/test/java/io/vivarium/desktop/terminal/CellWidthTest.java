package io.vivarium.desktop.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.icu.lang.UCharacter;
import com.ibm.icu.lang.UProperty;
import com.ibm.icu.util.VersionInfo;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Widths against the data of ICU4J, of the Unicode version of the JDK. */
class CellWidthTest {
  @Test
  void everyCharacterHasTheWidthOfUnicode16() {
    assertThat(UCharacter.getUnicodeVersion()).isEqualTo(VersionInfo.UNICODE_16_0);
    List<String> wrong = new ArrayList<>();
    for (int character = 0xa0; character <= Character.MAX_CODE_POINT; character++) {
      int type = Character.getType(character);
      if (type != Character.UNASSIGNED
          && type != Character.SURROGATE
          && CellWidth.of(character) != expected(character)) {
        wrong.add(String.format("U+%04X: %d", character, CellWidth.of(character)));
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static int expected(int character) {
    boolean joins =
        switch (UCharacter.getIntPropertyValue(character, UProperty.HANGUL_SYLLABLE_TYPE)) {
          case UCharacter.HangulSyllableType.VOWEL_JAMO,
              UCharacter.HangulSyllableType.TRAILING_JAMO ->
              true;
          default -> false;
        };
    int type = UCharacter.getType(character);
    boolean mark = type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK;
    boolean format =
        type == Character.FORMAT
            && character != 0xad // a soft hyphen at the end of a line is seen
            && !UCharacter.hasBinaryProperty(character, UProperty.PREPENDED_CONCATENATION_MARK);
    if (mark || format || joins) {
      return 0;
    }
    return switch (UCharacter.getIntPropertyValue(character, UProperty.EAST_ASIAN_WIDTH)) {
      case UCharacter.EastAsianWidth.WIDE, UCharacter.EastAsianWidth.FULLWIDTH -> 2;
      default -> 1;
    };
  }

  @ParameterizedTest
  @CsvSource({
    "a, 1",
    "é, 1",
    "日, 2",
    "ｆ, 2",
    "ﾊ, 1",
    "한, 2",
    "😀, 2",
    "☃, 1",
    "⚡, 2",
    "│, 1",
    "①, 1",
    "𝐀, 1",
    "𠀀, 2",
    "\u0301, 0",
    "\u200d, 0",
    "\ufe0f, 0",
    "\u200b, 0",
    "\u1161, 0"
  })
  void someThatOneMeets(String character, int cells) {
    assertThat(CellWidth.of(character.codePointAt(0))).isEqualTo(cells);
  }
}
