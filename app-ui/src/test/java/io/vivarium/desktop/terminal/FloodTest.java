package io.vivarium.desktop.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.ConsoleConnection;
import io.vivarium.desktop.PulseWatch;
import io.vivarium.desktop.ui.Texts;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import javafx.scene.Scene;
import javafx.stage.Stage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testfx.api.FxToolkit;
import org.testfx.util.WaitForAsyncUtils;

/**
 * A guest that writes 50 MB at once stalls nobody. With {@code -Dvivarium.measure=true} it says how
 * fast that went and how long the interface thread was away; it asserts no times.
 */
@Tag("desktop")
@Timeout(300)
class FloodTest {
  private static final int BYTES = 50_000_000;

  private final ConsoleTty tty = new ConsoleTty();
  private TerminalWidget widget;

  @BeforeEach
  void open() throws Exception {
    Stage stage = FxToolkit.registerPrimaryStage();
    widget =
        WaitForAsyncUtils.asyncFx(
                () -> {
                  TerminalWidget made =
                      new TerminalWidget(
                          80, 24, new TerminalSettings(new Texts(Locale.ENGLISH), 13));
                  made.setTtyConnector(tty);
                  made.start();
                  stage.setScene(new Scene(made.getPane(), 900, 500));
                  stage.show();
                  return made;
                })
            .get(30, TimeUnit.SECONDS);
  }

  @AfterEach
  void close() throws Exception {
    WaitForAsyncUtils.asyncFx(
            () -> {
              widget.close();
              tty.close();
            })
        .get(30, TimeUnit.SECONDS);
    FxToolkit.hideStage();
    FxToolkit.cleanupStages();
  }

  @Test
  void fiftyMegabytesStallNobody() throws Exception {
    ConsoleConnection.Listener console = tty.listener(() -> {});
    byte[] block = block();
    PulseWatch watch = PulseWatch.start();
    long start = System.nanoTime();
    long answered = 0;
    for (int sent = 0; sent < BYTES; sent += block.length) {
      console.output(block);
      if (sent == BYTES / 2 / block.length * block.length) {
        answered = watch.answers();
      }
    }
    long later = watch.answers();
    console.output("\r\nthe end".getBytes(StandardCharsets.UTF_8));
    WaitForAsyncUtils.waitFor(
        60,
        TimeUnit.SECONDS,
        () -> widget.getTerminalTextBuffer().getScreenLines().contains("the end"));
    double seconds = (System.nanoTime() - start) / 1e9;
    String seen = watch.end();
    if (Boolean.getBoolean("vivarium.measure")) {
      System.out.printf("%.1f MB a second; %s%n", BYTES / 1e6 / seconds, seen);
    }
    assertThat(answered).as("answers to the first half").isPositive();
    assertThat(later).as("and to the second").isGreaterThan(answered);
  }

  /** As a compiler or a kernel writes: lines of all lengths, some in colours. */
  private static byte[] block() {
    StringBuilder text = new StringBuilder();
    for (int line = 0; line < 500; line++) {
      text.append("\u001b[32m[  ").append(line).append(".402113]\u001b[0m ");
      text.append("pci 0000:00:1f.2: reg 0x24: [mem 0xfebf1000-0xfebf1fff] ", 0, 10 + line % 45);
      text.append(line % 7 == 0 ? "\u001b[1;31merror: überlauf 日本\u001b[0m" : "ok").append("\r\n");
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
