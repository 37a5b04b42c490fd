package io.vivarium.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VivariumHostTest.Screen;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tree of a VM's snapshots, with real engine processes whose machines are fakes. */
final class SnapshotTreeTest {
  private static final String MAIN = "vivarium.engine.main";
  private static final String VM = "web";

  @TempDir Path home;
  private VivariumHost host;

  @BeforeEach
  void run() throws Exception {
    System.setProperty(MAIN, "io.vivarium.engine.FakeEngineMain");
    Path kernel = Files.writeString(home.resolve("kernel"), "not looked at");
    host = VivariumHost.open(home.resolve("library"));
    VmSpec spec =
        new VmSpec(
            1,
            VM,
            null,
            kernel.toString(),
            null,
            null,
            64L << 20,
            1,
            List.of(Disks.parse("2M")),
            List.of(),
            "none",
            false);
    host.create(spec, Progress.NONE);
    host.start(VM, false, Progress.NONE);
  }

  @AfterEach
  void end() throws Exception {
    for (VmInfo vm : host.list()) {
      if (vm.enginePid() != 0) {
        host.kill(vm.name());
      }
    }
    System.clearProperty(MAIN);
  }

  private void type(String line, String shown) throws Exception {
    Screen screen = new Screen();
    try (ConsoleConnection console = host.console(VM, screen)) {
      console.send((line + "\n").getBytes(StandardCharsets.UTF_8));
      screen.await(shown);
    }
  }

  private List<String> names() throws Exception {
    return host.snapshots(VM).stream().map(SnapshotInfo::name).toList();
  }

  private SnapshotInfo one(String name) throws Exception {
    return host.snapshots(VM).stream().filter(s -> s.name().equals(name)).findFirst().orElseThrow();
  }

  private SnapshotInfo take(String name) throws Exception {
    return host.takeSnapshot(VM, name, "", Progress.NONE);
  }

  private void stop() throws Exception {
    host.stop(VM, 10_000, Progress.NONE);
  }

  private static VivariumException failure(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable what) {
    return catchThrowableOfType(VivariumException.class, what);
  }

  @Test
  void aRestoreKeepsWhatWasAndUndoGoesBackToIt() throws Exception {
    type("write one", "wrote one");
    type("early", "early");
    take("first");
    type("write two", "wrote two");
    type("late", "late");
    host.restoreSnapshot(VM, "first", true, Progress.NONE);
    type("memory", "memory=early;\n");
    type("read", "disk=one");
    SnapshotInfo kept = host.snapshots(VM).getLast();
    assertThat(kept.name()).startsWith("before-restore-");
    assertThat(kept.automatic()).isTrue();
    assertThat(kept.parent()).isEqualTo(one("first").id());
    assertThat(host.undoable(VM)).contains("first");
    host.undo(VM, Progress.NONE);
    type("memory", "memory=early;late;\n");
    type("read", "disk=two");
    assertThat(host.inspect(VM).snapshot()).isEqualTo(kept.id());
    assertThat(host.undoable(VM)).isNull();
  }

  @Test
  void aSwitchKeepsAndRestoresOrNeither() throws Exception {
    type("one", "one");
    take("a");
    type("two", "two");
    host.switchSnapshot(VM, "a", "b", Progress.NONE);
    type("memory", "memory=one;\n");
    host.switchSnapshot(VM, "b", "c", Progress.NONE);
    type("memory", "memory=one;two;\n");
    assertThat(names()).containsExactly("a", "b", "c");
    assertThat(one("c").parent()).isEqualTo(one("a").id());
    Path state = home.resolve("library/machines/web/snapshots").resolve(one("a").id());
    Files.writeString(state.resolve("machine/state.json"), "flipped");
    assertThat(failure(() -> host.switchSnapshot(VM, "a", "d", Progress.NONE)).kind())
        .isEqualTo(Kind.BAD_FILE);
    assertThat(names()).containsExactly("a", "b", "c");
    assertThat(host.inspect(VM).snapshot()).isEqualTo(one("b").id());
    type("memory", "memory=one;two;\n");
    assertThat(failure(() -> host.switchSnapshot(VM, "b", "c", Progress.NONE)).kind())
        .isEqualTo(Kind.CONFLICT);
  }

