package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.client.VmState;
import io.vivarium.desktop.fake.FakeVivarium;
import io.vivarium.desktop.fake.Samples;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import javafx.scene.image.Image;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a user does, by mouse and keys, on a host in memory. */
@Tag("desktop")
@Timeout(120)
class DesktopTest {
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

  private void have(String name, VmState state) {
    host.add(Samples.spec(name), state, Instant.now(), "booted\r\n");
    javafx.application.Platform.runLater(() -> desktop.shell().desk().vms().refresh());
    desktop.awaitSeen("#card-" + name);
  }

  @Test
  void fromTheEmptyPageToAPrompt() {
    desktop.click("#tile-image");
    desktop.awaitSeen("#image-debian-tiny");
    desktop.await(
        "a name is suggested", () -> desktop.textOf("#summary-name").equals("debian-tiny"));
    desktop.click("#wizard-create-start");
    desktop.awaitSeen("#terminal");
    desktop.awaitScreen("~ #");
    assertThat(desktop.clicks()).as("clicks to the first prompt").isLessThanOrEqualTo(4);
    desktop.type("echo the answer is 42");
    desktop.awaitScreen("\nthe answer is 42");
    assertThat(host.calls()).contains("create debian-tiny", "start debian-tiny");
  }

  @Test
  void theWizardSaysWhatIsWrongBesideTheField() {
    have("taken", VmState.STOPPED);
    desktop.press(KeyCode.CONTROL, KeyCode.N);
    desktop.awaitSeen("#image-debian-tiny");
    desktop.fill("#wizard-name", "taken");
    desktop.await("name", () -> desktop.textOf("#wizard-name-problem").contains("already"));
    assertThat(desktop.disabled("#wizard-create-start")).isTrue();
    desktop.fill("#wizard-name", "Not Good");
    assertThat(desktop.textOf("#wizard-name-problem")).contains("small letters");
    desktop.fill("#wizard-name", "good");
    assertThat(desktop.textOf("#wizard-name-problem")).isEmpty();
    desktop.fill("#wizard-memory", "900G");
    assertThat(desktop.textOf("#wizard-memory-problem")).contains("16 GiB");
    desktop.fill("#wizard-memory", "512");
    assertThat(desktop.textOf("#wizard-memory-problem")).contains("unit");
    desktop.fill("#wizard-memory", "1G");
    assertThat(desktop.textOf("#wizard-memory-problem")).isEmpty();
    assertThat(desktop.disabled("#wizard-create-start")).isFalse();
    assertThat(desktop.textOf("#wizard-command"))
        .isEqualTo("viv run -d --name good --memory 1G --cpus 1 debian-tiny");
    desktop.press(KeyCode.ESCAPE);
    desktop.awaitSeen("#card-taken");
    assertThat(host.calls()).noneMatch(call -> call.startsWith("create"));
  }

  @Test
  void aFileThatIsOpenedBeginsAVm() throws Exception {
    Path disk = Files.write(folder.resolve("data.qcow2"), new byte[] {'Q', 'F', 'I'});
    javafx.application.Platform.runLater(() -> desktop.window().openFile(disk.toString()));
    desktop.awaitSeen("#image-debian-tiny");
    assertThat(desktop.textOf("#wizard-command"))
        .isEqualTo(
            "viv import --name data --memory 256M --cpus 1 --image debian-tiny "
                + disk
                + " && viv start data");
    assertThat(desktop.disabled("#wizard-create-start")).isFalse();
  }

  @Test
  void theWindowHasItsIcon() {
    Stage stage = (Stage) desktop.shell().root().getScene().getWindow();
    assertThat(stage.getIcons()).isNotEmpty().noneMatch(Image::isError);
  }

  @Test
  void ownKernelNeedsAFile() {
    desktop.click("#tile-kernel");
    desktop.fill("#wizard-kernel", "/no/such/kernel");
    assertThat(desktop.textOf("#wizard-kernel-problem")).contains("/no/such/kernel");
    assertThat(desktop.disabled("#wizard-create")).isTrue();
  }

  @Test
  void callingOffALaunchLeavesNoVm() {
    CountDownLatch gate = host.hold("prepareWarm");
    desktop.click("#tile-image");
    desktop.click("#wizard-create-start");
    desktop.awaitSeen("#launch");
    desktop.awaitText("Linux version 6.1.0");
    desktop.click("#launch-cancel");
    gate.countDown();
    desktop.awaitSeen("#wizard-create-start");
    assertThat(host.calls()).noneMatch(call -> call.startsWith("create"));
  }

