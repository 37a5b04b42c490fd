package io.vivarium.desktop.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import com.techsenger.jeditermfx.core.Terminal;
import com.techsenger.jeditermfx.core.TtyBasedArrayDataStream;
import com.techsenger.jeditermfx.core.model.TerminalLine;
import com.techsenger.jeditermfx.core.model.TerminalTextBuffer;
import io.vivarium.client.ConsoleConnection;
import io.vivarium.desktop.ui.Texts;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.testfx.api.FxToolkit;
import org.testfx.util.WaitForAsyncUtils;

/**
 * What programs wrote to a terminal of 80 x 24 gives the screen that a reference emulator made of
 * it: characters, colours, attributes and cursor. Recordings and screens are made by {@code
 * .ci/record-terminals}.
 */
@Tag("desktop")
@Timeout(120)
class RecordedScreensTest {
  private static final int COLUMNS = 80;
  private static final int LINES = 24;
  private static final int MANY = 1000;

  private TerminalWidget widget;

  @BeforeEach
  void open() throws Exception {
    FxToolkit.registerPrimaryStage();
    widget =
        WaitForAsyncUtils.asyncFx(
                () ->
                    new TerminalWidget(
                        COLUMNS, LINES, new TerminalSettings(new Texts(Locale.ENGLISH), 13)))
            .get(30, TimeUnit.SECONDS);
  }

  @AfterEach
  void close() throws Exception {
    WaitForAsyncUtils.asyncFx(() -> widget.close()).get(30, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vi",
        "vi-scroll",
        "less",
        "top",
        "mc",
        "colours",
        "wide",
        "unicode",
        "alternate",
        "regions",
        "drawing"
      })
  void looksAsInTheReference(String name) throws Exception {
    feed(resource(name + ".rec"), MANY);
    isAsInTheReference(name);
  }

  /** However the bytes come: characters, and what stands in one cell, are cut into pieces. */
  @ParameterizedTest
  @ValueSource(strings = {"mc", "wide", "unicode"})
  void looksTheSameByteByByte(String name) throws Exception {
    feed(resource(name + ".rec"), 1);
    isAsInTheReference(name);
  }

  private void isAsInTheReference(String name) throws IOException {
    List<String> expected =
        new ArrayList<>(
            new String(resource(name + ".txt"), StandardCharsets.UTF_8).lines().toList());
    String cursor = expected.removeLast();
    assertThat(String.join("\n", screen(line -> CellText.of(line).stripTrailing())))
        .isEqualTo(composed(String.join("\n", expected)));
    String styled = new String(resource(name + ".ansi"), StandardCharsets.UTF_8);
    assertThat(screen(StyledText::of))
        .containsExactlyElementsOf(StyledText.captured(composed(styled)));
    Terminal terminal = widget.getTerminal();
    assertThat((terminal.getCursorX() - 1) + " " + (terminal.getCursorY() - 1)).isEqualTo(cursor);
  }

  /** Shows what comes from a console, on this thread. */
  private void feed(byte[] bytes, int piece) throws IOException {
    ConsoleTty tty = new ConsoleTty();
    ConsoleConnection.Listener listener = tty.listener(() -> {});
    for (int at = 0; at < bytes.length; at += piece) {
      listener.output(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + piece)));
    }
    tty.close();
    GuestEmulator emulator =
        new GuestEmulator(new TtyBasedArrayDataStream(tty), (GuestScreen) widget.getTerminal());
    while (emulator.hasNext()) {
      emulator.next();
    }
  }

  private List<String> screen(Function<TerminalLine, String> reading) {
    TerminalTextBuffer buffer = widget.getTerminalTextBuffer();
    List<String> lines = new ArrayList<>();
    for (int row = 0; row < LINES; row++) {
      lines.add(reading.apply(buffer.getLine(row)));
    }
    return lines;
  }

  /** A base and its mark are one character for us where there is one. */
  private static String composed(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFC);
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = RecordedScreensTest.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    }
  }
}
