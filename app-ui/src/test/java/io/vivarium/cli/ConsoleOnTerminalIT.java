package io.vivarium.cli;

import static io.vivarium.cli.VivProcess.engine;
import static io.vivarium.cli.VivProcess.viv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code viv console} on a terminal, which script(1) makes. */
@Tag("kvm")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ConsoleOnTerminalIT {
  private static final String VM = "viv-terminal";

  @TempDir Path temporary;

  @BeforeAll
  static void warm() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "skipped: no script(1) here");
    VivProcess.warm();
  }

  @AfterEach
  void remove() throws Exception {
    viv("rm", "-f", VM);
  }

  /** A shell command on a terminal. */
  private static final class Terminal implements AutoCloseable {
    private final Process process;
    private final OutputStream keys;
    private final InputStream screen;
    private final StringBuilder seen = new StringBuilder();
    private int from;

    Terminal(String command) throws IOException {
      process =
          VivProcess.start(
              List.of("/usr/bin/script", "-qfec", command, "/dev/null"), new File("/dev/null"));
      keys = process.getOutputStream();
      screen = process.getInputStream();
    }

    void type(String text) throws IOException {
      keys.write(text.getBytes(StandardCharsets.ISO_8859_1));
      keys.flush();
    }

    /** Waits for text behind what was awaited before; returns what stood between. */
    String await(String text) throws IOException {
      byte[] block = new byte[4096];
      int at = seen.indexOf(text, from);
      while (at < 0) {
        int count = screen.read(block);
        assertThat(count).as("ended without '%s': %s", text, seen).isPositive();
        seen.append(new String(block, 0, count, StandardCharsets.ISO_8859_1));
        at = seen.indexOf(text, from);
      }
      String between = seen.substring(from, at);
      from = at + text.length();
      return between;
    }

    int end() throws IOException, InterruptedException {
      screen.readAllBytes();
      return process.waitFor();
    }

    @Override
    public void close() {
      process.destroy();
    }
  }

  @Test
  void keysAndSizeReachTheGuestAndCtrlBracketLeaves() throws Exception {
    viv("run", "-d", "--name", VM, "debian-tiny").mustWork();
    Path go = temporary.resolve("go");
    // The size changes when the test says so, as it does when a window is dragged.
    String resize =
        "(until [ -e " + go + " ]; do sleep 0.1; done; stty cols 111 rows 33 </dev/tty) & ";
    String command =
        "stty cols 90 rows 30; echo before=$(stty -g)=; "
            + resize
            + VivProcess.line("console", VM)
            + "; echo status=$?; echo after=$(stty -g)=";
    try (Terminal terminal = new Terminal(command)) {
      terminal.await("before=");
      String before = terminal.await("=");
      terminal.await("Ctrl+] leaves it");
      terminal.await("~# ");
      String waits = "until [ \"$(stty size)\" = '%s' ]; do sleep 1; done; echo ma''tched\r";
      terminal.type(waits.formatted("30 90"));
      terminal.await("matched");
      Files.createFile(go);
      terminal.type(waits.formatted("33 111"));
      terminal.await("matched");
      // What is typed is echoed too: what is awaited must differ from it.
      terminal.type(
          "X=-X; sh -c \"trap 'echo caught$X; exit' INT; echo ready$X; while :; do sleep 1; done\"\r");
      terminal.await("ready-X");
      terminal.type("\u0003");
      terminal.await("caught-X");
      terminal.type("\u001d");
      terminal.await("[left; 'viv console " + VM + "' attaches again]");
      terminal.await("status=0");
      terminal.await("after=");
      assertThat(terminal.await("=")).isEqualTo(before);
      assertThat(terminal.end()).isZero();
    }
    assertThat(viv("ps").text()).contains("running");
  }

  /** A full-screen editor: keys one by one, the screen addressed, and a file at the end. */
  @Test
  void viEditsAFile() throws Exception {
    viv("run", "-d", "--name", VM, "debian-tiny").mustWork();
    try (Terminal terminal =
        new Terminal("stty cols 80 rows 24; " + VivProcess.line("console", VM))) {
      terminal.await("~# ");
      terminal.type("vi /root/note\r");
      terminal.await("\u001b[?1049h");
      terminal.await("- /root/note");
      terminal.type("ione twoo\u001b");
      // What comes at once after an escape would be one key with it.
      terminal.await("- /root/note [Modified] 1/1");
      terminal.type("xothree\u001b");
      terminal.await("- /root/note [Modified] 2/2");
      terminal.type("kdw:wq\r");
      terminal.await("\u001b[?1049l");
      terminal.await("~# ");
    }
    assertThat(viv("exec", VM, "--", "cat", "/root/note").mustWork().text())
        .isEqualTo("one \nthree\n");
  }

  @Test
  void severalWatchAndTheTerminalIsItselfAgainWhenTheEngineDies() throws Exception {
    viv("run", "-d", "--name", VM, "debian-tiny").mustWork();
    String command =
        "echo before=$(stty -g)=; "
            + VivProcess.line("console", VM)
            + "; echo status=$?; echo after=$(stty -g)=";
    try (Terminal one = new Terminal(command);
        Terminal two = new Terminal(command)) {
      one.await("before=");
      String before = one.await("=");
      one.await("~# ");
      two.await("~# ");
      two.type("echo so''me\r");
      one.await("some");
      one.type("echo oth''er\r");
      two.await("other");
      VivProcess.kill(engine(VM));
      one.await("crashed: its engine died");
      one.await("status=125");
      one.await("after=");
      assertThat(one.await("=")).isEqualTo(before);
      two.await("status=125");
    }
  }
}
