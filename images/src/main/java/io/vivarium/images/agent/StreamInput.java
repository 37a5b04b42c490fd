package io.vivarium.images.agent;

import java.nio.charset.StandardCharsets;

/** Input in blocks, each after its length in decimal and a line feed; "0" is the end. */
final class StreamInput implements AgentInput {
  /**
   * Run by sh with the nonce as $0 and the program behind it. The stream must be read to the
   * input's end even where the program ends before it, lest the rest be taken for a request; so the
   * script holds the pipe open too. Interrupts reach the program only.
   */
  static final String SCRIPT =
      """
      trap '' INT QUIT
      p=/run/agent/stdin
      [ -p $p ] || mkfifo $p
      while read -r n && [ $n != 0 ]; do
        dd bs=$n count=1 iflag=fullblock
      done </run/agent/in >$p 2>/dev/null &
      exec 4<$p
      trap : INT QUIT
      printf '\036%si\n' $0
      "$@" <&4 4<&-
      s=$?
      exec 2>/dev/null
      printf '\036%so\n' $0
      cat <&4 >/dev/null
      exit $s
      """;

  /** Each block costs the guest a process. */
  @Override
  public int most() {
    return 32 << 10;
  }

  @Override
  public byte[] encode(byte[] data) {
    if (data.length == 0) {
      return data;
    }
    byte[] head = (data.length + "\n").getBytes(StandardCharsets.US_ASCII);
    byte[] block = new byte[head.length + data.length];
    System.arraycopy(head, 0, block, 0, head.length);
    System.arraycopy(data, 0, block, head.length, data.length);
    return block;
  }

  @Override
  public byte[] end() {
    return new byte[] {'0', '\n'};
  }
}
