package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.VivariumException;
import io.vivarium.desktop.fake.FakeStats;
import io.vivarium.desktop.fake.FakeVivarium;
import io.vivarium.desktop.fake.Samples;
import io.vivarium.desktop.model.DesktopState;
import io.vivarium.desktop.model.HostLimits;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.wizard.WizardStart;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Objects;
import javafx.application.ColorScheme;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.scene.control.ListView;
import javafx.scene.control.TabPane;
import javafx.scene.image.WritableImage;
import javafx.stage.Stage;
import javafx.stage.WindowEvent;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.testfx.api.FxToolkit;
import org.testfx.util.WaitForAsyncUtils;

/**
 * Draws every screen into {@code target/screenshots}, light and dark, at 100 and 200 %, for people
 * to look at: asked for with {@code -Dvivarium.screenshots=true}.
 */
@Tag("desktop")
@EnabledIfSystemProperty(named = "vivarium.screenshots", matches = "true")
class ScreenshotsTest {
  private static final Path FOLDER = Path.of("target", "screenshots");

  @ParameterizedTest
  @CsvSource({"LIGHT,100", "DARK,100", "LIGHT,200", "DARK,200"})
  void drawsEveryScreen(ColorScheme scheme, int percent) throws Exception {
    Files.createDirectories(FOLDER);
    FxToolkit.registerPrimaryStage();
    Theme.use(scheme);
    String mode = scheme.name().toLowerCase(Locale.ROOT) + (percent == 100 ? "" : "-" + percent);
    FakeVivarium host = new FakeVivarium(InstantSource.system());
    DesktopWindow window = open(host);
    AppShell shell = window.shell();
    onFx(
        () -> {
          shell.desk().state().setTextPercent(percent);
          Theme.scale(shell.root().getScene(), percent);
        });
    settle();
    shoot(shell, "empty-" + mode);

    Samples.fill(host, Instant.now());
    onFx(() -> shell.desk().vms().refresh());
    settle();
    for (String vm : java.util.List.of("build", "debian-tiny", "scratch")) {
      FakeStats.fill(shell.desk().stats().of(vm));
    }
    WaitForAsyncUtils.sleep(2500, java.util.concurrent.TimeUnit.MILLISECONDS);
    settle();
    shoot(shell, "home-" + mode);
    onFx(() -> shell.desk().state().setHomeTable(true));
    onFx(() -> shell.go(Place.ALL));
    WaitForAsyncUtils.sleep(2500, java.util.concurrent.TimeUnit.MILLISECONDS);
    settle();
    shoot(shell, "table-" + mode);
    onFx(() -> shell.desk().state().setHomeTable(false));
    onFx(() -> shell.openWizard(WizardStart.GALLERY));
    settle();
    shoot(shell, "wizard-" + mode);
    onFx(() -> shell.openWizard(WizardStart.OWN_KERNEL));
    settle();
    shoot(shell, "wizard-own-" + mode);
    onFx(() -> shell.openWizard(WizardStart.IMPORT));
    settle();
    shoot(shell, "import-" + mode);
    onFx(() -> shell.openVm("build"));
    settle();
    shoot(shell, "console-" + mode);
    host.print("build", recording("mc"));
    settle();
    shoot(shell, "mc-" + mode);
    host.print("build", "\u001bc" + recording("colours") + recording("unicode").substring(7));
    settle();
    shoot(shell, "terminal-" + mode);
    tab(shell, 1);
    shoot(shell, "timeline-" + mode);
    onFx(() -> choose(shell, 1));
    settle();
    shoot(shell, "timeline-chosen-" + mode);
    tab(shell, 2);
    shoot(shell, "disks-" + mode);
    tab(shell, 3);
    shoot(shell, "network-" + mode);
    tab(shell, 4);
    settle();
    shoot(shell, "stats-" + mode);
    tab(shell, 5);
    shoot(shell, "settings-" + mode);
    tab(shell, 6);
    shoot(shell, "log-" + mode);
    onFx(() -> shell.openVm("kernel-test"));
    settle();
    shoot(shell, "crashed-" + mode);
    onFx(() -> shell.go(Place.IMAGES));
    settle();
    shoot(shell, "images-" + mode);
    onFx(() -> shell.go(Place.HOST));
    settle();
    shoot(shell, "host-" + mode);
    onFx(() -> shell.go(Place.TRASH));
    settle();
    shoot(shell, "trash-" + mode);
    withJobsAndBanner(host, shell, mode);
    host.leaveFree(300L << 20);
    onFx(
        () -> {
          shell.desk().dialogs().hide();
          shell.go(Place.ALL);
        });
    // The disk is looked at every ten beats.
    WaitForAsyncUtils.waitFor(
        30, java.util.concurrent.TimeUnit.SECONDS, () -> !shell.desk().banners().isEmpty());
    settle();
    shoot(shell, "room-" + mode);
    Stage stage = FxToolkit.toolkitContext().getRegisteredStage();
    onFx(
        () ->
            stage
                .getOnCloseRequest()
                .handle(new WindowEvent(stage, WindowEvent.WINDOW_CLOSE_REQUEST)));
    settle();
    shoot(shell, "closing-" + mode);
    FxToolkit.hideStage();
  }

