package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.CursorShape;
import com.techsenger.jeditermfx.core.compatibility.Point;
import com.techsenger.jeditermfx.core.emulator.mouse.MouseMode;
import com.techsenger.jeditermfx.core.model.StyleState;
import com.techsenger.jeditermfx.core.model.TerminalSelection;
import com.techsenger.jeditermfx.core.model.TerminalTextBuffer;
import com.techsenger.jeditermfx.ui.SubstringFinder.FindResult;
import com.techsenger.jeditermfx.ui.TerminalCopyPasteHandler;
import com.techsenger.jeditermfx.ui.TerminalPanel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javafx.application.Platform;
import javafx.geometry.Dimension2D;
import javafx.scene.control.ScrollBar;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import org.jspecify.annotations.Nullable;

/**
 * The emulator's panel, which hears of keys and the mouse, with our own picture ({@link
 * ScreenPainter}), copying and finding, which know what a cell holds. It draws when something has
 * changed, at most so often as the settings say, and rests otherwise.
 */
final class GuestPanel extends TerminalPanel {
  private static final String NO_THUMB = "no-thumb";
  private static final int SECOND = 1000;

  private final TerminalSettings settings;
  private final TerminalTextBuffer buffer;
  private final ScreenPainter painter;
  private final AtomicBoolean wanted = new AtomicBoolean();

  /** Lines that have gone into the scrollback since the last picture. */
  private final AtomicInteger scrolled = new AtomicInteger();

  /** The picture is so new that the next waits; on the interface thread. */
  private boolean resting;

  private boolean blinkAwaited;
  private @Nullable FindRequest request;
  private FoundPlaces places = FoundPlaces.NONE;
  private boolean takenOver;

  private record FindRequest(String text, boolean ignoreCase) {}

  GuestPanel(TerminalSettings settings, TerminalTextBuffer buffer, StyleState style) {
    super(settings, buffer, style);
    this.settings = settings;
    this.buffer = buffer;
    painter = new ScreenPainter(settings, buffer);
  }

  /** Draws itself from now on: called once, when the panel is complete. */
  void takeOver() {
    dispose(); // stops the emulator's own timer, which would draw too
    takenOver = true;
    getCanvas().focusedProperty().subscribe(focused -> repaint());
    getCanvas().widthProperty().subscribe(width -> repaint());
    getCanvas().heightProperty().subscribe(height -> repaint());
    getCanvas().sceneProperty().subscribe(scene -> repaint());
  }

  /** Takes the font of the settings anew. */
  void renewFont() {
    reinitFontAndResize();
    painter.renewFont();
    repaint();
  }

  /** From any thread, and often. */
  @Override
  public void repaint() {
    if (takenOver && wanted.compareAndSet(false, true)) {
      Platform.runLater(this::drawSoon);
    }
  }

  private void drawSoon() {
    if (getCanvas().getScene() == null) {
      wanted.set(false); // coming back into a scene asks again
      return;
    }
    if (!resting) {
      draw();
    }
  }