  @Test
  void aSnapshotTakesBackWhatHappenedAfterIt() {
    have("lab", VmState.RUNNING);
    desktop.click("#card-lab");
    desktop.awaitScreen("~ #");
    desktop.type("X=before");
    desktop.press(KeyCode.CONTROL, KeyCode.SHIFT, KeyCode.S);
    desktop.awaitSeen("#dialog-field");
    desktop.press(KeyCode.ENTER);
    desktop.awaitText("Snapshot “snapshot-1” is taken.");
    desktop.type("X=after");
    desktop.type("echo now $X");
    desktop.awaitScreen("now after");
    desktop.tab(1);
    desktop.awaitText("You are here");
    desktop.click("#snapshot-snapshot-1");
    desktop.click("#snapshot-restore");
    desktop.await("restored", () -> host.calls().contains("restoreSnapshot lab"));
    desktop.awaitText("lab is back at “snapshot-1”");
    desktop.tab(0);
    desktop.await("the old screen", () -> !desktop.screen().contains("now after"));
    desktop.type("echo now $X");
    desktop.awaitScreen("now before");
  }

  @Test
  void goingBackIsTakenBackByOneKey() {
    have("lab", VmState.RUNNING);
    desktop.click("#card-lab");
    desktop.awaitScreen("~ #");
    desktop.type("X=before");
    desktop.press(KeyCode.CONTROL, KeyCode.SHIFT, KeyCode.S);
    desktop.awaitSeen("#dialog-field");
    desktop.press(KeyCode.ENTER);
    desktop.awaitText("is taken.");
    desktop.type("X=after");
    desktop.tab(1);
    desktop.click("#snapshot-snapshot-1");
    desktop.press(KeyCode.ENTER);
    desktop.awaitText("is back at");
    desktop.press(KeyCode.CONTROL, KeyCode.Z);
    desktop.awaitText("Took back the return of VM 'lab'");
    desktop.tab(0);
    desktop.awaitScreen("~ #");
    desktop.type("echo now $X");
    desktop.awaitScreen("now after");
  }

  @Test
  void aDeletedSnapshotComesBack() throws Exception {
    have("lab", VmState.STOPPED);
    host.takeSnapshot("lab", "old", "", io.vivarium.client.Progress.NONE);
    desktop.click("#card-lab");
    desktop.tab(1);
    desktop.click("#snapshot-old");
    desktop.press(KeyCode.DELETE);
    desktop.awaitText("“old” is in the trash");
    desktop.awaitGone("#snapshot-old");
    assertThat(host.snapshots("lab")).isEmpty();
    desktop.click("#toast-action");
    desktop.awaitSeen("#snapshot-old");
    assertThat(host.snapshots("lab")).hasSize(1);
    assertThat(host.calls()).noneMatch(call -> call.startsWith("remove lab"));
  }

  @Test
  void switchingKeepsWhatIsNowUnderAName() throws Exception {
    have("lab", VmState.RUNNING);
    host.takeSnapshot("lab", "base", "", io.vivarium.client.Progress.NONE);
    desktop.click("#card-lab");
    desktop.tab(1);
    desktop.click("#snapshot-base");
    desktop.click("#snapshot-switch");
    desktop.fill("#dialog-field", "my-work");
    desktop.press(KeyCode.ENTER);
    desktop.awaitSeen("#snapshot-my-work");
    desktop.awaitText("Kept as “my-work”, switched to “base”.");
    assertThat(host.inspect("lab").snapshot()).isEqualTo(host.snapshots("lab").getFirst().id());
  }

  @Test
  void aSnapshotIsForkedIntoDisposableCopies() throws Exception {
    have("lab", VmState.RUNNING);
    host.takeSnapshot("lab", "base", "", io.vivarium.client.Progress.NONE);
    desktop.click("#card-lab");
    desktop.tab(1);
    desktop.click("#snapshot-base");
    desktop.click("#snapshot-fork");
    desktop.fill("#fork-count", "0");
    assertThat(desktop.disabled("#dialog-yes")).isTrue();
    desktop.fill("#fork-count", "3");
    desktop.fill("#fork-name", "try");
    desktop.press(KeyCode.ENTER);
    desktop.awaitText("3 copies run.");
    desktop.click("#toast-action");
    desktop.awaitSeen("#card-try-3");
    assertThat(host.inspect("try-1").spec().disposable()).isTrue();
  }

