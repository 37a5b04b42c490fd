package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmState;
import io.vivarium.desktop.fake.FakeVivarium;
import io.vivarium.desktop.fake.Samples;
import io.vivarium.desktop.sleep.SleepPause;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javafx.application.Platform;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import javafx.stage.WindowEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.util.WaitForAsyncUtils;

/** A disk that fills up, and a window that closes while machines run. */
@Tag("desktop")
@Timeout(120)
class LaptopTest {
  @TempDir Path folder;
  private final FakeVivarium host = new FakeVivarium(InstantSource.system());
  private DesktopFixture desktop;
  private Stage stage;

  @BeforeEach
  void open() throws Exception {
    desktop = DesktopFixture.open(host, folder.resolve("state.properties"));
    stage = (Stage) desktop.shell().root().getScene().getWindow();
  }

  @AfterEach
  void close() throws Exception {
    desktop.close();
  }

  private void have(String name, VmState state) {
    host.add(Samples.spec(name), state, Instant.now(), "booted\r\n");
    Platform.runLater(() -> desktop.shell().desk().vms().refresh());
    desktop.awaitSeen("#card-" + name);
  }

  /** As the window's cross does; true when the window would close. */
  private boolean cross() throws Exception {
    return WaitForAsyncUtils.asyncFx(
            () -> {
              WindowEvent event = new WindowEvent(stage, WindowEvent.WINDOW_CLOSE_REQUEST);
              stage.getOnCloseRequest().handle(event);
              return !event.isConsumed();
            })
        .get(30, TimeUnit.SECONDS);
  }

  private VmState state(String name) throws Exception {
    return host.inspect(name).state();
  }

  @Test
  void aNearlyFullDiskIsSaidWithItsCure() {
    have("lab", VmState.STOPPED);
    host.leaveFree(300L << 20);
    desktop.awaitText("Only 300 MiB are free for /home/me.");
    desktop.clickBanner("Empty the trash");
    desktop.click("#dialog-yes");
    desktop.await("emptied", () -> host.calls().contains("emptyTrash"));
    desktop.clickBanner("What takes space");
    desktop.awaitSeen("#row-lab");
    host.leaveFree(50L << 30);
    desktop.await("the banner is gone", () -> !desktop.texts().contains("are free for"));
  }

  @Test
  void aMachineThatPausedForWantOfRoomSaysSoAndGoesOn() throws Exception {
    have("lab", VmState.RUNNING);
    host.pauseBecause("lab", "the host's disk is full: disk vda waits for room");
    desktop.awaitText("lab has paused.");
    desktop.awaitText("The host's disk is full: disk vda waits for room");
    desktop.clickBanner("Resume");
    desktop.await("it runs", () -> state("lab") == VmState.RUNNING);
    desktop.await("the banner is gone", () -> !desktop.texts().contains("has paused."));
  }

  @Test
  void machinesPauseWhileTheHostSleepsAndGoOnWithAWord() throws Exception {
    have("lab", VmState.RUNNING);
    have("rest", VmState.PAUSED);
    have("off", VmState.STOPPED);
    SleepPause pause = new SleepPause(desktop.shell().desk());
    pause.sleep();
    assertThat(state("lab")).isEqualTo(VmState.PAUSED);
    pause.wake();
    assertThat(state("lab")).isEqualTo(VmState.RUNNING);
    assertThat(state("rest")).as("paused before").isEqualTo(VmState.PAUSED);
    assertThat(host.calls()).doesNotContain("pause off", "resume rest");
    desktop.awaitText("lab was paused while this computer slept, and goes on.");
  }

  @Test
  void whatDoesNotGoOnAfterTheHostsSleepIsSaidWithItsCure() throws Exception {
    have("lab", VmState.RUNNING);
    SleepPause pause = new SleepPause(desktop.shell().desk());
    pause.sleep();
    host.failWith("resume", new VivariumException(Kind.HOST, "its disk is gone.", "Plug it in."));
    pause.wake();
    desktop.awaitText("lab was paused for this computer's sleep and did not go on. Its disk is");
    desktop.awaitText("Plug it in.");
    assertThat(state("lab")).isEqualTo(VmState.PAUSED);
  }