  /** Not by an animation: while one waits, the toolkit works at each pulse. */
  private static void after(int millis, Runnable action) {
    CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS)
        .execute(() -> Platform.runLater(action));
  }

  private void rested() {
    resting = false;
    if (wanted.get()) {
      draw();
    }
  }

  private void draw() {
    wanted.set(false);
    resting = true;
    after(SECOND / settings.maxRefreshRate(), this::rested);
    boolean moving;
    buffer.lock();
    try {
      follow();
      moving =
          painter.paint(
              getCanvas(),
              new ScreenPainter.View(
                  myCharSize,
                  getInsetX(),
                  swingClientScrollOrigin,
                  getSelection(),
                  places,
                  getCanvas().isFocused()));
    } finally {
      buffer.unlock();
    }
    if (moving && !blinkAwaited) {
      blinkAwaited = true;
      after(settings.caretBlinkingMs(), this::blink);
    }
  }

  private void blink() {
    blinkAwaited = false;
    painter.blink();
    repaint();
  }

  /** Fits the scroll bar to the scrollback, and stays at the lines that are looked at. */
  private void follow() {
    ScrollBar bar = getScrollBar();
    int history = buffer.getHistoryLinesCount();
    int rows = buffer.getHeight();
    int gone = scrolled.getAndSet(0);
    int origin = swingClientScrollOrigin;
    origin = origin < 0 ? Math.max(origin - gone, -history) : 0;
    if (bar.getMin() != -history || bar.getMax() != rows || gone != 0) {
      bar.setVisibleAmount(rows);
      bar.setMin(-history);
      bar.setMax(rows);
      // The bar's values go up to its maximum, the origin up to 0.
      bar.setValue(history == 0 ? rows : rows + (double) origin / history * (history + rows));
      swingClientScrollOrigin = origin;
      bar.getStyleClass().remove(NO_THUMB);
      if (history == 0) {
        bar.getStyleClass().add(NO_THUMB);
      }
    }
  }

  /** Called with the buffer's lock; a selection goes with its lines into the scrollback. */
  @Override
  public void scrollArea(int top, int size, int lines) {
    if (top == 1 && lines < 0 && size == buffer.getHeight() && !buffer.isUsingAlternateBuffer()) {
      scrolled.addAndGet(-lines);
      TerminalSelection selection = getSelection();
      if (selection != null && selection.getEnd() != null) {
        selection.shiftY(lines);
      }
    } else {
      super.scrollArea(top, size, lines);
    }
  }

  @Override
  public void setCursor(int column, int row) {
    super.setCursor(column, row);
    painter.moveCursor(column, row - 1);
  }

  @Override
  public void setCursorShape(@Nullable CursorShape shape) {
    super.setCursorShape(shape);
    painter.shapeCursor(shape == null ? CursorShape.BLINK_BLOCK : shape);
    repaint();
  }

  @Override
  public void setCursorVisible(boolean visible) {
    super.setCursorVisible(visible);
    painter.showCursor(visible);
    repaint();
  }

  @Override
  public void terminalMouseModeSet(MouseMode mode) {
    super.terminalMouseModeSet(mode);
    settings.setMouseReported(mode != MouseMode.MOUSE_REPORTING_NONE);
  }

  /** For tests: pixels of one cell. */
  Dimension2D cellSize() {
    return myCharSize;
  }

  @Override
  protected int getInsetX() {
    return super.getInsetX();
  }

  /** What is selected, as it is shown; empty without a selection. */
  String selectedText() {
    TerminalSelection selection = getSelection();
    if (selection == null) {
      return "";
    }
    buffer.lock();
    try {
      var ends = selection.pointsForRun(buffer.getWidth());
      return text(ends.getFirst(), ends.getSecond());
    } finally {
      buffer.unlock();
    }
  }

  private String text(Point from, Point to) {
    StringBuilder text = new StringBuilder();
    int last = Math.min(to.y, buffer.getScreenLinesCount() - 1);
    for (int row = Math.max(from.y, -buffer.getHistoryLinesCount()); row <= last; row++) {
      var line = buffer.getLine(row);
      text.append(
          CellText.between(
              line, row == from.y ? from.x : 0, row == to.y ? to.x : Integer.MAX_VALUE));
      if (row < last && !line.isWrapped()) {
        text.append('\n');
      }
    }
    return text.toString();
  }

  @Override
  public void handleCopy(boolean unselect, boolean systemSelection) {
    String text = selectedText();
    if (!text.isEmpty()) {
      ClipboardContent content = new ClipboardContent();
      content.putString(text);
      Clipboard.getSystemClipboard().setContent(content);
    }
  }

  @Override
  protected TerminalCopyPasteHandler createCopyPasteHandler() {
    return new TerminalCopyPasteHandler() {
      @Override
      public void setContents(String text, boolean selection) {
        throw new AssertionError("the panel copies by itself");
      }

      @Override
      public @Nullable String getContents(boolean selection) {
        return Clipboard.getSystemClipboard().getString();
      }
    };
  }

  /** What the next result is to be of. */
  void find(String text, boolean ignoreCase) {
    request = text.isEmpty() ? null : new FindRequest(text, ignoreCase);
  }

  /** The widget's own result does not know what a cell holds. */
  @Override
  public void setFindResult(@Nullable FindResult result) {
    FindRequest now = request;
    FindResult found =
        result == null || now == null ? null : CellFinder.find(buffer, now.text, now.ignoreCase);
    places = found == null ? FoundPlaces.NONE : new FoundPlaces(found.getItems());
    super.setFindResult(found);
  }
}