  /** The VM's own disks may be others by now. */
  @Test
  void exportOffersTheDisksThatTheSnapshotHolds() throws Exception {
    have("lab", VmState.STOPPED);
    host.attachDisk("lab", new DiskSpec("/data/a.qcow2", "qcow2", 3L << 30, true));
    host.takeSnapshot("lab", "base", "", io.vivarium.client.Progress.NONE);
    host.detachDisk("lab", 0);
    host.attachDisk("lab", new DiskSpec("/data/b.qcow2", "qcow2", 5L << 30, true));
    host.attachDisk("lab", new DiskSpec("/data/c.qcow2", "qcow2", 7L << 30, true));
    desktop.click("#card-lab");
    desktop.tab(1);
    desktop.click("#snapshot-base");
    desktop.press(KeyCode.CONTROL, KeyCode.K);
    desktop.awaitSeen("#palette-search");
    desktop.write("Export a disk");
    desktop.awaitText("Export a disk…");
    desktop.press(KeyCode.ENTER);
    desktop.awaitSeen("#export-disk");
    assertThat(desktop.choices("#export-disk")).containsExactly("vda · 3 GiB");
  }

  @Test
  void theScheduleIsASliderThatSaysItsCost() throws Exception {
    have("lab", VmState.RUNNING);
    host.takeSnapshot("lab", "base", "", io.vivarium.client.Progress.NONE);
    desktop.click("#card-lab");
    desktop.tab(1);
    desktop.awaitSeen("#snapshot-base");
    desktop.click("#schedule-more");
    desktop.fill("#schedule-every", "5");
    desktop.fill("#schedule-quota", "2");
    assertThat(desktop.disabled("#dialog-yes")).isTrue();
    desktop.fill("#schedule-quota", "2G");
    desktop.press(KeyCode.ENTER);
    desktop.await("kept", () -> host.schedule("lab").everyMinutes() == 5);
    desktop.await("shown", () -> desktop.textOf("#schedule-pace").equals("every 5 minutes"));
    assertThat(host.schedule("lab").quotaBytes()).isEqualTo(2L << 30);
    assertThat(desktop.textOf("#schedule-cost")).contains("2 GiB");
  }

  @Test
  void notesNamesAndPinsAreChangedAndTakenBack() throws Exception {
    have("lab", VmState.RUNNING);
    host.takeSnapshot("lab", "base", "", io.vivarium.client.Progress.NONE);
    desktop.click("#card-lab");
    desktop.tab(1);
    desktop.click("#snapshot-base");
    desktop.click("#snapshot-note");
    desktop.write("with tools");
    desktop.press(KeyCode.CONTROL, KeyCode.ENTER);
    desktop.await("note", () -> host.snapshots("lab").getFirst().note().equals("with tools"));
    desktop.click("#snapshot-base");
    desktop.press(KeyCode.F2);
    desktop.fill("#dialog-field", "tools");
    desktop.press(KeyCode.ENTER);
    desktop.awaitSeen("#snapshot-tools");
    desktop.press(KeyCode.CONTROL, KeyCode.Z);
    desktop.awaitSeen("#snapshot-base");
    desktop.press(KeyCode.CONTROL, KeyCode.Z);
    desktop.await("no note", () -> host.snapshots("lab").getFirst().note().isEmpty());
  }

  @Test
  void aStoppedMachineGetsAnotherSize() throws Exception {
    have("lab", VmState.STOPPED);
    desktop.click("#card-lab");
    desktop.tab(5);
    desktop.click("#vm-resize");
    desktop.fill("#size-memory", "1T");
    assertThat(desktop.disabled("#dialog-yes")).isTrue();
    desktop.fill("#size-memory", "512M");
    desktop.fill("#size-cpus", "2");
    desktop.press(KeyCode.ENTER);
    desktop.await("larger", () -> host.inspect("lab").spec().memoryBytes() == 512L << 20);
    desktop.awaitText("512 MiB");
    assertThat(host.inspect("lab").spec().cpus()).isEqualTo(2);
  }

  @Test
  void aRemovedMachineIsPutBackFromTheTrash() throws Exception {
    have("lab", VmState.STOPPED);
    desktop.awaitSeen("#card-lab");
    host.remove("lab", false);
    desktop.awaitGone("#card-lab");
    desktop.click("#rail-trash");
    desktop.click("#trash-back-lab");
    desktop.awaitText("lab is back.");
    desktop.click("#rail-all");
    desktop.awaitSeen("#card-lab");
  }

