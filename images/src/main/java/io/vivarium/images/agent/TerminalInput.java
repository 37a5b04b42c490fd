package io.vivarium.images.agent;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Input as a terminal takes it, over the line that brought the request. */
final class TerminalInput implements AgentInput {
  /** Ends a line without a line feed in it; on an empty line, ends the input. */
  private static final byte EOF = 0x04;

  /** Takes the next byte for what it is. */
  private static final byte LITERAL = 0x16;

  /** Far below the 4,095 bytes that the guest's terminal takes in one line. */
  private static final int LINE_BYTES = 3_000;

  /**
   * Run by sh with the nonce as $0 and the program behind it. The terminal must be read to the
   * input's end even where the program ends before it, lest the rest be taken for a request; so the
   * script holds the pipe open too. Interrupts reach the program only. The terminal gives no ^C on
   * while it is full of input: port 2 does, by a line with the nonce.
   */
  static final String SCRIPT =
      """
      trap '' INT QUIT
      stty -F /dev/ttyS1 iexten crtscts eof ^D lnext ^V werase undef rprnt undef
      p=/run/agent/stdin
      [ -p $p ] || mkfifo $p
      cat </dev/ttyS1 >$p 2>/dev/null &
      exec 4<$p
      while read -r k; do
        [ "$k" != $0 ] || kill -INT 0
      done </dev/ttyS2 >/dev/null 2>&1 4<&- &
      k=$!
      trap : INT QUIT
      printf '\036%si\n' $0
      "$@" <&4 4<&-
      s=$?
      exec 2>/dev/null
      printf '\036%so\n' $0
      kill $k
      cat <&4 >/dev/null
      exit $s
      """;

  private int column;

  /** Sent to port {@link AgentProtocol#STDERR_PORT}: SIGINT to the program of a call. */
  static byte[] interrupt(String nonce) {
    return (nonce + "\n").getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public int most() {
    return 1024;
  }

  @Override
  public byte[] encode(byte[] data) {
    ByteArrayOutputStream line = new ByteArrayOutputStream(data.length + 64);
    for (byte b : data) {
      if (b == AgentProtocol.INTERRUPT || b == AgentProtocol.QUIT || b == EOF || b == LITERAL) {
        line.write(LITERAL);
      }
      line.write(b);
      column = b == '\n' ? 0 : column + 1;
      if (column == LINE_BYTES) {
        line.write(EOF);
        column = 0;
      }
    }
    if (column > 0) {
      // What was typed so far reaches the program now.
      line.write(EOF);
      column = 0;
    }
    return line.toByteArray();
  }

  @Override
  public byte[] end() {
    return new byte[] {EOF};
  }
}
