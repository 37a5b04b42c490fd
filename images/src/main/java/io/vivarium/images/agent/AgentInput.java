package io.vivarium.images.agent;

import java.util.ArrayList;
import java.util.List;

/**
 * Standard input of a program in the guest, over the line that brought its request. The program is
 * wrapped in a script, so that any agent runs it; the package's documentation tells how.
 *
 * <p>One object encodes one stream; not safe for use by two threads at once.
 */
public sealed interface AgentInput permits TerminalInput, StreamInput {
  /** Follows the nonce in the marker that says that input may come. */
  char OPEN = 'i';

  /** Follows the nonce in the marker that says that the program has ended. */
  char OVER = 'o';

  static AgentInput over(AgentLine line) {
    return switch (line) {
      case TERMINALS -> new TerminalInput();
      case STREAMS -> new StreamInput();
    };
  }

  /** The words of a request that runs a program with an input. */
  static List<String> wrap(AgentLine line, String nonce, List<String> argv) {
    String script =
        switch (line) {
          case TERMINALS -> TerminalInput.SCRIPT;
          case STREAMS -> StreamInput.SCRIPT;
        };
    List<String> words = new ArrayList<>(List.of("sh", "-c", script, nonce));
    words.addAll(argv);
    return words;
  }

  /** How many bytes are best encoded at once, so that little stands before an end. */
  int most();

  /** The bytes to send to port {@link AgentProtocol#STDOUT_PORT} for bytes of input. */
  byte[] encode(byte[] data);

  /** The bytes that end the input; to be sent once, whether or not the program has ended. */
  byte[] end();
}
