package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.desktop.fake.FakeVivarium;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import javafx.application.Platform;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk file of the user's becomes a machine's. */
@Tag("desktop")
@Timeout(120)
class ImportTest {
  @TempDir Path folder;
  private final FakeVivarium host = new FakeVivarium(InstantSource.system());
  private DesktopFixture desktop;

  @BeforeEach
  void open() throws Exception {
    desktop = DesktopFixture.open(host, folder.resolve("state.properties"));
  }

  @AfterEach
  void close() throws Exception {
    desktop.close();
  }

  @Test
  void theTileAsksForAFileAndCopiesIt() throws Exception {
    Path file = Files.writeString(folder.resolve("old-server.qcow2"), "not looked at here");
    desktop.click("#tile-import");
    desktop.awaitText("There is no firmware yet");
    assertThat(desktop.disabled("#wizard-create-start")).isTrue();
    desktop.fill("#wizard-disk", file.toString());
    desktop.await(
        "the line that does the same",
        () ->
            desktop
                .textOf("#wizard-command")
                .equals(
                    "viv import --name old-server --memory 256M --cpus 1 --image debian-tiny "
                        + file
                        + " && viv start old-server"));
    assertThat(desktop.disabled("#wizard-create-disposable")).isTrue();
    desktop.click("#wizard-create-start");
    desktop.awaitScreen("~ #");
    assertThat(host.calls())
        .contains("importDisk old-server " + file, "start old-server")
        .doesNotContain("prepareWarm old-server");
  }

  @Test
  void whatIsDroppedMayBeUsedInPlaceToo() throws Exception {
    Path file = Files.writeString(folder.resolve("data.raw"), "not looked at here");
    Platform.runLater(() -> desktop.window().openFile(file.toString()));
    desktop.awaitText("There is no firmware yet");
    desktop.click("#wizard-copy-disk");
    desktop.await(
        "a disk in place",
        () -> desktop.textOf("#wizard-command").contains("viv run -d --name debian-tiny"));
    assertThat(desktop.textOf("#wizard-command")).contains("--disk " + file);
  }

  @Test
  void aDiskOfAnotherFormatSaysHowItIsMadeOurs() throws Exception {
    Path file = Files.writeString(folder.resolve("windows.vmdk"), "KDMV");
    Platform.runLater(() -> desktop.window().openFile(file.toString()));
    desktop.awaitText("qemu-img convert -O qcow2 windows.vmdk windows.qcow2");
    assertThat(desktop.disabled("#wizard-create-start")).isTrue();
  }
}
