package io.vivarium.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vivarium.client.VivariumException.Kind;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The facade over real engine processes, whose machines are fakes. */
final class VivariumHostTest {
  private static final String MAIN = "vivarium.engine.main";

  @TempDir Path home;
  private VivariumHost host;
  private Path kernel;

  @BeforeEach
  void open() throws Exception {
    System.setProperty(MAIN, "io.vivarium.engine.FakeEngineMain");
    kernel = Files.writeString(home.resolve("kernel"), "not looked at");
    host = VivariumHost.open(home.resolve("library"));
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

  private VmSpec spec(String name, boolean disposable) {
    return new VmSpec(
        1,
        name,
        null,
        kernel.toString(),
        null,
        null,
        64L << 20,
        1,
        List.of(),
        List.of(),
        "none",
        disposable);
  }

  private void run(String name) throws Exception {
    host.create(spec(name, false), Progress.NONE);
    host.start(name, false, Progress.NONE);
  }

  /** As two desktops on one library. */
  @Test
  void twoClientsSeeAndDoTheSame() throws Exception {
    VivariumHost other = VivariumHost.open(home.resolve("library"));
    BlockingQueue<String> told = new LinkedBlockingQueue<>();
    try (AutoCloseable watch = other.watch(told::add)) {
      assertThat(watch).isNotNull();
      host.create(spec("lab", false), Progress.NONE);
      awaitState(other, told, VmState.STOPPED);
      host.start("lab", false, Progress.NONE);
      awaitState(other, told, VmState.RUNNING);
      other.pause("lab");
      awaitState(other, told, VmState.PAUSED);
      assertThat(host.inspect("lab").state()).isEqualTo(VmState.PAUSED);
      // Leaves no file behind that would tell of it.
      ProcessHandle.of(host.inspect("lab").enginePid()).orElseThrow().destroyForcibly();
      awaitState(other, told, VmState.CRASHED);
    }
  }

  /** Waits until it is told of a change after which the VM is in that state. */
  private static void awaitState(Vivarium host, BlockingQueue<String> told, VmState state)
      throws Exception {
    do {
      assertThat(told.poll(60, TimeUnit.SECONDS)).as("told of %s", state).isEqualTo("lab");
    } while (host.inspect("lab").state() != state);
  }

  /** Types a line and waits until the console shows a text. */
  private void type(String name, String line, String shown) throws Exception {
    Screen screen = new Screen();
    try (ConsoleConnection console = host.console(name, screen)) {
      console.send((line + "\n").getBytes(StandardCharsets.UTF_8));
      screen.await(shown);
    }
  }

  private static void eventually(Callable<Boolean> condition) throws Exception {
    long until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime()).as("time is up").isLessThan(until);
      Thread.onSpinWait();
    }
  }

  @Test
  void aVmRunsInAProcessOfItsOwn() throws Exception {
    run("web");
    VmInfo vm = host.inspect("web");
    assertThat(vm.state()).isEqualTo(VmState.RUNNING);
    assertThat(vm.enginePid()).isPositive().isNotEqualTo(ProcessHandle.current().pid());
    assertThat(host.inspectEngine("web")).contains("\"exit.io\":5");
    assertThat(host.stats("web").memoryBytes()).isEqualTo(64L << 20);
  }

  @Test
  void theConsoleGivesTheBacklogThenWhatIsTyped() throws Exception {
    run("web");
    Screen first = new Screen();
    Screen second = new Screen();
    try (ConsoleConnection one = host.console("web", first);
        ConsoleConnection two = host.console("web", second)) {
      first.await("booted");
      second.await("booted");
      two.send("hello\n".getBytes(StandardCharsets.UTF_8));
      first.await("hello");
      second.await("hello");
      one.send("memory\n".getBytes(StandardCharsets.UTF_8));
      second.await("memory=hello;");
    }
    eventually(() -> new String(host.logs("web"), StandardCharsets.UTF_8).contains("hello"));
  }

  @Test
  void commandsGiveTheirOutputAndStatus() throws Exception {
    run("web");
    Captured captured = new Captured();
    assertThat(host.exec("web", List.of("echo", "ok"), captured).exitStatus()).isZero();
    assertThat(captured.out.toString(StandardCharsets.UTF_8)).isEqualTo("ok\n");
    assertThat(host.exec("web", List.of("fail"), captured).exitStatus()).isEqualTo(7);
    assertThat(captured.err.toString(StandardCharsets.UTF_8)).isEqualTo("went wrong\n");
  }

  @Test
  void snapshotsAreTakenByThemselvesWhileTheGuestDoesSomething() throws Exception {
    run("web");
    assertThat(host.schedule("web")).isEqualTo(SnapshotSchedule.DEFAULT);
    host.setSchedule("web", SnapshotSchedule.DEFAULT.every(1));
    eventually(() -> host.snapshots("web").size() == 1);
    SnapshotInfo first = host.snapshots("web").getFirst();
    assertThat(first.automatic()).isTrue();
    assertThat(first.live()).isTrue();
    eventually(() -> first.id().equals(host.inspect("web").snapshot()));
    type("web", "more", "more");
    eventually(() -> host.snapshots("web").size() == 2);
    Instant second = host.snapshots("web").getLast().takenAt();
    host.setSchedule("web", new SnapshotSchedule(2, 0, 0, 0, 0));
    type("web", "again", "again");
    eventually(() -> host.snapshots("web").getLast().takenAt().isAfter(second));
    eventually(() -> host.snapshots("web").size() == 1);
    host.setSchedule("web", SnapshotSchedule.DEFAULT);
    assertThat(host.schedule("web")).isEqualTo(SnapshotSchedule.DEFAULT);
  }

  @Test
  void aScheduleThatCannotBeIsRefusedAndADamagedOneIsNamed() throws Exception {
    host.create(spec("web", false), Progress.NONE);
    assertThat(failure(() -> host.setSchedule("web", SnapshotSchedule.DEFAULT.every(-1))).kind())
        .isEqualTo(Kind.USAGE);
    Files.writeString(home.resolve("library/machines/web/schedule.json"), "{");
    VivariumException damaged = failure(() -> host.schedule("web"));
    assertThat(damaged.kind()).isEqualTo(Kind.BAD_FILE);
    assertThat(damaged.cure()).contains("viv timeline web");
  }

  @Test
  void aNewScheduleThinsOutAStoppedVmAtOnce() throws Exception {
    run("web");
    host.takeSnapshot("web", "own", "", Progress.NONE);
    type("web", "more", "more");
    host.restoreSnapshot("web", "own", true, Progress.NONE);
    host.kill("web");
    assertThat(host.snapshots("web")).hasSize(2);
    host.setSchedule("web", new SnapshotSchedule(0, 0, 0, 0, 0));
    assertThat(host.snapshots("web")).extracting(SnapshotInfo::name).containsExactly("own");
    assertThat(host.trash()).isEmpty();
  }

  @Test
  void aSnapshotIsRestoredInTheSameEngineAndInANewOne() throws Exception {
    run("web");
    type("web", "before", "before");
    SnapshotInfo taken = host.takeSnapshot("web", "good", "a note", Progress.NONE);
    assertThat(taken.parent()).isNull();
    type("web", "after", "after");
    long pid = host.inspect("web").enginePid();
    host.restoreSnapshot("web", "good", false, Progress.NONE);
    assertThat(host.inspect("web").enginePid()).isEqualTo(pid);
    type("web", "memory", "memory=before;\n");

    SnapshotInfo child = host.takeSnapshot("web", null, "", Progress.NONE);
    assertThat(child.parent()).isEqualTo(taken.id());
    host.kill("web");
    host.restoreSnapshot("web", taken.id(), false, Progress.NONE);
    assertThat(host.inspect("web").enginePid()).isNotEqualTo(pid);
    assertThat(host.inspect("web").snapshot()).isEqualTo(taken.id());
    type("web", "memory", "memory=before;\n");

    host.removeSnapshot("web", "good");
    assertThat(host.snapshots("web")).singleElement().matches(s -> s.parent() == null);
  }

  private Path disks(String name) {
    return home.resolve("library/machines").resolve(name).resolve("disks");
  }

  private void runWithDisk(String name, String disk) throws Exception {
    host.create(spec(name, false).withDisks(List.of(Disks.parse(disk))), Progress.NONE);
    host.start(name, false, Progress.NONE);
  }

  @Test
  void aDiskIsKeptAndComesBackWithTheMemoryOfASnapshot() throws Exception {
    runWithDisk("web", "2M");
    type("web", "write one", "wrote one");
    host.takeSnapshot("web", "first", "", Progress.NONE);
    assertThat(disks("web").toFile().list()).hasSize(2);
    type("web", "write two", "wrote two");
    host.restoreSnapshot("web", "first", false, Progress.NONE);
    type("web", "read", "disk=one");
    assertThat(disks("web").toFile().list()).as("what came after is gone").hasSize(2);

    type("web", "write two", "wrote two");
    host.takeSnapshot("web", "second", "", Progress.NONE);
    host.kill("web");
    host.restoreSnapshot("web", "first", false, Progress.NONE);
    type("web", "read", "disk=one");
    host.restoreSnapshot("web", "second", false, Progress.NONE);
    type("web", "read", "disk=two");
    host.stop("web", 10_000, Progress.NONE);
    host.start("web", false, Progress.NONE);
    type("web", "read", "disk=two");
  }

  @Test
  void removingASnapshotTakesOnlyWhatNothingStandsOn() throws Exception {
    runWithDisk("web", "2M,format=raw");
    type("web", "write one", "wrote one");
    host.takeSnapshot("web", "first", "", Progress.NONE);
    type("web", "write two", "wrote two");
    host.takeSnapshot("web", "second", "", Progress.NONE);
    host.restoreSnapshot("web", "first", false, Progress.NONE);
    assertThat(disks("web").toFile().list()).hasSize(3);
    host.removeSnapshot("web", "second");
    assertThat(disks("web").toFile().list()).as("it waits in the trash").hasSize(3);
    host.emptyTrash();
    assertThat(disks("web").toFile().list()).hasSize(2);
    host.removeSnapshot("web", "first");
    host.emptyTrash();
    assertThat(disks("web").toFile().list()).as("the VM stands on it").hasSize(2);
    type("web", "read", "disk=one");
  }

  @Test
  void aFileInPlaceIsLockedAndKeepsNoState() throws Exception {
    Path file = home.resolve("own.raw");
    io.vivarium.images.disk.RawDisk.create(file, 1 << 20);
    runWithDisk("web", file.toString());
    type("web", "write one", "wrote one");
    assertThat(failure(() -> host.takeSnapshot("web", "s", "", Progress.NONE)))
        .hasMessageContaining("in place");
    assertThat(failure(() -> runWithDisk("db", file.toString()))).hasMessageContaining("in use");
    host.stop("web", 10_000, Progress.NONE);
    assertThat(new String(Files.readAllBytes(file), StandardCharsets.US_ASCII)).startsWith("one");
    host.detachDisk("web", 0);
    assertThat(host.inspect("web").spec().disks()).isEmpty();
    assertThat(file).exists();
  }

  @Test
  void disksAreAttachedGrownAndDetachedWhileStopped() throws Exception {
    host.create(spec("web", false), Progress.NONE);
    host.attachDisk("web", Disks.parse("1M"));
    assertThat(host.growDisk("web", 0, 4 << 20).spec().disks().getFirst().sizeBytes())
        .isEqualTo(4 << 20);
    SnapshotInfo before = host.snapshots("web").getFirst();
    assertThat(before.name()).as("a disk never shrinks again").startsWith("before-grow-");
    assertThat(before.automatic()).isTrue();
    assertThat(failure(() -> host.growDisk("web", 0, 1 << 20))).hasMessageContaining("only grow");
    assertThat(failure(() -> host.growDisk("web", 1, 8 << 20)).kind()).isEqualTo(Kind.NOT_FOUND);
    host.start("web", false, Progress.NONE);
    assertThat(failure(() -> host.attachDisk("web", Disks.parse("1M"))).kind())
        .isEqualTo(Kind.WRONG_STATE);
    host.stop("web", 10_000, Progress.NONE);
    host.detachDisk("web", 0);
    assertThat(disks("web").toFile().list()).as("what it was before it grew").hasSize(1);
    host.removeSnapshot("web", before.id());
    assertThat(home.resolve("library/trash")).isDirectoryRecursivelyContaining("glob:**.qcow2");
  }

  @Test
  void aDamagedSnapshotIsRefusedAndTheGuestGoesOn() throws Exception {
    run("web");
    SnapshotInfo taken = host.takeSnapshot("web", "bad", "", Progress.NONE);
    Path files = home.resolve("library/machines/web/snapshots").resolve(taken.id());
    Files.writeString(files.resolve("machine/state.json"), "flipped");
    type("web", "kept", "kept");
    assertThat(failure(() -> host.restoreSnapshot("web", "bad", false, Progress.NONE)).kind())
        .isEqualTo(Kind.BAD_FILE);
    type("web", "memory", "memory=kept;\n");
    Files.writeString(files.resolve("snapshot.json"), "{");
    assertThat(failure(() -> host.restoreSnapshot("web", taken.id(), false, Progress.NONE)).kind())
        .isEqualTo(Kind.BAD_FILE);
    assertThat(host.inspect("web").state()).isEqualTo(VmState.RUNNING);
  }

  @Test
  void aFullDiskCostsTheSnapshotAndNothingElse() throws Exception {
    run("web");
    type("web", "diskfull", "diskfull");
    VivariumException failure = failure(() -> host.takeSnapshot("web", "s", "", Progress.NONE));
    assertThat(failure.kind()).isEqualTo(Kind.HOST);
    assertThat(failure).hasMessageContaining("ENOSPC");
    assertThat(home.resolve("library/machines/web/snapshots")).isEmptyDirectory();
    type("web", "memory", "memory=diskfull;\n");
  }

  @Test
  void anEngineThatIsKilledShowsAsCrashedAndStartsAgain() throws Exception {
    run("web");
    type("web", "last words", "last words");
    eventually(() -> new String(host.logs("web"), StandardCharsets.UTF_8).contains("last words"));
    ProcessHandle engine = ProcessHandle.of(host.inspect("web").enginePid()).orElseThrow();
    engine.destroyForcibly();
    eventually(() -> host.inspect("web").state() == VmState.CRASHED);
    assertThat(host.inspect("web").reason()).contains("died");
    assertThat(host.inspect("web").lastConsoleLines()).contains("last words");
    host.start("web", false, Progress.NONE);
    assertThat(host.inspect("web").state()).isEqualTo(VmState.RUNNING);
  }

  @Test
  void aPanicIsToldAndAPowerOffIsAnEnd() throws Exception {
    run("web");
    type("web", "panic", "panic");
    eventually(() -> host.inspect("web").enginePid() == 0);
    assertThat(host.inspect("web").state()).isEqualTo(VmState.CRASHED);
    assertThat(host.inspect("web").reason()).contains("no init");
    host.start("web", false, Progress.NONE);
    long pid = host.inspect("web").enginePid();
    type("web", "reboot", "booted");
    assertThat(host.inspect("web").enginePid()).isEqualTo(pid);
    host.stop("web", 10_000, Progress.NONE);
    assertThat(host.inspect("web").state()).isEqualTo(VmState.STOPPED);
  }

  @Test
  void ofTwoStartsAtOnceOneWins() throws Exception {
    host.create(spec("web", false), Progress.NONE);
    Callable<Boolean> start =
        () -> {
          try {
            host.start("web", false, Progress.NONE);
            return true;
          } catch (VivariumException e) {
            assertThat(e.kind()).isIn(Kind.CONFLICT, Kind.WRONG_STATE);
            return false;
          }
        };
    CompletableFuture<Boolean> other =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return start.call();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    boolean mine = start.call();
    assertThat(mine ^ other.get(60, TimeUnit.SECONDS)).isTrue();
    assertThat(host.inspect("web").state()).isEqualTo(VmState.RUNNING);
  }

  @Test
  void aDisposableVmLeavesNothingBehind() throws Exception {
    host.create(spec("once", true), Progress.NONE);
    host.start("once", false, Progress.NONE);
    host.stop("once", 0, Progress.NONE);
    eventually(() -> host.list().isEmpty());
    host.create(spec("twice", true), Progress.NONE);
    host.start("twice", false, Progress.NONE);
    host.kill("twice");
    assertThat(home.resolve("library/machines")).isEmptyDirectory();
    assertThat(home.resolve("library/trash")).isEmptyDirectory();
  }

  @Test
  void aDeepHomeGetsAShortSocket() throws Exception {
    host = VivariumHost.open(home.resolve("d".repeat(60)).resolve("e".repeat(60)));
    run("web");
    type("web", "hello", "hello");
  }

  @Test
  void runningVmsAreNeitherRenamedNorRemoved() throws Exception {
    run("web");
    assertThat(failure(() -> host.rename("web", "www")).kind()).isEqualTo(Kind.WRONG_STATE);
    assertThat(failure(() -> host.remove("web", false)).kind()).isEqualTo(Kind.WRONG_STATE);
    assertThat(failure(() -> host.start("web", false, Progress.NONE)).kind())
        .isEqualTo(Kind.WRONG_STATE);
    host.remove("web", true);
    assertThat(host.list()).isEmpty();
  }

  private static VivariumException failure(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable what) {
    return catchThrowableOfType(VivariumException.class, what);
  }

  /** What a console shows. */
  static final class Screen implements ConsoleConnection.Listener {
    private final StringBuilder text = new StringBuilder();
    private final CountDownLatch closed = new CountDownLatch(1);

    @Override
    public synchronized void output(byte[] data) {
      text.append(new String(data, StandardCharsets.UTF_8));
      notifyAll();
    }

    @Override
    public void closed() {
      closed.countDown();
    }

    @Override
    public synchronized String toString() {
      return text.toString();
    }

    synchronized void await(String shown) throws InterruptedException {
      long until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while (text.indexOf(shown) < 0) {
        assertThat(System.nanoTime()).as("waiting for %s in %s", shown, text).isLessThan(until);
        wait(100);
      }
    }
  }

  private static final class Captured implements Vivarium.ExecListener {
    final ByteArrayOutputStream out = new ByteArrayOutputStream();
    final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Override
    public void stdout(byte[] data) {
      out.writeBytes(data);
    }

    @Override
    public void stderr(byte[] data) {
      err.writeBytes(data);
    }
  }
}
