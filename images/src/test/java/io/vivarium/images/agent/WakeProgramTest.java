package io.vivarium.images.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class WakeProgramTest {
  @Test
  void aLineHasSecondsAndNanoseconds() {
    assertThat(
            new String(
                WakeProgram.line(Instant.ofEpochSecond(1_790_000_000L, 5)),
                StandardCharsets.US_ASCII))
        .isEqualTo("1790000000 5\n");
  }

  @Test
  void linesFitTheProgramsBuffer() {
    assertThat(WakeProgram.nameLine("a".repeat(63)))
        .startsWith('h')
        .endsWith('a', '\n')
        .hasSize(65);
    assertThat(new String(WakeProgram.randomLine(new byte[32]), StandardCharsets.US_ASCII))
        .isEqualTo("e" + "00".repeat(32) + "\n");
  }

  /** Jumps and addresses in it were computed for this very layout. */
  @Test
  void theProgramIsAnElfFileOfTheLengthThatItsCodeAssumes() {
    byte[] program = WakeProgram.program();
    assertThat(program).hasSize(412).startsWith(0x7f, 'E', 'L', 'F', 2, 1, 1);
    assertThat(new String(program, 0x160, 22, StandardCharsets.US_ASCII))
        .isEqualTo("\u001eCLOCK 2\n/dev/urandom\0");
    assertThat(program[0x178 + 8] & 0xff).as("low byte of the termios' c_cflag").isEqualTo(0xb2);
  }

  @Test
  void itsAnswerIsHeardAmongOtherBytes() {
    ReadyScanner scanner = WakeProgram.scanner();
    byte[] heard = "noise\u001eREADY 1\n\u001eCLOCK 1\n".getBytes(StandardCharsets.US_ASCII);
    assertThat(scanner.feed(heard, 0, heard.length - 1)).isFalse();
    assertThat(scanner.feed(heard, heard.length - 1, 1)).isTrue();
  }
}