  @Test
  void aRemovedSnapshotIsPutBackFromTheTrash() throws Exception {
    have("lab", VmState.STOPPED);
    host.takeSnapshot("lab", "base", "", io.vivarium.client.Progress.NONE);
    host.removeSnapshot("lab", "base");
    desktop.click("#rail-trash");
    desktop.click("#trash-back-base");
    desktop.awaitText("base is back.");
    assertThat(host.snapshots("lab")).hasSize(1);
  }

  @Test
  void anErrorIsABannerWithItsCure() {
    have("lab", VmState.STOPPED);
    host.failWith(
        "start",
        new VivariumException(
            Kind.HOST, "You may not open /dev/kvm.", "Add yourself to the group kvm."));
    desktop.click("#card-lab");
    desktop.click("#vm-start");
    desktop.awaitText("You may not open /dev/kvm.");
    desktop.awaitText("Add yourself to the group kvm.");
    desktop.click(".banner-close");
    desktop.awaitGone(".banner");
  }

  @Test
  void theVerbsFollowTheState() {
    have("lab", VmState.STOPPED);
    desktop.click("#card-lab");
    desktop.click("#vm-start");
    desktop.click("#vm-pause");
    desktop.awaitSeen("#vm-resume");
    desktop.awaitText("The machine is paused");
    desktop.click("#vm-resume");
    CountDownLatch gate = host.hold("stop");
    desktop.click("#vm-stop");
    desktop.awaitSeen("#vm-force");
    gate.countDown();
    desktop.awaitSeen("#vm-start");
    desktop.awaitText("The machine is stopped.");
  }

  @Test
  void savingStopsAndContinuingGoesOn() throws Exception {
    have("lab", VmState.RUNNING);
    desktop.click("#card-lab");
    desktop.awaitScreen("~ #");
    desktop.type("X=before");
    desktop.click("#vm-save");
    desktop.awaitText("lab is saved.");
    assertThat(host.inspect("lab").state()).isEqualTo(VmState.STOPPED);
    desktop.click("#vm-proceed");
    desktop.await("it runs", () -> desktop.textOf("#vm-state").equals("Running"));
    desktop.awaitScreen("~ #");
    desktop.click("#terminal");
    desktop.type("echo now $X");
    desktop.awaitScreen("now before");
  }

  @Test
  void aSaveThatFailsLetsTheGuestRunOn() throws Exception {
    have("lab", VmState.RUNNING);
    host.failWith("takeSnapshot", new VivariumException(Kind.HOST, "The disk is full.", ""));
    desktop.click("#card-lab");
    desktop.click("#vm-save");
    desktop.awaitText("The disk is full.");
    assertThat(host.inspect("lab").state()).isEqualTo(VmState.RUNNING);
    assertThat(host.calls()).noneMatch(call -> call.startsWith("kill"));
  }

  @Test
  void disksAreAttachedGrownAndDetached() throws Exception {
    have("lab", VmState.STOPPED);
    desktop.click("#card-lab");
    desktop.press(KeyCode.CONTROL, KeyCode.SHIFT, KeyCode.DIGIT3);
    desktop.click("#disk-new");
    desktop.fill("#dialog-field", "20");
    assertThat(desktop.textOf("#dialog-problem")).contains("20G");
    desktop.fill("#dialog-field", "20G");
    desktop.press(KeyCode.ENTER);
    desktop.click("#disk-grow-vda");
    desktop.fill("#dialog-field", "10G");
    assertThat(desktop.disabled("#dialog-yes")).isTrue();
    desktop.fill("#dialog-field", "40G");
    desktop.press(KeyCode.ENTER);
    desktop.await(
        "grown", () -> host.inspect("lab").spec().disks().getFirst().sizeBytes() == 40L << 30);
    desktop.click("#disk-detach-vda");
    desktop.click("#dialog-yes");
    desktop.await("detached", () -> host.inspect("lab").spec().disks().isEmpty());
    host.start("lab", true, io.vivarium.client.Progress.NONE);
    desktop.await("not while it runs", () -> desktop.disabled("#disk-new"));
  }

