package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.VmState;
import io.vivarium.desktop.fake.FakeVivarium;
import io.vivarium.desktop.fake.Samples;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import javafx.application.Platform;
import javafx.geometry.Bounds;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.Slider;
import javafx.scene.control.TextInputControl;
import javafx.scene.control.ToggleButton;
import javafx.scene.image.PixelReader;
import javafx.scene.image.WritableImage;
import javafx.scene.input.KeyCode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.util.WaitForAsyncUtils;

/** Walks with Tab: every verb of a page is reached, and one sees where the keyboard is. */
@Tag("desktop")
@Timeout(180)
class KeyboardTest {
  /** Longer than any page is. */
  private static final int MOST_STEPS = 150;

  /** Pixels around a node in which its focus may show. */
  private static final int AROUND = 4;

  @TempDir Path folder;
  private final FakeVivarium host = new FakeVivarium(InstantSource.system());
  private final List<String> unseen = new ArrayList<>();
  private DesktopFixture desktop;

  @BeforeEach
  void open() throws Exception {
    desktop = DesktopFixture.open(host, folder.resolve("state.properties"));
    host.add(Samples.spec("lab"), VmState.RUNNING, Instant.now(), "booted\r\n");
    host.add(Samples.spec("off"), VmState.STOPPED, Instant.now(), "");
    Platform.runLater(() -> desktop.shell().desk().vms().refresh());
    desktop.awaitSeen("#card-lab");
    desktop.awaitSeen("#card-off");
  }

  @AfterEach
  void close() throws Exception {
    desktop.close();
  }

  @Test
  void throughTheListOfMachines() throws Exception {
    walk();
  }

  /** As in the sidebars of file managers: an arrow key goes to the next place and stays here. */
  @Test
  void arrowsInTheRailOpenThePlaces() throws Exception {
    fx(
        () -> {
          scene().lookup("#rail-all").requestFocus();
          return true;
        });
    List<String> places = new ArrayList<>();
    for (KeyCode key : List.of(KeyCode.DOWN, KeyCode.DOWN, KeyCode.DOWN, KeyCode.END)) {
      desktop.press(key);
      // What a page does with its first layout comes later, and must not take the keyboard.
      desktop.await("the keyboard is in the rail", () -> owner().getId().startsWith("rail-"));
      places.add(fx(() -> owner().getId() + " " + desktop.shell().place()));
    }
    desktop.awaitSeen("#check-rows");
    assertThat(places)
        .containsExactly(
            "rail-running RUNNING",
            "rail-disposable DISPOSABLE",
            "rail-images IMAGES",
            "rail-host HOST");
    desktop.press(KeyCode.HOME);
    desktop.awaitSeen("#card-lab");
    assertThat(fx(() -> owner().getId())).isEqualTo("rail-all");
  }

  private Node owner() {
    return scene().getFocusOwner();
  }

  @Test
  void throughTheWizard() throws Exception {
    desktop.press(KeyCode.CONTROL, KeyCode.N);
    desktop.awaitSeen("#image-debian-tiny");
    walk();
  }

  @Test
  void throughAMachine() throws Exception {
    desktop.click("#card-lab");
    desktop.awaitScreen("~ #");
    // The terminal takes every key but the one that leaves it.
    desktop.press(KeyCode.F6);
    for (int tab = 1; tab < 7; tab++) {
      desktop.tab(tab);
      walk();
    }
  }

  private void walk() throws Exception {
    Set<Node> reached = new LinkedHashSet<>();
    for (int step = 0; step < MOST_STEPS; step++) {
      Node before = fx(() -> scene().getFocusOwner());
      WritableImage focused = fx(() -> picture(before));
      desktop.press(KeyCode.TAB);
      WritableImage left = fx(() -> picture(before));
      if (before != null && step > 0 && same(focused, left)) {
        unseen.add(name(before));
      }
      Node now = fx(() -> scene().getFocusOwner());
      if (now != null && !reached.add(now)) {
        break;
      }
    }
    for (Node node : List.copyOf(reached)) {
      if (node instanceof ToggleButton choice
          && choice.getToggleGroup() != null
          && !isPlace(node)) {
        arrows(choice, reached);
      }
    }
    List<String> missing =
        fx(
            () ->
                scene().getRoot().lookupAll("*").stream()
                    .filter(KeyboardTest::isVerb)
                    .filter(node -> !reached.contains(node))
                    .map(KeyboardTest::name)
                    .toList());
    assertThat(missing).as("never reached").isEmpty();
    assertThat(unseen).as("the focus is not seen").isEmpty();
  }

  /** Of a choice Tab reaches one; the others are reached by the arrows. */
  private void arrows(ToggleButton first, Set<Node> reached) throws Exception {
    fx(
        () -> {
          first.requestFocus();
          return true;
        });
    for (int step = 0; step < first.getToggleGroup().getToggles().size(); step++) {
      desktop.press(KeyCode.RIGHT);
      Node now = fx(() -> scene().getFocusOwner());
      if (now != null) {
        reached.add(now);
      }
    }
  }

  /** Tab reaches the place that one is at; arrow keys go to the others, and leave the page. */
  private static boolean isPlace(Node node) {
    return node instanceof ToggleButton && node.getStyleClass().contains("rail-entry");
  }

  private static boolean isVerb(Node node) {
    // A card is chosen by the space bar.
    boolean chooser = node.getStyleClass().contains("card-check");
    boolean control =
        node instanceof ButtonBase || node instanceof TextInputControl || node instanceof Slider;
    for (Node at = node; at != null; at = at.getParent()) {
      if (!at.isVisible()) {
        return false;
      }
    }
    return control && !chooser && !isPlace(node) && !node.isDisabled() && node.getScene() != null;
  }

  private static String name(Node node) {
    String words = node instanceof ButtonBase button ? button.getText() : "";
    return node.getClass().getSimpleName() + "#" + node.getId() + " “" + words + "”";
  }

  private Scene scene() {
    return desktop.shell().root().getScene();
  }

  /** What stands where a node is, and a little around. */
  private WritableImage picture(Node node) {
    Bounds at = node == null ? null : node.localToScene(node.getBoundsInLocal());
    WritableImage all = scene().snapshot(null);
    if (at == null) {
      return all;
    }
    int x = (int) Math.clamp(at.getMinX() - AROUND, 0, all.getWidth() - 1);
    int y = (int) Math.clamp(at.getMinY() - AROUND, 0, all.getHeight() - 1);
    int right = (int) Math.clamp(at.getMaxX() + AROUND, x + 1, all.getWidth());
    int bottom = (int) Math.clamp(at.getMaxY() + AROUND, y + 1, all.getHeight());
    return new WritableImage(all.getPixelReader(), x, y, right - x, bottom - y);
  }

  private static boolean same(WritableImage one, WritableImage other) {
    if (one.getWidth() != other.getWidth() || one.getHeight() != other.getHeight()) {
      return false;
    }
    PixelReader a = one.getPixelReader();
    PixelReader b = other.getPixelReader();
    for (int y = 0; y < one.getHeight(); y++) {
      for (int x = 0; x < one.getWidth(); x++) {
        if (a.getArgb(x, y) != b.getArgb(x, y)) {
          return false;
        }
      }
    }
    return true;
  }

  private static <T> T fx(Callable<T> reading) throws Exception {
    return WaitForAsyncUtils.asyncFx(reading).get(30, TimeUnit.SECONDS);
  }
}
