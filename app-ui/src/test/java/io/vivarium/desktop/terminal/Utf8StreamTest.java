package io.vivarium.desktop.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The examples of Unicode 16.0, 3.9.6, tables 3-8 to 3-11, and what lies between them. */
class Utf8StreamTest {
  private static final String EXAMPLES =
      """
      C0 AF E0 80 BF F0 81 82 41             | XXXXXXXXA
      ED A0 80 ED BF BF ED AF 41             | XXXXXXXXA
      F4 91 92 93 FF 41 80 BF 42             | XXXXXAXXB
      E1 80 E2 F0 91 92 F1 BF 41             | XXXXA
      61 F1 80 80 E1 80 C2 62 80 63 80 BF 64 | aXXXbXcXXd
      F8 88 80 80 80 41                      | XXXXXA
      E2 41 42                               | XAB
      E2 82 AC F0 9F 98 80 65 CC 81          | €😀e\u0301
      """;

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = EXAMPLES)
  void givesOneReplacementForEachMaximalSubpart(String bytes, String text) {
    byte[] all = HexFormat.ofDelimiter(" ").parseHex(bytes);
    String expected = text.replace('X', '\ufffd');
    assertThat(new Utf8Stream().decode(all)).isEqualTo(expected);
    Utf8Stream cut = new Utf8Stream();
    StringBuilder pieces = new StringBuilder();
    for (byte one : all) {
      pieces.append(cut.decode(new byte[] {one}));
    }
    assertThat(pieces.toString()).as("byte by byte").isEqualTo(expected);
  }
}
