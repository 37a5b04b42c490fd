package io.vivarium.desktop.terminal;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * UTF-8 that comes in pieces. What is malformed gives one U+FFFD for each maximal subpart of an
 * ill-formed sequence (Unicode 16, 3.9.6, table 3-8 and those after it).
 */
final class Utf8Stream {
  private static final char REPLACEMENT = '\ufffd';
  private static final int BEFORE_SURROGATES = 0xed;
  private static final int FIRST_OF_SURROGATES = 0xa0;

  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);

  /** The start of a sequence whose rest is still to come: three bytes at most. */
  private byte[] rest = {};

  /** The text of what was held back and of a piece, but for a sequence that the piece cuts. */
  String decode(byte[] piece) {
    ByteBuffer in = ByteBuffer.allocate(rest.length + piece.length);
    in.put(rest).put(piece).flip();
    CharBuffer out = CharBuffer.allocate(in.remaining());
    CoderResult result = decoder.decode(in, out, false);
    while (result.isMalformed()) {
      for (int i = subparts(in, result.length()); i > 0; i--) {
        out.put(REPLACEMENT);
      }
      in.position(in.position() + result.length());
      result = decoder.decode(in, out, false);
    }
    rest = new byte[in.remaining()];
    in.get(rest);
    return out.flip().toString();
  }

  /**
   * The JDK takes an encoded surrogate for one malformed sequence; it is none that began well, so
   * each of its bytes is a subpart of its own.
   */
  private static int subparts(ByteBuffer in, int length) {
    int first = in.get(in.position()) & 0xff;
    boolean surrogate =
        length > 1
            && first == BEFORE_SURROGATES
            && (in.get(in.position() + 1) & 0xff) >= FIRST_OF_SURROGATES;
    return surrogate ? length : 1;
  }
}
