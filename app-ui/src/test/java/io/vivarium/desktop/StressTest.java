package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.Progress;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.VmState;
import io.vivarium.desktop.fake.FakeVivarium;
import io.vivarium.desktop.fake.Samples;
import io.vivarium.desktop.jobs.Job;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.DoubleConsumer;
import javafx.animation.AnimationTimer;
import javafx.application.Platform;
import javafx.scene.control.ListView;
import javafx.scene.control.ScrollPane;
import javafx.scene.input.KeyCode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * 200 VMs in the library, and 500 snapshots in one tree. With {@code -Dvivarium.measure=true} it
 * says how many frames a second scrolling makes, and how long jobs keep the interface waiting; it
 * asserts no times.
 */
@Tag("desktop")
@Timeout(600)
class StressTest {
  private static final int VMS = 200;
  private static final int SNAPSHOTS = 500;

  private static final int FRAMES = 200;

  private static final int JOBS = 20;
  private static final int STEPS = 4_000;

  /** More nodes of a kind in the scene than this would mean that nothing is virtual. */
  private static final int MOST_SEEN = 60;

  @TempDir Path folder;
  private final FakeVivarium host = new FakeVivarium(InstantSource.system());
  private DesktopFixture desktop;

  @BeforeEach
  void open() throws Exception {
    Instant now = Instant.now();
    for (int i = 0; i < VMS; i++) {
      host.add(
          Samples.spec(String.format("vm-%03d", i)),
          i % 3 == 0 ? VmState.RUNNING : VmState.STOPPED,
          now.minusSeconds(60L * i),
          "line one\r\nline two\r\nbooted\r\n");
    }
    Random random = new Random(11);
    for (int i = 0; i < SNAPSHOTS; i++) {
      // Mostly a long chain, with branches that start up to twenty back.
      int back = random.nextInt(8) == 0 ? 1 + random.nextInt(20) : 1;
      host.addSnapshot(
          "vm-000",
          new SnapshotInfo(
              "s" + i,
              String.format("snap-%03d", i),
              i == 0 ? null : "s" + Math.max(0, i - back),
              i % 10 == 0 ? "note " + i : "",
              now.minusSeconds(60L * (SNAPSHOTS - i)),
              i % 4 != 0,
              i % 3 == 0,
              false,
              random.nextLong(500L << 20),
              100L << 20,
              600L << 20,
              "~ #",
              null));
    }
    desktop = DesktopFixture.open(host, folder.resolve("state.properties"));
  }

  @AfterEach
  void close() throws Exception {
    desktop.close();
  }

  @Test
  void twoHundredMachinesCostAScreenFull() throws Exception {
    desktop.awaitSeen("#card-vm-000");
    assertThat(desktop.shell().root().lookupAll(".vm-card").size()).isLessThan(MOST_SEEN);
    ScrollPane scroll = (ScrollPane) desktop.shell().root().lookup(".cards");
    measure("200 cards", scroll::setVvalue);
    Platform.runLater(() -> scroll.setVvalue(1));
    desktop.awaitSeen("#card-vm-199");
    assertThat(desktop.shell().root().lookupAll(".vm-card").size()).isLessThan(MOST_SEEN);
    desktop.press(KeyCode.CONTROL, KeyCode.F);
    desktop.write("vm-123");
    desktop.awaitSeen("#card-vm-123");
    desktop.awaitGone("#card-vm-122");
  }

  @Test
  void fiveHundredSnapshotsCostAScreenFull() throws Exception {
    desktop.awaitSeen("#card-vm-000");
    desktop.click("#card-vm-000");
    desktop.tab(1);
    desktop.awaitSeen("#snapshot-snap-499");
    assertThat(desktop.shell().root().lookupAll(".timeline-cell").size()).isLessThan(MOST_SEEN);
    ListView<?> list = (ListView<?>) desktop.shell().root().lookup("#timeline");
    assertThat(list.getItems()).hasSize(SNAPSHOTS + 1);
    measure("500 snapshots", share -> list.scrollTo((int) (share * (list.getItems().size() - 1))));
    Platform.runLater(() -> list.scrollTo(SNAPSHOTS));
    desktop.awaitSeen("#snapshot-snap-000");
    assertThat(desktop.shell().root().lookupAll(".timeline-cell").size()).isLessThan(MOST_SEEN);
    desktop.click("#timeline-search");
    desktop.write("snap-250");
    desktop.awaitSeen("#snapshot-snap-250");
    desktop.await("one and the present", () -> list.getItems().size() == 2);
  }

