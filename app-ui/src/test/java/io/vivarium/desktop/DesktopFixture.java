package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.Vivarium;
import io.vivarium.desktop.model.DesktopState;
import io.vivarium.desktop.model.HostLimits;
import io.vivarium.desktop.terminal.TerminalView;
import io.vivarium.desktop.ui.Texts;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javafx.geometry.BoundingBox;
import javafx.geometry.Bounds;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ChoiceBox;
import javafx.scene.control.Labeled;
import javafx.scene.control.TabPane;
import javafx.scene.control.TextInputControl;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import org.testfx.api.FxRobot;
import org.testfx.api.FxToolkit;
import org.testfx.util.WaitForAsyncUtils;

/** A desktop window without a display, and the hands and eyes of its user. */
final class DesktopFixture implements AutoCloseable {
  /** Looks are 10 ms or more apart, pulses 17 ms. */
  private static final int STILL_LOOKS = 5;

  private static final int PATIENCE_SECONDS = 30;

  /** Low enough for a small laptop with a panel, at 100 %. */
  private static final int WIDTH = 1080;

  private static final int HEIGHT = 640;

  private final FxRobot robot = new FxRobot();
  private final DesktopWindow window;
  private final int patienceSeconds;
  private int clicks;

  private DesktopFixture(DesktopWindow window, int patienceSeconds) {
    this.window = window;
    this.patienceSeconds = patienceSeconds;
  }

  static DesktopFixture open(Vivarium host, Path stateFile) throws Exception {
    return open(host, stateFile, PATIENCE_SECONDS);
  }

  static DesktopFixture open(Vivarium host, Path stateFile, int patienceSeconds) throws Exception {
    Stage stage = FxToolkit.registerPrimaryStage();
    DesktopWindow window =
        WaitForAsyncUtils.asyncFx(
                () -> {
                  Theme.use(javafx.application.ColorScheme.LIGHT);
                  DesktopWindow made =
                      new DesktopWindow(
                          host,
                          new Texts(Locale.ENGLISH),
                          new DesktopState(stateFile),
                          new HostLimits(16L << 30, 8),
                          InstantSource.system());
                  made.show(stage);
                  // The stage is one for all tests of the process, and keeps the size of the last.
                  stage.setWidth(WIDTH);
                  stage.setHeight(HEIGHT);
                  return made;
                })
            .get(patienceSeconds, TimeUnit.SECONDS);
    return new DesktopFixture(window, patienceSeconds);
  }

  DesktopWindow window() {
    return window;
  }

  AppShell shell() {
    return window.shell();
  }

  /** Waits until something is so; fails with what was awaited. */
  void await(String what, Callable<Boolean> condition) {
    try {
      WaitForAsyncUtils.waitFor(patienceSeconds, TimeUnit.SECONDS, () -> onFx(condition));
    } catch (TimeoutException e) {
      throw new AssertionError("In vain waited for: " + what + "\n" + texts(), e);
    }
  }

  private <T> T onFx(Callable<T> reading) throws Exception {
    return WaitForAsyncUtils.asyncFx(reading).get(patienceSeconds, TimeUnit.SECONDS);
  }

  /** Whether a node is there and seen. */
  private boolean seen(String query) {
    Node node = shell().root().lookup(query);
    return node != null && treeVisible(node);
  }

  private static boolean treeVisible(Node node) {
    for (Node at = node; at != null; at = at.getParent()) {
      if (!at.isVisible()) {
        return false;
      }
    }
    return true;
  }

  void awaitSeen(String query) {
    await(query + " is seen", () -> seen(query));
  }

  void awaitGone(String query) {
    await(query + " is gone", () -> !seen(query));
  }

  void awaitText(String text) {
    await("“" + text + "”", () -> texts().contains(text));
  }

  /** All words that are seen, a line each. */
  String texts() {
    StringBuilder all = new StringBuilder();
    for (Node node : shell().root().lookupAll("*")) {
      if (node instanceof Labeled labeled && labeled.getText() != null && treeVisible(labeled)) {
        all.append(labeled.getText()).append('\n');
      }
    }
    return all.toString();
  }

