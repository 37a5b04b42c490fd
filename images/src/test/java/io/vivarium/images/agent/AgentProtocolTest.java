package io.vivarium.images.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentProtocolTest {
  private static String request(String... argv) {
    return new String(AgentProtocol.request("abc123", List.of(argv)), StandardCharsets.UTF_8);
  }

  @Test
  void quotesSoThatTheShellInterpretsNothing() {
    assertThat(request("echo", "ok")).isEqualTo("x abc123 echo ok\n");
    assertThat(request("a b", "", "$x", "it's")).isEqualTo("x abc123 'a b' '' '$x' 'it'\\''s'\n");
    assertThat(request("a", "1\n2\u0003")).isEqualTo("x abc123 a '1'$'\\012''2'$'\\003'\n");
    assertThat(request("a", "ü")).isEqualTo("x abc123 a 'ü'\n");
  }

  @Test
  void breaksLinesThatTheGuestsTerminalWouldCut() {
    String request = request("a", "b'\u0001 ü".repeat(2_000));
    for (String line : request.split("\n")) {
      assertThat(line.getBytes(StandardCharsets.UTF_8).length).isLessThan(4_095);
    }
  }

  @Test
  void refusesWhatCannotBeSent() {
    assertThatThrownBy(() -> request()).hasMessageContaining("no command");
    assertThatThrownBy(() -> request("")).hasMessageContaining("no command");
    assertThatThrownBy(() -> request("a", "b\0")).hasMessageContaining("NUL");
    assertThatThrownBy(() -> request("a", "b".repeat(40_000))).hasMessageContaining("at most");
  }

  /** In a shell of this host, with programs that only say what they were asked for. */
  @Test
  void theAddressGoesToEachEthernetInterface(@TempDir Path bin) throws Exception {
    Path said = bin.resolve("said");
    for (String program : List.of("ip", "killall")) {
      Path file = bin.resolve(program);
      Files.writeString(file, "#!/bin/sh\necho " + program + " \"$@\" >>" + said + "\n");
      assertThat(file.toFile().setExecutable(true)).isTrue();
    }
    List<String> expected = new ArrayList<>();
    try (var all = Files.newDirectoryStream(Path.of("/sys/class/net"), "e*")) {
      for (Path one : all) {
        expected.add("ip link set dev " + one.getFileName() + " address 52:54:01:02:03:04");
        expected.add("killall -USR1 udhcpc");
      }
    }
    assumeTrue(!expected.isEmpty(), "skipped: this host has no Ethernet interface");
    ProcessBuilder shell = new ProcessBuilder(AgentProtocol.setMac("52:54:01:02:03:04"));
    shell.environment().put("PATH", bin + ":/bin:/usr/bin");
    assertThat(shell.start().waitFor()).isZero();
    assertThat(Files.readAllLines(said)).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void aRealShellReadsBackWhatWasQuoted() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "skipped: /bin/bash is not here");
    Random random = new Random(7);
    for (int round = 0; round < 50; round++) {
      List<String> argv = new ArrayList<>(List.of("program"));
      for (int i = random.nextInt(6); i >= 0; i--) {
        StringBuilder word = new StringBuilder();
        for (int n = random.nextInt(round < 45 ? 12 : 1_000); n > 0; n--) {
          word.appendCodePoint(1 + random.nextInt(random.nextInt(4) == 0 ? 0x2ff : 0x7f));
        }
        argv.add(word.toString());
      }
      assertThat(throughShell(argv)).isEqualTo(argv);
    }
  }

  private static List<String> throughShell(List<String> argv) throws Exception {
    Process shell = new ProcessBuilder("/bin/bash").start();
    shell
        .getOutputStream()
        .write("x() { shift; printf '%s\\0' \"$@\"; }\n".getBytes(StandardCharsets.UTF_8));
    shell.getOutputStream().write(AgentProtocol.request("abc123", argv));
    shell.getOutputStream().close();
    String out = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return List.of(out.substring(0, out.length() - 1).split("\0", -1));
  }

  @Test
  void noncesDiffer() {
    Random random = new Random(1);
    assertThat(AgentProtocol.newNonce(random))
        .matches("[a-z0-9]{6}")
        .isNotEqualTo(AgentProtocol.newNonce(random));
  }

  @Test
  void theReadyScannerFindsItsLineWhereverItIsCut() {
    byte[] stream = "boot\u001eREAD\u001eREADY 1\u001eREADY 12\nx".getBytes(StandardCharsets.UTF_8);
    for (int cut = 0; cut <= stream.length; cut++) {
      ReadyScanner scanner = new ReadyScanner();
      scanner.feed(stream, 0, cut);
      scanner.feed(stream, cut, stream.length - cut);
      assertThat(scanner.version()).isEqualTo(12);
    }
    assertThat(new ReadyScanner().feed("READY 1\n".getBytes(StandardCharsets.UTF_8), 0, 8))
        .isFalse();
  }

  @Test
  void aCallHandsOnOutputAndFindsItsMarkers() {
    byte[] out =
        "o\u001e\u001eabc\u001eabc123 x\u001eabc123 1234\u001eabc123 42\nlate"
            .getBytes(StandardCharsets.UTF_8);
    byte[] err = "e\u001eabc12\u001eabc123\nlate".getBytes(StandardCharsets.UTF_8);
    for (int step = 1; step <= out.length; step++) {
      ByteArrayOutputStream gotOut = new ByteArrayOutputStream();
      ByteArrayOutputStream gotErr = new ByteArrayOutputStream();
      AgentCall call =
          new AgentCall(AgentLine.TERMINALS, "abc123", List.of("a"), gotOut::write, gotErr::write);
      for (int at = 0; at < out.length; at += step) {
        call.feedStdout(out, at, Math.min(step, out.length - at));
      }
      assertThat(call.exitStatus()).isEmpty();
      for (int at = 0; at < err.length; at += step) {
        call.feedStderr(err, at, Math.min(step, err.length - at));
      }
      assertThat(call.exitStatus()).hasValue(42);
      assertThat(gotOut).hasToString("o\u001e\u001eabc\u001eabc123 x\u001eabc123 1234");
      assertThat(gotErr).hasToString("e\u001eabc12");
    }
  }

  @Test
  void aCallIsBinaryClean() {
    Random random = new Random(3);
    byte[] alphabet = {0x1e, 'a', 'b', 'c', '1', ' ', '\n', 0, (byte) 0xff};
    for (int round = 0; round < 2_000; round++) {
      ByteArrayOutputStream sent = new ByteArrayOutputStream();
      for (int n = random.nextInt(64); n > 0; n--) {
        sent.write(alphabet[random.nextInt(alphabet.length)]);
      }
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      stream.writeBytes(sent.toByteArray());
      stream.writeBytes("\u001eabcabc 0\n".getBytes(StandardCharsets.US_ASCII));
      ByteArrayOutputStream got = new ByteArrayOutputStream();
      AgentCall call =
          new AgentCall(AgentLine.STREAMS, "abcabc", List.of("a"), got::write, got::write);
      for (byte b : stream.toByteArray()) {
        call.feedStdout(new byte[] {b}, 0, 1);
      }
      call.feedStderr("\u001eabcabc\n".getBytes(StandardCharsets.US_ASCII), 0, 8);
      assertThat(call.exitStatus()).hasValue(0);
      assertThat(got.toByteArray()).isEqualTo(sent.toByteArray());
    }
  }

  @Test
  void inputIsWhatATerminalMakesOfWhatIsTyped() {
    AgentInput input = AgentInput.over(AgentLine.TERMINALS);
    assertThat(encode(input, "line\n")).isEqualTo("line\n");
    assertThat(encode(input, "part")).isEqualTo("part\u0004");
    assertThat(encode(input, "\u0003\u0004\u0016\u001c\0\r\n"))
        .isEqualTo("\u0016\u0003\u0016\u0004\u0016\u0016\u0016\u001c\0\r\n");
    assertThat(input.end()).containsExactly(4);
    for (String line : encode(input, "z".repeat(10_000)).split("\u0004")) {
      assertThat(line.length()).isBetween(1, 4_094);
    }
  }

  @Test
  void inputOfAStreamIsInBlocks() {
    AgentInput input = AgentInput.over(AgentLine.STREAMS);
    assertThat(encode(input, "12345678901")).isEqualTo("11\n12345678901");
    assertThat(encode(input, "")).isEmpty();
    assertThat(input.end()).isEqualTo(new byte[] {'0', '\n'});
  }

  @Test
  void aCallIsInterruptedWhereItsProgramHears() {
    byte[] opened = "\u001eabc123i\n".getBytes(StandardCharsets.US_ASCII);
    AgentCall typed =
        AgentCall.withInput(
            AgentLine.TERMINALS, "abc123", List.of("a"), (d, o, l) -> {}, (d, o, l) -> {});
    assertThat(typed.interrupt(false).port()).isEqualTo(AgentProtocol.STDOUT_PORT);
    assertThat(typed.interrupt(false).bytes()).containsExactly(3);
    assertThat(typed.interrupt(true).bytes()).containsExactly(0x1c);
    typed.feedStdout(opened, 0, opened.length);
    assertThat(typed.interrupt(true).port()).isEqualTo(AgentProtocol.STDERR_PORT);
    assertThat(typed.interrupt(true).bytes()).asString().isEqualTo("abc123\n");
    AgentCall streamed =
        new AgentCall(AgentLine.STREAMS, "abc123", List.of("a"), (d, o, l) -> {}, (d, o, l) -> {});
    assertThat(streamed.interrupt(false).port()).isEqualTo(AgentProtocol.STDERR_PORT);
    assertThat(streamed.interrupt(false).bytes()).containsExactly('i', '\n');
    assertThat(streamed.interrupt(true).bytes()).containsExactly('q', '\n');
  }

  @Test
  void aCallWithInputTellsWhenItsProgramBeginsAndEnds() {
    byte[] out =
        "late\u001eabc123i\nout\u001eabc123\u001eabc123o\nx\u001eabc123 3\n"
            .getBytes(StandardCharsets.UTF_8);
    int begins = "late\u001eabc123i\n".length();
    int ends = begins + "out\u001eabc123\u001eabc123o\n".length();
    for (int cut = 0; cut <= out.length; cut++) {
      ByteArrayOutputStream got = new ByteArrayOutputStream();
      AgentCall call =
          AgentCall.withInput(AgentLine.STREAMS, "abc123", List.of("a"), got::write, got::write);
      call.feedStdout(out, 0, cut);
      assertThat(call.takesInput()).isEqualTo(cut >= begins);
      assertThat(call.inputIsOver()).isEqualTo(cut >= ends);
      call.feedStdout(out, cut, out.length - cut);
      call.feedStderr("\u001eabc123\n".getBytes(StandardCharsets.UTF_8), 0, 8);
      assertThat(call.exitStatus()).hasValue(3);
      assertThat(got).hasToString("out\u001eabc123");
    }
  }

  private static String encode(AgentInput input, String text) {
    byte[] bytes = input.encode(text.getBytes(StandardCharsets.US_ASCII));
    return new String(bytes, StandardCharsets.US_ASCII);
  }
}