  /** Jobs that say much, all at once, with the activity open and 200 machines behind it. */
  @Test
  void manyJobsAtOnceLeaveTheInterfaceFree() throws Exception {
    desktop.awaitSeen("#card-vm-000");
    PulseWatch watch = PulseWatch.start();
    CountDownLatch done = new CountDownLatch(JOBS);
    Platform.runLater(
        () -> {
          desktop.shell().toggleActivity();
          for (int i = 0; i < JOBS; i++) {
            desktop
                .shell()
                .desk()
                .jobs()
                .run("Working " + i, "viv work " + i, StressTest::work, done::countDown);
          }
        });
    while (!done.await(100, TimeUnit.MILLISECONDS)) {
      // Watches tell of each change; each has the list read again.
      Platform.runLater(() -> desktop.shell().desk().vms().refresh());
    }
    String seen = watch.end();
    if (Boolean.getBoolean("vivarium.measure")) {
      System.out.println(JOBS + " jobs: " + seen);
    }
    assertThat(watch.answers()).isPositive();
    desktop.await(
        "all are done",
        () ->
            desktop.shell().desk().jobs().all().stream()
                .allMatch(job -> job.state() == Job.State.DONE));
  }

  /** Says where it is, and writes a line, each half a millisecond. */
  private static void work(Progress progress) {
    for (int step = 0; step < STEPS; step++) {
      progress.update("step " + step, step / (double) STEPS);
      progress.line("[    0.214511] line " + step + " of a boot log, as long as such lines are");
      LockSupport.parkNanos(500_000);
    }
  }

  /**
   * Scrolls down and up, a step a frame, and says what a frame cost: the processor time of the
   * interface thread and of the one that draws, which on a busy machine tells more than the clock.
   */
  private void measure(String what, DoubleConsumer scrollTo) throws Exception {
    if (!Boolean.getBoolean("vivarium.measure")) {
      return;
    }
    CompletableFuture<List<Long>> frames = new CompletableFuture<>();
    long before = threadNanos("");
    long drawn = threadNanos("QuantumRenderer");
    Platform.runLater(
        () ->
            new AnimationTimer() {
              private final List<Long> times = new ArrayList<>();

              @Override
              public void handle(long now) {
                times.add(System.nanoTime());
                double share = times.size() % FRAMES / (FRAMES / 2.0);
                scrollTo.accept(share > 1 ? 2 - share : share);
                if (times.size() == FRAMES) {
                  stop();
                  frames.complete(times);
                }
              }
            }.start());
    List<Long> times = frames.get(240, TimeUnit.SECONDS);
    double each = (threadNanos("") - before) / 1e6 / FRAMES;
    double drawing = (threadNanos("QuantumRenderer") - drawn) / 1e6 / FRAMES;
    double seconds = (times.getLast() - times.getFirst()) / 1e9;
    System.out.printf(
        "%s: %.1f ms of processor time a frame, %.1f of them to draw in software; which is %.0f"
            + " frames a second, by the clock %.0f%n",
        what, each, drawing, 1000 / each, (FRAMES - 1) / seconds);
  }

  private static long threadNanos(String name) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long sum = 0;
    for (ThreadInfo info : threads.getThreadInfo(threads.getAllThreadIds())) {
      if (info != null
          && info.getThreadName().startsWith(name)
          && (info.getThreadName().startsWith("JavaFX Application")
              || info.getThreadName().startsWith("QuantumRenderer"))) {
        sum += threads.getThreadCpuTime(info.getThreadId());
      }
    }
    return sum;
  }
}