  @Test
  void closingAsksOnceAndLetsThemRunOn() throws Exception {
    have("lab", VmState.RUNNING);
    assertThat(cross()).isFalse();
    desktop.awaitSeen("#closing-keep");
    desktop.await(
        "the keyboard is in it", () -> desktop.shell().root().lookup("#closing-keep").isFocused());
    desktop.press(KeyCode.ENTER);
    desktop.await("the window is closed", () -> !stage.isShowing());
    assertThat(state("lab")).isEqualTo(VmState.RUNNING);
    assertThat(cross()).as("the next time").isTrue();
  }

  @Test
  void closingSavesThemWhenTheUserWantsThat() throws Exception {
    have("lab", VmState.RUNNING);
    have("rest", VmState.PAUSED);
    have("off", VmState.STOPPED);
    assertThat(cross()).isFalse();
    desktop.click("#closing-save");
    desktop.click("#dialog-yes");
    desktop.await("the window is closed", () -> !stage.isShowing());
    assertThat(state("lab")).isEqualTo(VmState.STOPPED);
    assertThat(state("rest")).isEqualTo(VmState.STOPPED);
    assertThat(host.snapshots("lab")).hasSize(1);
    assertThat(host.snapshots("rest")).hasSize(1);
    assertThat(host.snapshots("off")).isEmpty();
    assertThat(host.calls()).containsSubsequence("takeSnapshot lab", "kill lab");
  }

  @Test
  void aDisposableOneThatIsSavedStays() throws Exception {
    host.add(
        Samples.spec("brief", "debian-tiny", 256, 1, true), VmState.RUNNING, Instant.now(), "");
    Platform.runLater(() -> desktop.shell().desk().vms().refresh());
    desktop.awaitSeen("#card-brief");
    cross();
    desktop.click("#closing-save");
    desktop.click("#dialog-yes");
    desktop.await("the window is closed", () -> !stage.isShowing());
    assertThat(host.calls()).containsSubsequence("keep brief", "takeSnapshot brief", "kill brief");
  }

  @Test
  void whatCannotBeSavedRunsOnAndTheWindowStays() throws Exception {
    have("lab", VmState.RUNNING);
    host.failWith(
        "takeSnapshot", new VivariumException(Kind.HOST, "40 MiB are free.", "Free some."));
    cross();
    desktop.click("#closing-save");
    desktop.click("#dialog-yes");
    desktop.awaitText("40 MiB are free. It runs on.");
    assertThat(stage.isShowing()).isTrue();
    assertThat(state("lab")).isEqualTo(VmState.RUNNING);
    assertThat(host.calls()).doesNotContain("kill lab");
    desktop.click("#closing-cancel");
    desktop.awaitGone("#closing-saves");
    cross();
    desktop.awaitSeen("#closing-anyway");
    desktop.click("#closing-anyway");
    desktop.await("the window is closed", () -> !stage.isShowing());
    assertThat(state("lab")).isEqualTo(VmState.RUNNING);
  }

  @Test
  void callingOffLeavesAllRunning() throws Exception {
    have("lab", VmState.RUNNING);
    have("other", VmState.RUNNING);
    CountDownLatch gate = host.hold("takeSnapshot");
    cross();
    desktop.click("#closing-save");
    desktop.click("#dialog-yes");
    desktop.await("saving", () -> host.calls().contains("takeSnapshot lab"));
    desktop.click("#closing-cancel");
    assertThat(cross()).as("meanwhile").isFalse();
    gate.countDown();
    desktop.awaitGone("#closing-saves");
    desktop.await("it runs on", () -> state("lab") == VmState.RUNNING);
    assertThat(stage.isShowing()).isTrue();
    assertThat(host.calls()).doesNotContain("kill lab", "takeSnapshot other");
  }
}
