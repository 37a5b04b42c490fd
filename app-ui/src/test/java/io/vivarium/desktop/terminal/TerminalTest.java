package io.vivarium.desktop.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import com.techsenger.jeditermfx.core.RequestOrigin;
import com.techsenger.jeditermfx.core.Terminal;
import com.techsenger.jeditermfx.core.TerminalColor;
import com.techsenger.jeditermfx.core.TextStyle;
import com.techsenger.jeditermfx.core.model.TerminalTextBuffer;
import com.techsenger.jeditermfx.core.util.TermSize;
import io.vivarium.client.VmState;
import io.vivarium.desktop.fake.FakeVivarium;
import io.vivarium.desktop.fake.Samples;
import io.vivarium.desktop.jobs.Jobs;
import io.vivarium.desktop.ui.Texts;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.scene.control.TextField;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testfx.api.FxRobot;
import org.testfx.api.FxToolkit;
import org.testfx.util.WaitForAsyncUtils;

/** What programs in a guest ask of a terminal, and what its user does with it. */
@Tag("desktop")
@Timeout(120)
class TerminalTest {
  private final FakeVivarium host = new FakeVivarium(InstantSource.system());
  private final Jobs jobs = new Jobs(Platform::runLater, InstantSource.system(), "");
  private final FxRobot robot = new FxRobot();
  private TerminalView view;

  @BeforeEach
  void open() throws Exception {
    host.add(Samples.spec("lab"), VmState.RUNNING, Instant.now(), "booted\r\n");
    Stage stage = FxToolkit.registerPrimaryStage();
    view =
        WaitForAsyncUtils.asyncFx(
                () -> {
                  TerminalView made =
                      new TerminalView(host, jobs, new Texts(Locale.ENGLISH), 13, () -> "lab");
                  stage.setScene(new Scene(made, 900, 500));
                  stage.show();
                  made.connect();
                  made.focusTerminal();
                  return made;
                })
            .get(30, TimeUnit.SECONDS);
    await("booted");
  }

  @AfterEach
  void close() throws Exception {
    WaitForAsyncUtils.asyncFx(() -> view.close()).get(30, TimeUnit.SECONDS);
    FxToolkit.hideStage();
    FxToolkit.cleanupStages();
    jobs.close();
  }

  private void await(String text) throws Exception {
    WaitForAsyncUtils.waitFor(30, TimeUnit.SECONDS, () -> view.screenText().contains(text));
  }

  private TextStyle styleOf(char letter) {
    TerminalTextBuffer buffer = view.widget().getTerminalTextBuffer();
    for (int row = 0; row < buffer.getHeight(); row++) {
      int at = buffer.getLine(row).getText().indexOf(letter);
      if (at >= 0) {
        return buffer.getStyleAt(at, row);
      }
    }
    throw new AssertionError(letter + " is not on the screen");
  }

  @Test
  void colours256AndTrueOnes() throws Exception {
    host.print("lab", "\u001b[2J\u001b[H\u001b[38;2;18;52;86mT\u001b[48;5;196mP\u001b[0m done\r\n");
    await("done");
    TerminalColor exact = Objects.requireNonNull(styleOf('T').getForeground());
    assertThat(exact.toColor().getRed()).isEqualTo(18);
    assertThat(exact.toColor().getGreen()).isEqualTo(52);
    assertThat(exact.toColor().getBlue()).isEqualTo(86);
    assertThat(styleOf('P').getBackground()).isNotNull();
  }

  @Test
  void theAlternateScreenComesAndGoes() throws Exception {
    host.print("lab", "before\r\n\u001b[?1049h\u001b[Hin vi");
    await("in vi");
    assertThat(view.screenText()).doesNotContain("before");
    host.print("lab", "\u001b[?1049l");
    await("before");
    assertThat(view.screenText()).doesNotContain("in vi");
  }

  @Test
  void aPasteIsBracketedWhereTheGuestWantsIt() throws Exception {
    WaitForAsyncUtils.asyncFx(
            () -> {
              ClipboardContent content = new ClipboardContent();
              content.putString("pasted words");
              Clipboard.getSystemClipboard().setContent(content);
            })
        .get(30, TimeUnit.SECONDS);
    host.print("lab", "\u001b[?2004hready");
    await("ready");
    robot.press(KeyCode.CONTROL, KeyCode.SHIFT, KeyCode.V).release(KeyCode.V);
    robot.release(KeyCode.SHIFT, KeyCode.CONTROL);
    WaitForAsyncUtils.waitFor(
        30,
        TimeUnit.SECONDS,
        () -> host.console("lab").contains("\u001b[200~pasted words\u001b[201~"));
  }

  @Test
  void findsInTheScrollback() throws Exception {
    host.print("lab", "needle\r\n" + "hay\r\n".repeat(200) + "end");
    await("end");
    robot.press(KeyCode.CONTROL, KeyCode.SHIFT, KeyCode.F).release(KeyCode.F);
    robot.release(KeyCode.SHIFT, KeyCode.CONTROL);
    WaitForAsyncUtils.waitFor(
        30,
        TimeUnit.SECONDS,
        () -> view.lookupAll("*").stream().anyMatch(TextField.class::isInstance));
    robot.write("needle", 0);
    WaitForAsyncUtils.waitFor(
        30,
        TimeUnit.SECONDS,
        () -> {
          var found = view.widget().getTerminalPanel().getFindResult();
          return found != null && found.getItems().size() == 1;
        });
  }

  /** As at the start, when the widget and its first layout each tell the size. */
  @Test
  void resizesAtOnceLoseNoLine() throws Exception {
    Terminal terminal = view.widget().getTerminal();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      int seed = i;
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    Random random = new Random(seed);
                    for (int round = 0; round < 300; round++) {
                      TermSize size = new TermSize(80, 10 + random.nextInt(40));
                      terminal.resize(size, RequestOrigin.User);
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    host.print("lab", "hay\r\n".repeat(100) + "end");
    await("end");
  }

  @Test
  void aLargerFontLeavesFewerColumns() throws Exception {
    int before = view.columns();
    WaitForAsyncUtils.asyncFx(() -> view.setFontSize(26)).get(30, TimeUnit.SECONDS);
    WaitForAsyncUtils.waitFor(30, TimeUnit.SECONDS, () -> view.columns() < before * 6 / 10);
  }
}