  void click(String query) {
    awaitSeen(query);
    await(query + " can be clicked", () -> !shell().root().lookup(query).isDisabled());
    awaitStill(query);
    await(query + " is not cut off", () -> inView(shell().root().lookup(query)));
    robot.clickOn(query);
    clicks++;
  }

  /** How often something was clicked. */
  int clicks() {
    return clicks;
  }

  /** Clicks the button with these words in a banner. */
  void clickBanner(String words) {
    await(
        "the banner's button “" + words + "”",
        () -> {
          for (Node node : shell().root().lookupAll(".banner-action")) {
            boolean wanted = node instanceof Button button && button.getText().equals(words);
            node.setId(wanted ? "wanted-action" : null);
          }
          return shell().root().lookup("#wanted-action") != null;
        });
    click("#wanted-action");
  }

  /** Whether the middle of a node is inside of all that it stands in: a click goes there. */
  private static boolean inView(Node node) {
    Bounds bounds = node.localToScreen(node.getBoundsInLocal());
    for (Node at = node; at != null; at = at.getParent()) {
      if (at.getClip() != null || at.getParent() == null) {
        Bounds room = at.localToScreen(at.getLayoutBounds());
        if (!room.contains(bounds.getCenterX(), bounds.getCenterY())) {
          return false;
        }
      }
    }
    return true;
  }

  /** What was shown just now finds its place some pulses later; a click meant for it would miss. */
  private void awaitStill(String query) {
    AtomicReference<Bounds> last = new AtomicReference<>(new BoundingBox(0, 0, 0, 0));
    AtomicInteger looks = new AtomicInteger();
    await(
        query + " stands still",
        () -> {
          Node node = shell().root().lookup(query);
          if (node == null || node.getScene() == null) {
            return false;
          }
          Bounds now = node.localToScreen(node.getBoundsInLocal());
          looks.set(now.equals(last.getAndSet(now)) ? looks.get() + 1 : 0);
          return looks.get() >= STILL_LOOKS;
        });
  }

  void press(KeyCode... keys) {
    robot.press(keys).release(keys);
    WaitForAsyncUtils.waitForFxEvents();
  }

  void write(String text) {
    robot.write(text, 0);
    WaitForAsyncUtils.waitForFxEvents();
  }

  /** Puts a text in the place of what stands in a field, by keys. */
  void fill(String query, String text) {
    click(query);
    press(KeyCode.CONTROL, KeyCode.A);
    press(KeyCode.DELETE);
    write(text);
    assertThat(((TextInputControl) shell().root().lookup(query)).getText()).isEqualTo(text);
  }

  /** The words of a labelled node; empty while it is not seen. */
  String textOf(String query) {
    try {
      return onFx(
          () ->
              seen(query) && shell().root().lookup(query) instanceof Labeled labeled
                  ? labeled.getText()
                  : "");
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** What can be chosen, as it is shown. */
  <T> List<String> choices(String query) {
    @SuppressWarnings("unchecked") // whatever it holds, its converter knows
    ChoiceBox<T> box = (ChoiceBox<T>) shell().root().lookup(query);
    return box.getItems().stream().map(box.getConverter()::toString).toList();
  }

  boolean disabled(String query) {
    return shell().root().lookup(query).isDisabled();
  }

  void tab(int index) {
    await(
        "a tab is chosen",
        () -> {
          ((TabPane) shell().root().lookup("#vm-tabs")).getSelectionModel().select(index);
          return true;
        });
    WaitForAsyncUtils.waitForFxEvents();
  }

  String screen() {
    return shell().root().lookup("#terminal") instanceof TerminalView terminal
        ? terminal.screenText()
        : "";
  }

  void awaitScreen(String text) {
    await(
        "“" + text + "” on the terminal, which shows:\n" + screen(), () -> screen().contains(text));
  }

  /** Types a line into the terminal, which must have the focus. */
  void type(String line) {
    await("the terminal has the focus", () -> shell().root().lookup("#terminal").isFocusWithin());
    write(line);
    press(KeyCode.ENTER);
  }

  @Override
  public void close() throws TimeoutException {
    FxToolkit.hideStage();
    FxToolkit.cleanupStages();
  }
}