  /** What a program wrote; see {@code .ci/record-terminals}. */
  private static String recording(String name) throws IOException {
    try (InputStream in = ScreenshotsTest.class.getResourceAsStream("terminal/" + name + ".rec")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void drawsInGerman() throws Exception {
    Files.createDirectories(FOLDER);
    FxToolkit.registerPrimaryStage();
    Theme.use(ColorScheme.LIGHT);
    FakeVivarium host = new FakeVivarium(InstantSource.system());
    Samples.fill(host, Instant.now());
    AppShell shell = open(host, Locale.GERMAN).shell();
    settle();
    shoot(shell, "home-german");
    onFx(() -> shell.openVm("build"));
    tab(shell, 1);
    onFx(() -> choose(shell, 2));
    settle();
    shoot(shell, "timeline-german");
    onFx(() -> shell.openWizard(WizardStart.GALLERY));
    settle();
    shoot(shell, "wizard-german");
    FxToolkit.hideStage();
  }

  private static void choose(AppShell shell, int row) {
    ((ListView<?>) shell.root().lookup("#timeline")).getSelectionModel().select(row);
  }

  private void withJobsAndBanner(FakeVivarium host, AppShell shell, String mode) throws Exception {
    host.failWith(
        "takeSnapshot",
        new VivariumException(
            VivariumException.Kind.HOST,
            "The snapshot of build needs 212 MiB, and 40 MiB are free on /home.",
            "Delete a snapshot, or free space, and take it again."));
    var gate = host.hold("prepareWarm");
    onFx(
        () -> {
          shell.go(Place.ALL);
          shell
              .desk()
              .jobs()
              .call(
                  "Taking snapshot tests-green of build",
                  "viv snapshot take build tests-green",
                  p -> host.takeSnapshot("build", "x", "", p),
                  x -> {});
          shell
              .desk()
              .jobs()
              .run(
                  "Creating and starting debian-tiny-2",
                  "viv run -d debian-tiny",
                  p -> host.prepareWarm(Samples.spec("debian-tiny-2"), p),
                  () -> {});
          shell.toggleActivity();
        });
    settle();
    shoot(shell, "activity-" + mode);
    gate.countDown();
    onFx(
        () -> {
          shell.toggleActivity();
          shell.desk().banners().clear();
        });
    press(shell);
    settle();
    shoot(shell, "palette-" + mode);
    onFx(
        () -> {
          shell.desk().dialogs().hide();
          shell
              .desk()
              .dialogs()
              .ask("Snapshot of build", "Name", "snapshot-5", "Take snapshot", t -> "", t -> {});
        });
    settle();
    shoot(shell, "dialog-" + mode);
  }

  private void press(AppShell shell) throws Exception {
    onFx(() -> shell.root().lookup("#status-palette").fireEvent(new javafx.event.ActionEvent()));
  }

  private void tab(AppShell shell, int index) throws Exception {
    onFx(() -> ((TabPane) shell.root().lookup("#vm-tabs")).getSelectionModel().select(index));
    settle();
  }

  private DesktopWindow open(FakeVivarium host) throws Exception {
    return open(host, Locale.ENGLISH);
  }

  private DesktopWindow open(FakeVivarium host, Locale locale) throws Exception {
    return WaitForAsyncUtils.asyncFx(
            () -> {
              DesktopWindow window =
                  new DesktopWindow(
                      host,
                      new Texts(locale),
                      new DesktopState(FOLDER.resolve("none.properties")),
                      new HostLimits(16L << 30, 8),
                      InstantSource.system());
              Stage stage = FxToolkit.toolkitContext().getRegisteredStage();
              window.show(stage);
              return window;
            })
        .get();
  }

  private void onFx(Runnable action) throws Exception {
    WaitForAsyncUtils.asyncFx(action).get();
  }

  /** Waits until the background work that a page began has come back and was drawn. */
  private void settle() {
    for (int i = 0; i < 4; i++) {
      WaitForAsyncUtils.waitForFxEvents();
      WaitForAsyncUtils.sleep(120, java.util.concurrent.TimeUnit.MILLISECONDS);
    }
  }

  private void shoot(AppShell shell, String name) throws Exception {
    WritableImage image =
        WaitForAsyncUtils.asyncFx(
                () -> {
                  Scene scene = shell.root().getScene();
                  return scene.snapshot(null);
                })
            .get();
    Path file = FOLDER.resolve(name + ".png");
    write(image, file);
    assertThat(Files.size(file)).isGreaterThan(1000);
    Platform.requestNextPulse();
  }

  private void write(WritableImage image, Path file) throws IOException {
    Png.write(image, file);
  }
}