  /** However much was done since, and in whatever order: undo remembers the last twenty acts. */
  @Test
  void anyRemovedSnapshotComesBackFromTheTrashByItsName() throws Exception {
    type("write one", "wrote one");
    stop();
    take("base");
    SnapshotInfo child = take("child");
    host.removeSnapshot(VM, "base");
    for (int i = 0; i < 25; i++) {
      host.removeSnapshot(VM, take("s" + i).id());
    }
    assertThat(names()).containsExactly("child");
    assertThat(one("child").parent()).isNull();
    take("base");
    SnapshotInfo back = host.untrashSnapshot(VM, "base");
    assertThat(back.name()).as("its name is taken").isEqualTo("base-2");
    assertThat(one("child").parent()).isEqualTo(back.id());
    host.restoreSnapshot(VM, "base-2", true, Progress.NONE);
    host.start(VM, false, Progress.NONE);
    type("read", "disk=one");
    assertThat(one("child").id()).isEqualTo(child.id());
    VivariumException failure = failure(() -> host.untrashSnapshot(VM, "base"));
    assertThat(failure.kind()).isEqualTo(Kind.NOT_FOUND);
    assertThat(failure.cure()).contains("viv trash ls");
    assertThat(host.check(List.of(), false, Progress.NONE)).isEmpty();
  }

  @Test
  void aStoppedVmKeepsItsDisksAndComesBackStopped() throws Exception {
    type("write one", "wrote one");
    stop();
    SnapshotInfo disks = take("disks");
    assertThat(disks.live()).isFalse();
    host.start(VM, false, Progress.NONE);
    type("write two", "wrote two");
    host.restoreSnapshot(VM, "disks", true, Progress.NONE);
    assertThat(host.inspect(VM).state()).isEqualTo(VmState.STOPPED);
    assertThat(host.snapshots(VM).getLast().live()).isTrue();
    host.start(VM, false, Progress.NONE);
    type("read", "disk=one");
    stop();
    host.undo(VM, Progress.NONE);
    assertThat(host.inspect(VM).state()).isEqualTo(VmState.RUNNING);
    type("read", "disk=two");
  }

  @Test
  void aStoppedVmThatWroteNothingNeedsNoKeeping() throws Exception {
    type("write one", "wrote one");
    stop();
    take("disks");
    host.restoreSnapshot(VM, "disks", true, Progress.NONE);
    assertThat(names()).containsExactly("disks");
    host.start(VM, false, Progress.NONE);
    type("write two", "wrote two");
    stop();
    host.restoreSnapshot(VM, "disks", true, Progress.NONE);
    assertThat(names()).hasSize(2);
    host.undo(VM, Progress.NONE);
    assertThat(host.inspect(VM).state()).isEqualTo(VmState.STOPPED);
    host.start(VM, false, Progress.NONE);
    type("read", "disk=two");
  }

  @Test
  void aPausedVmStaysPaused() throws Exception {
    type("one", "one");
    host.pause(VM);
    take("paused");
    assertThat(host.inspect(VM).state()).isEqualTo(VmState.PAUSED);
    assertThat(one("paused").live()).isTrue();
  }

  @Test
  void aRemovedNodeGivesItsChildrenToItsParentUntilItComesBack() throws Exception {
    SnapshotInfo a = take("a");
    SnapshotInfo b = take("b");
    take("c");
    host.removeSnapshot(VM, "b");
    assertThat(one("c").parent()).isEqualTo(a.id());
    take("b");
    host.undo(VM, Progress.NONE);
    assertThat(one("c").parent()).isEqualTo(b.id());
    assertThat(names()).contains("a", "b", "b-2", "c");
    host.removeSnapshot(VM, "b-2");
    host.removeSnapshot(VM, "a");
    assertThat(one("c").parent()).isNull();
    host.emptyTrash();
    assertThat(one("c").parent()).isNull();
    assertThat(failure(() -> host.undo(VM, Progress.NONE)).kind()).isEqualTo(Kind.WRONG_STATE);
    host.removeSnapshot(VM, "b");
    assertThat(host.inspect(VM).snapshot()).as("you are here").isEqualTo(one("c").id());
  }

