package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.Terminal;
import com.techsenger.jeditermfx.core.TerminalDataStream;
import com.techsenger.jeditermfx.core.emulator.JediEmulator;
import java.io.IOException;

/** The emulator, with what it does not know: REP, which curses uses with an xterm's terminfo. */
final class GuestEmulator extends JediEmulator {
  private static final char ESCAPE = 0x1b;

  /** Digits of a count that are read; it is cut to the screen's size anyway. */
  private static final int MAX_DIGITS = 5;

  private final TerminalDataStream stream;
  private final GuestScreen screen;

  GuestEmulator(TerminalDataStream stream, GuestScreen screen) {
    super(stream, screen);
    this.stream = stream;
    this.screen = screen;
  }

  @Override
  public void processChar(char first, Terminal terminal) throws IOException {
    if (first != ESCAPE || !repeated()) {
      super.processChar(first, terminal);
    }
  }

  /** Reads {@code [ n b} and does it; anything else is put back. */
  private boolean repeated() throws IOException {
    char[] read = new char[MAX_DIGITS + 2];
    int length = 0;
    read[length++] = stream.getChar();
    if (read[0] != '[') {
      stream.pushChar(read[0]);
      return false;
    }
    int count = 0;
    while (true) {
      char next = stream.getChar();
      read[length++] = next;
      if (next < '0' || next > '9' || length == read.length) {
        break;
      }
      count = count * 10 + next - '0';
    }
    if (read[length - 1] != 'b') {
      stream.pushBackBuffer(read, length);
      return false;
    }
    screen.repeat(Math.max(1, count));
    return true;
  }
}
