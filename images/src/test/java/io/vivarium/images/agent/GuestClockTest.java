package io.vivarium.images.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class GuestClockTest {
  @Test
  void aLineHasSecondsAndNanoseconds() {
    assertThat(
            new String(
                GuestClock.line(Instant.ofEpochSecond(1_790_000_000L, 5)),
                StandardCharsets.US_ASCII))
        .isEqualTo("1790000000 5\n");
  }

  /** Jumps and addresses in it were computed for this very layout. */
  @Test
  void theProgramIsAnElfFileOfTheLengthThatItsCodeAssumes() {
    byte[] program = GuestClock.program();
    assertThat(program).hasSize(304).startsWith(0x7f, 'E', 'L', 'F', 2, 1, 1);
    assertThat(new String(program, 0x102, 9, StandardCharsets.US_ASCII))
        .isEqualTo("\u001eCLOCK 1\n");
    assertThat(program[0x10c + 8] & 0xff).as("low byte of the termios' c_cflag").isEqualTo(0xb2);
  }

  @Test
  void itsAnswerIsHeardAmongOtherBytes() {
    ReadyScanner scanner = GuestClock.scanner();
    byte[] heard = "noise\u001eREADY 1\n\u001eCLOCK 1\n".getBytes(StandardCharsets.US_ASCII);
    assertThat(scanner.feed(heard, 0, heard.length - 1)).isFalse();
    assertThat(scanner.feed(heard, heard.length - 1, 1)).isTrue();
  }
}
