package io.vivarium.cli;

import static io.vivarium.cli.VivProcess.inspect;
import static io.vivarium.cli.VivProcess.viv;
import static io.vivarium.cli.VivProcess.vivWith;
import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.cli.VivProcess.Ran;
import io.vivarium.client.JsonObject;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The command, as a process, with real guests from one warm snapshot under the project's target.
 */
@Tag("kvm")
final class VivIT {
  private static final String VM = "viv-it";

  @BeforeAll
  static void warm() throws Exception {
    VivProcess.warm();
  }

  @AfterEach
  void remove() throws Exception {
    viv("rm", "-f", VM);
    viv("rm", "-f", VM + "-2");
  }

  @Test
  void aCommandsOutputAndStatusComeThroughByteForByte() throws Exception {
    Ran ran = viv("run", "--rm", "debian-tiny", "--", "printf", "a\\r\\n\\001\\036\\377\\n");
    assertThat(ran.text()).isEqualTo("a\r\n\u0001\u001e\u00ff\n");
    assertThat(ran.err()).isEmpty();
    assertThat(ran.status()).isZero();
    assertThat(viv("run", "--rm", "debian-tiny", "--", "sh", "-c", "echo no >&2; exit 7"))
        .satisfies(
            failed -> {
              assertThat(failed.status()).isEqualTo(7);
              assertThat(failed.err()).isEqualTo("no\n");
              assertThat(failed.text()).isEmpty();
            });
    assertThat(viv("run", "--rm", "debian-tiny", "--", "no-such-program").status()).isEqualTo(127);
    assertThat(viv("ps", "-a", "-q").text()).isEmpty();
  }

  @Test
  void aSnapshotSurvivesTheEngineAndUndoesWhatCameAfterIt() throws Exception {
    assertThat(viv("run", "-d", "--name", VM, "debian-tiny").text()).isEqualTo(VM + "\n");
    viv("exec", VM, "--", "sh", "-c", "echo before >/root/note");
    assertThat(viv("snapshot", "take", VM, "s1", "--note", "good").status()).isZero();
    viv("exec", VM, "--", "sh", "-c", "echo after >/root/note");
    assertThat(viv("snapshot", "restore", VM, "s1").status()).isZero();
    assertThat(viv("exec", VM, "--", "cat", "/root/note").text()).isEqualTo("before\n");

    long pid = inspect(VM).number("enginePid", 1, Integer.MAX_VALUE);
    ProcessHandle engine = ProcessHandle.of(pid).orElseThrow();
    engine.destroyForcibly();
    engine.onExit().join();
    JsonObject crashed = inspect(VM);
    assertThat(crashed.string("state")).isEqualTo("CRASHED");
    assertThat(crashed.string("reason")).contains("died");
    assertThat(viv("exec", VM, "--", "true").status()).isEqualTo(125);

    assertThat(viv("snapshot", "restore", VM, "s1").status()).isZero();
    assertThat(viv("exec", VM, "--", "cat", "/root/note").text()).isEqualTo("before\n");
    assertThat(inspect(VM).number("enginePid", 1, Integer.MAX_VALUE)).isNotEqualTo(pid);

    assertThat(viv("rename", VM, VM + "-2").status()).isEqualTo(125);
    assertThat(viv("stop", VM).status()).isZero();
    assertThat(inspect(VM).string("state")).isEqualTo("STOPPED");
    assertThat(viv("rename", VM, VM + "-2").status()).isZero();
    assertThat(viv("snapshot", "ls", VM + "-2").text()).contains("s1").contains("good");
    assertThat(viv("start", VM + "-2").status()).isZero();
    assertThat(viv("logs", VM + "-2").text()).contains("# ");
  }

  @Test
  void inputReachesACommandByteForByteAndTheNextIsNotHarmed() throws Exception {
    viv("run", "-d", "--name", VM, "debian-tiny").mustWork();
    byte[] all = new byte[512];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    assertThat(vivWith(all, "exec", "-i", VM, "--", "cat").mustWork().text())
        .isEqualTo(new String(all, StandardCharsets.ISO_8859_1));
    byte[] script = "echo out; echo err >&2; exit 5\n".getBytes(StandardCharsets.US_ASCII);
    assertThat(vivWith(script, "exec", "-i", VM, "--", "sh"))
        .isEqualTo(new Ran(5, "out\n", "err\n"));
    // What the program leaves unread is no request of its own.
    byte[] unread = "touch /root/harm\n".repeat(20).getBytes(StandardCharsets.US_ASCII);
    assertThat(vivWith(unread, "exec", "-i", VM, "--", "true")).isEqualTo(new Ran(0, "", ""));
    assertThat(viv("exec", VM, "--", "ls", "/root").mustWork().text()).isEmpty();
  }

  @Test
  void aPasteOf64KibLosesNothing() throws Exception {
    viv("run", "-d", "--name", VM, "debian-tiny").mustWork();
    Random random = new Random(64);
    StringBuilder text = new StringBuilder();
    while (text.length() < 64 << 10) {
      text.append(Long.toUnsignedString(random.nextLong() | Long.MIN_VALUE, 36).repeat(4), 0, 51);
      text.append('\n');
    }
    String paste = text.toString();
    Process console = VivProcess.start(VivProcess.words("console", VM), new File("/dev/null"));
    try (var to = console.getOutputStream();
        var shown = new InputStreamReader(console.getInputStream(), StandardCharsets.ISO_8859_1)) {
      send(to, "stty -echo; echo rea''dy; cat >/root/paste; echo do''ne\r");
      await(shown, "ready");
      send(to, paste + "\u0004");
      await(shown, "done");
    } finally {
      console.destroy();
    }
    assertThat(viv("exec", VM, "--", "cat", "/root/paste").mustWork().text()).isEqualTo(paste);
  }

  private static void send(OutputStream to, String text) throws IOException {
    to.write(text.getBytes(StandardCharsets.US_ASCII));
    to.flush();
  }

  private static void await(Reader from, String text) throws IOException {
    StringBuilder seen = new StringBuilder();
    while (seen.indexOf(text) < 0) {
      int c = from.read();
      assertThat(c).as("the console ended after: %s", seen).isNotNegative();
      seen.append((char) c);
    }
  }

  @Test
  void whatCannotBeIsSaidInOneLine() throws Exception {
    assertThat(viv("run", "debian-tinny"))
        .satisfies(
            ran -> {
              assertThat(ran.status()).isEqualTo(125);
              assertThat(ran.err())
                  .isEqualTo(
                      "viv: there is no image 'debian-tinny'. Did you mean 'debian-tiny'?\n");
            });
    assertThat(viv("run", "--memory", "900T", "debian-tiny"))
        .satisfies(
            ran -> {
              assertThat(ran.status()).isEqualTo(2);
              assertThat(ran.err()).contains("more than this host has");
            });
    assertThat(viv("run", "--memory", "512", "debian-tiny").status()).isEqualTo(2);
    assertThat(viv("frobnicate").status()).isEqualTo(2);
    assertThat(viv("exec", "nobody", "--", "true", "--json").err()).startsWith("viv: there is no");
    assertThat(viv("inspect", "nobody", "--json").err()).contains("\"kind\":\"NOT_FOUND\"");
  }
}
