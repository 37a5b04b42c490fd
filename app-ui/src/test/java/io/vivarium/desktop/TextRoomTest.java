package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.desktop.fake.FakeStats;
import io.vivarium.desktop.fake.FakeVivarium;
import io.vivarium.desktop.fake.Samples;
import io.vivarium.desktop.ui.Banner;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.wizard.WizardStart;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javafx.geometry.Bounds;
import javafx.scene.Node;
import javafx.scene.control.Labeled;
import javafx.scene.control.TabPane;
import javafx.scene.image.WritableImage;
import javafx.scene.text.Text;
import javafx.stage.Stage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.api.FxToolkit;
import org.testfx.util.WaitForAsyncUtils;

/**
 * With text twice as large, on a screen of 900 x 600, no words are cut: what has no room breaks its
 * lines, scrolls, stands aside, or says the whole in a tooltip.
 */
@Tag("desktop")
@Timeout(180)
class TextRoomTest {
  private static final double SLACK = 1;

  /** Parts of a guest's screen: as much as fits. */
  private static final List<String> OF_A_GUEST = List.of("card-console", "launch-log");

  @TempDir Path folder;
  private final FakeVivarium host = new FakeVivarium(InstantSource.system());
  private final List<String> cut = new ArrayList<>();
  private DesktopFixture desktop;

  @BeforeEach
  void open() throws Exception {
    Samples.fill(host, Instant.now());
    desktop = DesktopFixture.open(host, folder.resolve("state.properties"));
    fx(
        () -> {
          Stage stage = FxToolkit.toolkitContext().getRegisteredStage();
          stage.setWidth(900);
          stage.setHeight(600);
          desktop.shell().desk().state().setTextPercent(200);
          Theme.scale(desktop.shell().root().getScene(), 200);
          for (String vm : List.of("build", "debian-tiny", "scratch")) {
            FakeStats.fill(desktop.shell().desk().stats().of(vm));
          }
          desktop.shell().desk().vms().refresh();
        });
    desktop.awaitSeen("#card-build");
  }

  @AfterEach
  void close() throws Exception {
    desktop.close();
  }

  @Test
  void onTheMainScreens() throws Exception {
    look("cards", "#card-build");
    fx(() -> desktop.shell().desk().state().setHomeTable(true));
    go(Place.ALL);
    look("table", "#row-build");
    for (Place place : List.of(Place.IMAGES, Place.HOST, Place.TRASH)) {
      go(place);
      look(place.name(), ".page-title");
    }
    fx(() -> desktop.shell().openWizard(WizardStart.GALLERY));
    look("wizard", "#image-debian-tiny");
    fx(() -> desktop.shell().openWizard(WizardStart.IMPORT));
    look("import", "#image-debian-tiny");
    fx(() -> desktop.shell().openVm("build"));
    for (int tab = 0; tab < 7; tab++) {
      int index = tab;
      fx(
          () ->
              ((TabPane) desktop.shell().root().lookup("#vm-tabs"))
                  .getSelectionModel()
                  .select(index));
      look("tab " + tab, "#vm-tabs");
    }
    assertThat(cut).isEmpty();
  }

  @Test
  void theTableLeavesOutWhatMattersLeast() throws Exception {
    fx(() -> desktop.shell().desk().state().setHomeTable(true));
    go(Place.ALL);
    desktop.awaitSeen("#row-build");
    assertThat(desktop.texts()).contains("Name", "State").doesNotContain("Made of");
    fx(() -> Theme.scale(desktop.shell().root().getScene(), 100));
    fx(() -> FxToolkit.toolkitContext().getRegisteredStage().setWidth(1500));
    desktop.awaitText("Made of");
  }

  /** With the activity open and a message, both are seen whole; the page gives way. */
  @Test
  void aMessageIsWholeBesideTheActivity() throws Exception {
    fx(
        () -> {
          desktop
              .shell()
              .desk()
              .banners()
              .add(
                  Banner.error(
                      "The snapshot of build needs 212 MiB, and 40 MiB are free on /home.",
                      "Delete a snapshot, or free space, and take it again."));
          desktop.shell().toggleActivity();
        });
    desktop.awaitSeen(".banner-text");
    desktop.awaitSeen("#activity");
    WaitForAsyncUtils.waitForFxEvents();
    fx(
        () -> {
          Bounds words = bounds(".banner-text");
          Bounds activity = bounds("#activity");
          Bounds window =
              desktop.shell().root().localToScreen(desktop.shell().root().getLayoutBounds());
          if (words.getMinY() < window.getMinY() || activity.getMaxY() > window.getMaxY()) {
            cut.add(words + " and " + activity + " in " + window);
          }
        });
    assertThat(cut).isEmpty();
  }

  private Bounds bounds(String query) {
    Node node = desktop.shell().root().lookup(query);
    return node.localToScreen(node.getLayoutBounds());
  }

  private void go(Place place) throws Exception {
    fx(() -> desktop.shell().go(place));
  }

  private void look(String screen, String shown) throws Exception {
    desktop.awaitSeen(shown);
    WaitForAsyncUtils.waitForFxEvents(5);
    if (Boolean.getBoolean("vivarium.screenshots")) {
      Files.createDirectories(Path.of("target/room"));
      WritableImage image =
          WaitForAsyncUtils.asyncFx(() -> desktop.shell().root().getScene().snapshot(null)).get();
      Png.write(image, Path.of("target/room", screen.replace(' ', '-') + ".png"));
    }
    fx(
        () -> {
          for (Node node : desktop.shell().root().lookupAll("*")) {
            if (node instanceof Labeled labeled && isSeen(labeled) && isCut(labeled)) {
              cut.add(screen + ": " + labeled.getStyleClass() + " “" + labeled.getText() + "”");
            }
          }
        });
  }

  private static boolean isSeen(Node node) {
    for (Node at = node; at != null; at = at.getParent()) {
      if (!at.isVisible()) {
        return false;
      }
    }
    return true;
  }

  /** Whether its skin shows other words than it has, and says them nowhere else. */
  private static boolean isCut(Labeled labeled) {
    boolean screen = OF_A_GUEST.stream().anyMatch(labeled.getStyleClass()::contains);
    if (screen
        || labeled.getTooltip() != null
        || labeled.getText() == null
        || labeled.getWidth() <= SLACK) {
      return false;
    }
    for (Node child : labeled.getChildrenUnmodifiable()) {
      // An icon is a text too.
      if (child instanceof Text text && text.getStyleClass().contains("text")) {
        return !text.getText().equals(labeled.getText());
      }
    }
    return false;
  }

  private static void fx(Runnable action) throws Exception {
    WaitForAsyncUtils.asyncFx(action).get(30, TimeUnit.SECONDS);
  }
}