  @Test
  void portsArePublishedAndClosed() throws Exception {
    host.add(
        Samples.spec("web").withNetwork("user", java.util.List.of()),
        VmState.RUNNING,
        Instant.now(),
        "booted\r\n");
    javafx.application.Platform.runLater(() -> desktop.shell().desk().vms().refresh());
    desktop.click("#card-web");
    desktop.tab(3);
    desktop.fill("#port-typed", "80");
    assertThat(desktop.textOf("#port-problem")).contains("8080:80");
    desktop.fill("#port-typed", "8080:80");
    desktop.press(KeyCode.ENTER);
    desktop.awaitText("127.0.0.1:8080 on this host leads to port 80");
    desktop.fill("#port-typed", "8080:81");
    assertThat(desktop.textOf("#port-problem")).contains("twice");
    desktop.click("#port-remove-8080");
    desktop.await("closed", () -> host.inspect("web").spec().ports().isEmpty());
  }

  @Test
  void thePaletteFindsSnapshotsAndSettings() throws Exception {
    have("lab", VmState.RUNNING);
    host.takeSnapshot("lab", "gold", "", io.vivarium.client.Progress.NONE);
    desktop.press(KeyCode.CONTROL, KeyCode.K);
    desktop.awaitSeen("#palette-search");
    desktop.write("gold");
    desktop.awaitText("Snapshot gold");
    desktop.press(KeyCode.ENTER);
    desktop.await("chosen", () -> desktop.textOf("#snapshot-title").equals("gold"));
    desktop.press(KeyCode.CONTROL, KeyCode.K);
    desktop.awaitSeen("#palette-search");
    desktop.write("larger");
    desktop.press(KeyCode.ENTER);
    desktop.await("larger", () -> desktop.shell().desk().state().textPercent() == 110);
  }

  @Test
  void aMachineStandsInAWindowOfItsOwn() {
    have("lab", VmState.RUNNING);
    desktop.click("#card-lab");
    desktop.awaitScreen("~ #");
    desktop.press(KeyCode.F6);
    desktop.press(KeyCode.CONTROL, KeyCode.D);
    desktop.awaitSeen("#card-lab");
    desktop.await("two windows", () -> javafx.stage.Window.getWindows().size() == 2);
    desktop.await(
        "its console",
        () ->
            javafx.stage.Window.getWindows().stream()
                .map(window -> window.getScene().lookup("#terminal"))
                .filter(io.vivarium.desktop.terminal.TerminalView.class::isInstance)
                .map(io.vivarium.desktop.terminal.TerminalView.class::cast)
                .anyMatch(terminal -> terminal.screenText().contains("~ #")));
  }

  @Test
  void aCrashIsShownWithItsReason() throws Exception {
    have("lab", VmState.RUNNING);
    desktop.click("#card-lab");
    desktop.awaitScreen("booted");
    host.crash("lab", "The guest's kernel panicked: VFS.");
    desktop.awaitText("The guest's kernel panicked: VFS.");
    assertThat(desktop.screen()).contains("booted");
    desktop.click("#vm-start");
    desktop.awaitScreen("Welcome to debian-tiny");
  }

  @Test
  void allByKeyboard() {
    have("one", VmState.STOPPED);
    have("two", VmState.STOPPED);
    desktop.press(KeyCode.CONTROL, KeyCode.F);
    desktop.write("two");
    desktop.awaitGone("#card-one");
    desktop.press(KeyCode.TAB);
    desktop.press(KeyCode.TAB);
    desktop.press(KeyCode.TAB);
    desktop.await("focus", () -> desktop.shell().root().lookup("#card-two").isFocused());
    desktop.press(KeyCode.F2);
    desktop.awaitSeen("#dialog-field");
    desktop.write("three");
    desktop.press(KeyCode.ENTER);
    desktop.await("renamed", () -> host.calls().contains("rename two"));
    desktop.await("its page", () -> desktop.textOf("#vm-name").equals("three"));
    desktop.press(KeyCode.F6);
    desktop.press(KeyCode.ALT, KeyCode.LEFT);
    desktop.awaitSeen("#card-three");
    desktop.await("focus", () -> desktop.shell().root().lookup("#card-one").isFocused());
    desktop.press(KeyCode.DELETE);
    desktop.awaitSeen("#dialog-yes");
    desktop.press(KeyCode.ENTER);
    desktop.awaitGone("#card-one");
    desktop.press(KeyCode.CONTROL, KeyCode.K);
    desktop.awaitSeen("#palette-search");
    desktop.write("start thr");
    desktop.press(KeyCode.ENTER);
    desktop.await("started", () -> host.calls().contains("start three"));
    desktop.press(KeyCode.CONTROL, KeyCode.J);
    desktop.awaitText("Starting three");
  }