  @Test
  void namesNotesAndPinsChange() throws Exception {
    take("a");
    take("b");
    assertThat(host.editSnapshot(VM, "a", "z", "why").name()).isEqualTo("z");
    assertThat(one("z").note()).isEqualTo("why");
    assertThat(host.editSnapshot(VM, "z", null, "").note()).isEmpty();
    assertThat(failure(() -> host.editSnapshot(VM, "z", "b", null)).kind())
        .isEqualTo(Kind.CONFLICT);
    assertThat(failure(() -> host.editSnapshot(VM, "z", "../b", null)).kind())
        .isEqualTo(Kind.USAGE);
    assertThat(host.pinSnapshot(VM, "z", true).pinned()).isTrue();
    assertThat(one("z").pinned()).isTrue();
    assertThat(host.pinSnapshot(VM, "z", false).pinned()).isFalse();
  }

  @Test
  void ownBytesAreWhatDeletingFrees() throws Exception {
    type("write one", "wrote one");
    take("a");
    type("write two", "wrote two");
    take("b");
    host.restoreSnapshot(VM, "a", false, Progress.NONE);
    SnapshotInfo b = one("b");
    assertThat(b.ownBytes()).isPositive();
    assertThat(b.sharedBytes()).isPositive();
    long shared = b.sharedBytes();
    host.removeSnapshot(VM, "b");
    long freed = host.emptyTrash();
    assertThat(freed).isEqualTo(b.ownBytes());
    assertThat(one("a").sharedBytes()).isEqualTo(shared);
    type("read", "disk=one");
  }

  @Test
  void aSnapshotsDiskIsExportedWhileTheVmRuns() throws Exception {
    type("write one", "wrote one");
    take("a");
    type("write two", "wrote two");
    java.io.ByteArrayOutputStream raw = new java.io.ByteArrayOutputStream();
    host.exportDisk(VM, "a", 0, "raw", raw, Progress.NONE);
    assertThat(raw.size()).isEqualTo(2 << 20);
    assertThat(raw.toString(StandardCharsets.US_ASCII)).startsWith("one");
    assertThat(failure(() -> host.exportDisk(VM, null, 0, "raw", raw, Progress.NONE)).kind())
        .isEqualTo(Kind.WRONG_STATE);
    assertThat(failure(() -> host.exportDisk(VM, "a", 1, "raw", raw, Progress.NONE)).kind())
        .isEqualTo(Kind.NOT_FOUND);
    type("read", "disk=two");
    stop();
    raw.reset();
    host.exportDisk(VM, null, 0, "raw", raw, Progress.NONE);
    assertThat(raw.toString(StandardCharsets.US_ASCII)).startsWith("two");
  }

  @Test
  void aSnapshotFileThatIsFlippedOrForeignIsRefusedByName() throws Exception {
    SnapshotInfo a = take("a");
    Path file =
        home.resolve("library/machines/web/snapshots").resolve(a.id()).resolve("snapshot.json");
    byte[] whole = Files.readAllBytes(file);
    int refused = 0;
    for (int i = 0; i < whole.length; i++) {
      byte[] flipped = whole.clone();
      flipped[i] ^= 1;
      Files.write(file, flipped);
      SnapshotInfo now = host.snapshots(VM).getFirst();
      if (now.damage() != null) {
        refused++;
      } else {
        assertThat(now).as("byte " + i + " is white space").isEqualTo(a);
      }
    }
    assertThat(refused).isGreaterThan(whole.length / 2);
    for (int length = 0; length < whole.length - 1; length++) {
      Files.write(file, java.util.Arrays.copyOf(whole, length));
      assertThat(host.snapshots(VM).getFirst().damage()).as("cut to " + length).isNotNull();
    }
    Files.write(file, whole);
    SnapshotInfo b = take("b");
    Files.write(file.resolveSibling("../" + b.id() + "/snapshot.json"), whole);
    VivariumException failure =
        failure(() -> host.restoreSnapshot(VM, b.id(), true, Progress.NONE));
    assertThat(failure.kind()).isEqualTo(Kind.BAD_FILE);
    assertThat(failure).hasMessageContaining(a.id());
    type("memory", "memory=");
  }
}
