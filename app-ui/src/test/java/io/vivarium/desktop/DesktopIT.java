package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.client.Progress;
import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumHost;
import java.nio.file.Files;
import java.nio.file.Path;
import javafx.scene.input.KeyCode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The desktop on a real guest, from the wizard to a mistake taken back. */
@Tag("kvm")
@Tag("desktop")
class DesktopIT {
  /** Shared with the command's test, so that the image is built and booted once for both. */
  private static final Path HOME =
      Path.of(System.getProperty("vivarium.project.root", ".."), "target", "test-home")
          .toAbsolutePath()
          .normalize();

  private static final String VM = "desktop-it";

  /** A cold boot under a KVM that interprets ring 0 takes minutes on a busy machine. */
  private static final int PATIENCE_SECONDS = 600;

  @TempDir Path folder;

  @Test
  @Timeout(1200)
  void fromTheWizardToAMistakeTakenBack() throws Exception {
    Path kvm = Path.of("/dev/kvm");
    assumeTrue(
        Files.isReadable(kvm) && Files.isWritable(kvm),
        "skipped: this host has no /dev/kvm that this user may use");
    try (Vivarium host = VivariumHost.open(HOME)) {
      removeLeftover(host);
      buildImage(host);
      try (DesktopFixture desktop =
          DesktopFixture.open(host, folder.resolve("state.properties"), PATIENCE_SECONDS)) {
        makeByWizard(desktop);
        assertThat(desktop.clicks()).as("clicks to the prompt").isLessThanOrEqualTo(4);
        desktop.type("X=before; echo set-$X");
        desktop.awaitScreen("set-before");
        takeSnapshot(desktop);
        desktop.type("X=after; echo set-$X");
        desktop.awaitScreen("set-after");
        restore(desktop);
        desktop.type("echo now-$X");
        desktop.awaitScreen("now-before");
      } finally {
        removeLeftover(host);
      }
    }
  }

  private static void makeByWizard(DesktopFixture desktop) {
    desktop.press(KeyCode.CONTROL, KeyCode.N);
    desktop.click("#image-debian-tiny");
    desktop.fill("#wizard-name", VM);
    desktop.click("#wizard-create-start");
    desktop.await("its page", () -> desktop.textOf("#vm-name").equals(VM));
    desktop.awaitScreen("#");
  }

  private static void takeSnapshot(DesktopFixture desktop) {
    desktop.press(KeyCode.CONTROL, KeyCode.SHIFT, KeyCode.S);
    desktop.awaitSeen("#dialog-field");
    desktop.press(KeyCode.ENTER);
    desktop.awaitText("Snapshot “snapshot-1” is taken.");
  }

  private static void restore(DesktopFixture desktop) {
    desktop.tab(1);
    desktop.click("#snapshot-snapshot-1");
    desktop.click("#snapshot-restore");
    desktop.awaitText("is back at");
    desktop.tab(0);
    desktop.await(
        "the screen of the snapshot",
        () -> desktop.screen().contains("set-before") && !desktop.screen().contains("set-after"));
    desktop.await("it runs", () -> desktop.textOf("#vm-state").equals("Running"));
  }

  /** Skips aloud where the packages of the image cannot be had. */
  private static void buildImage(Vivarium host) throws VivariumException {
    try {
      host.buildImage("debian-tiny", Progress.NONE);
    } catch (VivariumException e) {
      assumeTrue(
          e.kind() != VivariumException.Kind.HOST, "skipped: " + e.getMessage() + " " + e.cure());
      throw e;
    }
  }

  private static void removeLeftover(Vivarium host) throws VivariumException {
    try {
      host.remove(VM, true);
    } catch (VivariumException e) {
      if (e.kind() != VivariumException.Kind.NOT_FOUND) {
        throw e;
      }
    }
  }
}