  @Test
  void aTerminalKeepsTheKeysOfShells() throws Exception {
    have("lab", VmState.RUNNING);
    desktop.click("#card-lab");
    desktop.awaitScreen("~ #");
    desktop.press(KeyCode.CONTROL, KeyCode.K);
    desktop.press(KeyCode.CONTROL, KeyCode.N);
    desktop.await(
        "control characters reach the guest",
        () -> host.console("lab").contains("\u000b") && host.console("lab").contains("\u000e"));
    desktop.press(KeyCode.CONTROL, KeyCode.SHIFT, KeyCode.K);
    desktop.awaitSeen("#palette-search");
    desktop.press(KeyCode.ESCAPE);
    desktop.awaitGone("#palette-search");
  }

  @Test
  void queriesInOldOutputAreNotAnsweredIntoTheGuest() throws Exception {
    host.add(Samples.spec("lab"), VmState.RUNNING, Instant.now(), "\u001b[6nold\r\n");
    javafx.application.Platform.runLater(() -> desktop.shell().desk().vms().refresh());
    desktop.click("#card-lab");
    desktop.awaitScreen("old");
    host.print("lab", "\u001b[6nnew");
    desktop.await("one answer", () -> host.console("lab").contains("R"));
    assertThat(host.console("lab").split("\\d+;\\d+R", -1)).hasSize(2);
  }

  @Test
  void severalAreChosenAndStopped() throws Exception {
    have("one", VmState.RUNNING);
    have("two", VmState.RUNNING);
    have("three", VmState.STOPPED);
    desktop.press(KeyCode.CONTROL, KeyCode.A);
    desktop.await("count", () -> desktop.textOf("#bulk-count").equals("3 chosen"));
    desktop.click("#bulk-stop");
    desktop.await(
        "stopped",
        () ->
            host.inspect("one").state() == VmState.STOPPED
                && host.inspect("two").state() == VmState.STOPPED);
    assertThat(host.calls()).doesNotContain("stop three");
    desktop.click("#bulk-delete");
    desktop.click("#dialog-yes");
    desktop.awaitSeen("#tile-image");
  }

  @Test
  void theTableIsRemembered() throws Exception {
    have("lab", VmState.RUNNING);
    desktop.click("#home-view");
    desktop.awaitSeen("#row-lab");
    desktop.press(KeyCode.ENTER);
    desktop.await("its page", () -> desktop.textOf("#vm-name").equals("lab"));
    desktop.press(KeyCode.F6);
    desktop.press(KeyCode.ALT, KeyCode.LEFT);
    desktop.awaitSeen("#row-lab");
    assertThat(desktop.shell().desk().state().homeTable()).isTrue();
  }

  @Test
  void aFailureOffersAnotherTry() {
    have("lab", VmState.STOPPED);
    host.failWith("start", new VivariumException(Kind.HOST, "No room.", "Run 'sudo make room'."));
    desktop.click("#card-lab");
    desktop.click("#vm-start");
    desktop.awaitText("lab: No room.");
    desktop.press(KeyCode.CONTROL, KeyCode.SHIFT, KeyCode.J);
    desktop.awaitText("Copy “sudo make room”");
    host.cure("start");
    desktop.click("#job-again");
    desktop.await("started", () -> desktop.textOf("#vm-state").equals("Running"));
  }

  @Test
  void twoDesktopsSeeTheSame() throws Exception {
    have("lab", VmState.STOPPED);
    host.start("lab", true, io.vivarium.client.Progress.NONE);
    desktop.await(
        "running",
        () -> desktop.texts().contains("Running\nlab") || desktop.texts().contains("up "));
    host.remove("lab", true);
    desktop.awaitGone("#card-lab");
    desktop.awaitSeen("#tile-image");
  }

  @Test
  void theHostCheckShowsEachCure() {
    desktop.click("#rail-host");
    desktop.awaitText("sudo apt install passt");
    desktop.awaitText("This KVM interprets ring 0");
  }

  @Test
  void theLibraryIsCheckedAndRepaired() {
    host.find(
        new io.vivarium.client.Finding(
            "machines/old", "a folder without a spec", "it is moved to the trash", false, false));
    desktop.click("#rail-host");
    desktop.click("#library-check");
    desktop.awaitText("A folder without a spec.");
    desktop.click("#library-repair");
    desktop.awaitText("Repaired: it is moved to the trash.");
    desktop.awaitGone("#library-repair");
    desktop.click("#library-check");
    desktop.awaitSeen("#library-whole");
  }
}
