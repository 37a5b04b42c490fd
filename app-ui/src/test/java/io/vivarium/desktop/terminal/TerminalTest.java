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
import java.util.concurrent.TimeoutException;
import javafx.application.Platform;
import javafx.geometry.Point2D;
import javafx.geometry.VerticalDirection;
import javafx.scene.Scene;
import javafx.scene.control.TextField;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseButton;
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

  /** Ten cells: three wide ones, a flag of two, a letter with two marks, and one more letter. */
  private static final String SHOWN = "日😀👩\u200d💻🇩🇪x\u0338\u0302y";

  @Test
  void findsAcrossWideOnesAndMarks() throws Exception {
    host.print("lab", "\u001b[2J\u001b[Ha" + SHOWN + "\r\nend");
    await("end");
    List<String> found = new ArrayList<>();
    for (String text : List.of("日😀", "💻🇩🇪", "x\u0338\u0302y", "yend", "Y")) {
      var items = CellFinder.find(view.widget().getTerminalTextBuffer(), text, true).getItems();
      for (var item : items) {
        found.add(text + " " + item.getStart().x + "-" + item.getEnd().x);
      }
    }
    assertThat(found).containsExactly("日😀 1-3", "💻🇩🇪 5-7", "x\u0338\u0302y 9-10", "Y 10-10");
  }

  @Test
  void copiesWhatIsShown() throws Exception {
    host.print("lab", "\u001b[2J\u001b[Ha" + SHOWN + "b\r\nend");
    await("end");
    // From the second half of the first wide one to the first half of the flag.
    drag(2, 7);
    robot.press(KeyCode.CONTROL, KeyCode.SHIFT, KeyCode.C).release(KeyCode.C);
    robot.release(KeyCode.SHIFT, KeyCode.CONTROL);
    String copied =
        WaitForAsyncUtils.asyncFx(() -> Clipboard.getSystemClipboard().getString())
            .get(30, TimeUnit.SECONDS);
    assertThat(copied).isEqualTo("日😀👩\u200d💻🇩🇪");
  }

  /** Drags along the first line of the screen. */
  private void drag(int from, int to) {
    robot.moveTo(cell(from)).press(MouseButton.PRIMARY);
    robot.moveTo(cell(to)).release(MouseButton.PRIMARY);
    WaitForAsyncUtils.waitForFxEvents();
  }

  private Point2D cell(int column) {
    GuestPanel panel = view.widget().panel();
    return panel
        .getCanvas()
        .localToScreen(
            panel.getInsetX() + (column + 0.5) * panel.cellSize().getWidth(),
            panel.cellSize().getHeight() / 2);
  }

  @Test
  void theMouseIsReportedByCells() throws Exception {
    host.print("lab", "\u001b[2J\u001b[H" + SHOWN + "\u001b[?1000h\u001b[?1006hready");
    await("ready");
    robot.clickOn(cell(8));
    awaitTyped("\u001b[<0;9;1M\u001b[<0;9;1m");
    robot.scroll(1, VerticalDirection.DOWN);
    awaitTyped("\u001b[<65;");
    assertThat(host.console("lab")).as("arrows beside the wheel").doesNotContain("\u001b[B");
  }

  @Test
  void theWheelGivesArrowsToAProgramOfTheWholeScreen() throws Exception {
    host.print("lab", "\u001b[?1049h\u001b[Hless");
    await("less");
    robot.moveTo(cell(1)).scroll(1, VerticalDirection.DOWN);
    awaitTyped("\u001b[B");
  }

  private void awaitTyped(String keys) throws Exception {
    try {
      WaitForAsyncUtils.waitFor(30, TimeUnit.SECONDS, () -> host.console("lab").contains(keys));
    } catch (TimeoutException e) {
      throw new AssertionError(
          keys.replace('\u001b', '^') + " in " + host.console("lab").replace('\u001b', '^'), e);
    }
  }

  @Test
  void whatAnInputMethodGivesIsTypedWhole() throws Exception {
    WaitForAsyncUtils.asyncFx(
            () ->
                view.widget()
                    .getTerminalPanel()
                    .getCanvas()
                    .fireEvent(
                        new KeyEvent(
                            KeyEvent.KEY_TYPED,
                            "😀日",
                            "",
                            KeyCode.UNDEFINED,
                            false,
                            false,
                            false,
                            false)))
        .get(30, TimeUnit.SECONDS);
    awaitTyped("😀日");
  }

  /** A wide one is never cut in two, and after all of it everything is as it was. */
  @Test
  void aChangeOfTheWidthKeepsEachCharacterWhole() throws Exception {
    Terminal terminal = view.widget().getTerminal();
    TerminalTextBuffer buffer = view.widget().getTerminalTextBuffer();
    terminal.resize(new TermSize(80, 24), RequestOrigin.User);
    String text = ("日😀x" + SHOWN).repeat(9);
    host.print("lab", "\u001b[2J\u001b[H" + text + "end");
    await("end");
    String before = joined(buffer);
    assertThat(before).contains(text + "end");
    for (int columns : new int[] {79, 40, 41, 7, 13, 120, 80}) {
      terminal.resize(new TermSize(columns, 24), RequestOrigin.User);
      assertThat(joined(buffer)).as("with " + columns + " columns").isEqualTo(before);
      for (int row = -buffer.getHistoryLinesCount(); row < buffer.getScreenLinesCount(); row++) {
        String units = buffer.getLine(row).getText();
        assertThat(units.length()).as("cells of line " + row).isLessThanOrEqualTo(columns);
        assertThat(units).doesNotStartWith(String.valueOf(CellText.SECOND_HALF));
      }
      String atCursor = CellText.of(buffer.getLine(terminal.getCursorY() - 1));
      assertThat(atCursor).endsWith("end".substring(3 - Math.min(3, terminal.getCursorX() - 1)));
    }
  }

  /** Lines that go on in the next are joined. */
  private static String joined(TerminalTextBuffer buffer) {
    StringBuilder all = new StringBuilder();
    for (int row = -buffer.getHistoryLinesCount(); row < buffer.getScreenLinesCount(); row++) {
      all.append(CellText.of(buffer.getLine(row)));
      if (!buffer.getLine(row).isWrapped()) {
        all.append('\n');
      }
    }
    return all.toString().strip();
  }

  @Test
  void theOtherScreenLeavesWideOnesWhole() throws Exception {
    Terminal terminal = view.widget().getTerminal();
    TerminalTextBuffer buffer = view.widget().getTerminalTextBuffer();
    terminal.resize(new TermSize(80, 24), RequestOrigin.User);
    host.print("lab", "\u001b[2J\u001b[H" + "日".repeat(50) + "end\u001b[?1049hin vi");
    await("in vi");
    terminal.resize(new TermSize(31, 24), RequestOrigin.User);
    host.print("lab", "\u001b[?1049l");
    await("日");
    assertThat(joined(buffer)).contains("日".repeat(50) + "end");
  }

  @Test
  void marksWithoutEndFindAnEnd() throws Exception {
    host.print("lab", "\u001b[2J\u001b[Ha" + "\u0301".repeat(100_000) + "b end");
    await("b end");
    String line = CellText.of(view.widget().getTerminalTextBuffer().getLine(0));
    assertThat(line).hasSizeLessThan(50).startsWith("á\u0301").endsWith("b end");
  }

  @Test
  void whatIsFoundInAFloodIsBounded() throws Exception {
    host.print("lab", ("e".repeat(70) + "\r\n").repeat(500) + "end");
    await("end");
    assertThat(CellFinder.find(view.widget().getTerminalTextBuffer(), "e", true).getItems())
        .hasSizeBetween(1000, 2100);
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
    // Its first layout, wider than the 80 columns that it begins with, may still be under way.
    WaitForAsyncUtils.waitFor(30, TimeUnit.SECONDS, () -> view.columns() > 80);
    int before = view.columns();
    WaitForAsyncUtils.asyncFx(() -> view.setFontSize(26)).get(30, TimeUnit.SECONDS);
    WaitForAsyncUtils.waitFor(30, TimeUnit.SECONDS, () -> view.columns() < before * 6 / 10);
  }
}
