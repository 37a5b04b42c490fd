package io.vivarium.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.qcow2.BackingFiles;
import io.vivarium.images.disk.qcow2.Qcow2Disk;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes that do everything to a VM's snapshots die of {@code kill -9} at random points, again
 * and again in one library: the command while the VM is stopped, the engine while it runs. After
 * each the whole library is checked, and every snapshot's disk must hold what its note says. {@code
 * -Dvivarium.kills=1000} makes it long.
 */
final class KillTest {
  private static final int KILLS = Integer.getInteger("vivarium.kills", 8);
  private static final String MAIN = "vivarium.engine.main";
  private static final String VM = "web";
  private static final List<String> TEXTS = List.of("one", "two");

  @TempDir Path home;
  private VivariumHost host;
  private int litter;

  @BeforeEach
  void create() throws Exception {
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

  private static Path machine(Path library) {
    return library.resolve("machines").resolve(VM);
  }

  private static Disk open(Path machine, DiskSpec disk, boolean readOnly) throws IOException {
    return Qcow2Disk.open(
        machine.resolve(disk.file()),
        readOnly,
        BackingFiles.inside(machine.resolve("disks")),
        HolePunch.Factory.NONE);
  }

  private static void write(VivariumHost host, Path machine, String text) throws Exception {
    try (Disk disk = open(machine, host.inspect(VM).spec().disks().getFirst(), false)) {
      disk.write(0, MemorySegment.ofArray(text.getBytes(StandardCharsets.US_ASCII)));
      disk.flush();
    }
  }

  /** Does one thing after the other to the snapshots of a stopped VM, until it is killed. */
  public static final class Worker {
    private final VivariumHost host;
    private final Path machine;
    private final Random random;

    Worker(Path library, long seed) throws VivariumException {
      this.host = VivariumHost.open(library);
      this.machine = machine(library);
      this.random = new Random(seed);
    }

    public static void main(String[] args) throws Exception {
      Worker worker = new Worker(Path.of(args[0]), Long.parseLong(args[1]));
      System.out.println("ready");
      while (true) {
        worker.step();
      }
    }

    void step() throws Exception {
      List<SnapshotInfo> all = host.snapshots(VM);
      if (all.size() > 8) {
        for (SnapshotInfo one : all.subList(0, 5)) {
          host.removeSnapshot(VM, one.id());
        }
        host.emptyTrash();
        return;
      }
      String any = all.isEmpty() ? "" : all.get(random.nextInt(all.size())).id();
      try {
        once(all.isEmpty() ? 0 : random.nextInt(13), any);
      } catch (VivariumException e) {
        // What cannot be just now is refused; what went wrong is seen in what it left.
        if (e.kind() == VivariumException.Kind.INTERNAL) {
          throw e;
        }
      }
    }

    private void once(int what, String any) throws Exception {
      switch (what) {
        case 0, 1, 2 -> {
          String text = TEXTS.get(random.nextInt(2));
          write(host, machine, text);
          host.takeSnapshot(VM, null, text, Progress.NONE);
        }
        case 3 -> host.restoreSnapshot(VM, any, true, Progress.NONE);
        case 4 -> host.switchSnapshot(VM, any, null, Progress.NONE);
        case 5 -> host.removeSnapshot(VM, any);
        case 6 -> host.undo(VM, Progress.NONE);
        case 7 -> {
          long size = host.inspect(VM).spec().disks().getFirst().sizeBytes();
          host.growDisk(VM, 0, size + (64 << 10));
        }
        case 8 ->
            host.exportDisk(VM, any, 0, "qcow2", OutputStream.nullOutputStream(), Progress.NONE);
        case 9 -> host.setSchedule(VM, new SnapshotSchedule(0, 0, 0, 0, 0));
        case 10 -> host.pinSnapshot(VM, any, random.nextBoolean());
        case 11 -> host.emptyTrash();
        default -> host.sweep();
      }
    }
  }

  @Test
  void aCommandThatIsKilledLosesNothing() throws Exception {
    Random random = new Random(42);
    for (int i = 0; i < KILLS; i++) {
      Process worker = start(i);
      try {
        BufferedReader said =
            new BufferedReader(
                new InputStreamReader(worker.getInputStream(), StandardCharsets.UTF_8));
        assertThat(said.readLine()).isEqualTo("ready");
        boolean ended =
            worker.waitFor(random.nextInt(400), java.util.concurrent.TimeUnit.MILLISECONDS);
        assertThat(ended).as("it ended by itself").isFalse();
      } finally {
        worker.destroyForcibly().waitFor();
      }
      check("kill " + i, false);
    }
    tell("commands");
  }

  private Process start(int seed) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Worker.class.getName(),
            home.resolve("library").toString(),
            Integer.toString(seed))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  @Test
  void anEngineThatIsKilledLosesNothing() throws Exception {
    Random random = new Random(43);
    for (int i = 0; i < KILLS; i++) {
      host.start(VM, false, Progress.NONE);
      host.setSchedule(VM, new SnapshotSchedule(1, 1, 0, 0, 0));
      ProcessHandle engine = ProcessHandle.of(host.inspect(VM).enginePid()).orElseThrow();
      Guest guest = new Guest(host, random.nextInt());
      Thread doing = Thread.ofPlatform().start(guest);
      guest.begun.await();
      long until = System.nanoTime() + random.nextInt(300) * 1_000_000L;
      while (System.nanoTime() < until && doing.isAlive()) {
        Thread.onSpinWait();
      }
      engine.destroyForcibly();
      engine.onExit().join();
      doing.join();
      if (host.inspect(VM).enginePid() != 0) {
        // A restore found no engine, and began another.
        host.kill(VM);
      }
      check("kill " + i, true);
      host.setSchedule(VM, SnapshotSchedule.DEFAULT);
      List<SnapshotInfo> all = host.snapshots(VM);
      for (SnapshotInfo one : all.subList(0, Math.max(0, all.size() - 6))) {
        host.removeSnapshot(VM, one.id());
      }
      host.emptyTrash();
      for (VmInfo vm : host.list()) {
        if (!vm.name().equals(VM)) {
          host.remove(vm.name(), true);
        }
      }
    }
    tell("engines");
  }

  /** Uses a running VM until its engine is gone. */
  private static final class Guest implements Runnable {
    private final VivariumHost host;
    private final Random random;
    final CountDownLatch begun = new CountDownLatch(1);

    Guest(VivariumHost host, int seed) {
      this.host = host;
      this.random = new Random(seed);
    }

    @Override
    public void run() {
      begun.countDown();
      try {
        while (true) {
          List<SnapshotInfo> all = host.snapshots(VM);
          String any = all.isEmpty() ? "" : all.get(random.nextInt(all.size())).id();
          step(all.isEmpty() ? 0 : random.nextInt(9), any);
        }
      } catch (Exception e) {
        // It is gone, as was intended; what it left is checked.
        return;
      }
    }

    private void step(int what, String any) throws Exception {
      switch (what) {
        case 0, 1, 2, 3 -> {
          String text = TEXTS.get(random.nextInt(2));
          String line = "write " + text + "\n";
          Shown shown = new Shown("wrote " + text);
          try (ConsoleConnection console = host.console(VM, shown)) {
            // Not what an earlier line left on the console.
            shown.backlog.await();
            console.send(line.getBytes(StandardCharsets.UTF_8));
            shown.done.await();
          }
          host.takeSnapshot(VM, null, text, Progress.NONE);
        }
        case 4 -> host.restoreSnapshot(VM, any, true, Progress.NONE);
        case 5 -> host.switchSnapshot(VM, any, null, Progress.NONE);
        case 6 -> host.removeSnapshot(VM, any);
        case 7 -> {
          long size = host.inspect(VM).spec().disks().getFirst().sizeBytes();
          host.growDisk(VM, 0, size + (64 << 10));
        }
        default -> host.fork(VM, new ForkRequest(any, 1, null, false), Progress.NONE);
      }
    }
  }

  /** Waits for a text on a console, or for the console's end. */
  private static final class Shown implements ConsoleConnection.Listener {
    private final String wanted;
    private final StringBuilder text = new StringBuilder();
    final CountDownLatch backlog = new CountDownLatch(1);
    final CountDownLatch done = new CountDownLatch(1);

    Shown(String wanted) {
      this.wanted = wanted;
    }

    @Override
    public void output(byte[] data) {
      if (backlog.getCount() > 0) {
        backlog.countDown();
        return;
      }
      text.append(new String(data, StandardCharsets.UTF_8));
      if (text.indexOf(wanted) >= 0) {
        done.countDown();
      }
    }

    @Override
    public void closed() {
      backlog.countDown();
      done.countDown();
    }
  }

  private void check(String when, boolean live) throws Exception {
    List<Finding> found = host.check(false, Progress.NONE);
    assertThat(found).as(when).noneMatch(Finding::loss);
    litter += found.size();
    Path machine = machine(home.resolve("library"));
    List<String> wrong = new ArrayList<>();
    for (SnapshotInfo one : host.snapshots(VM)) {
      assertThat(one.damage()).as(when).isNull();
    }
    for (String line : disks(machine, live)) {
      String[] words = line.split(" ");
      byte[] bytes = new byte[3];
      try (Disk disk = open(machine, new DiskSpec(words[0], "qcow2", 0, false), true)) {
        disk.read(0, MemorySegment.ofArray(bytes));
      }
      if (!new String(bytes, StandardCharsets.US_ASCII).equals(words[1])) {
        wrong.add(line);
      }
    }
    assertThat(wrong).as(when).isEmpty();
    host.sweep();
    host.check(true, Progress.NONE);
    assertThat(host.check(false, Progress.NONE)).as(when + ", repaired").isEmpty();
  }

  /**
   * The disk files of snapshots that say what is on them, with that.
   *
   * @param live of which kind: a VM whose engine died before it was asked for a snapshot gives one
   *     without memory, and what its guest wrote last is lost as by a power loss
   */
  private static List<String> disks(Path machine, boolean live) throws Exception {
    List<String> all = new ArrayList<>();
    try (var snapshots = Files.newDirectoryStream(machine.resolve("snapshots"))) {
      for (Path at : snapshots) {
        if (Files.exists(at.resolve("snapshot.json"))) {
          JsonObject json = Json.parse(Files.readAllBytes(at.resolve("snapshot.json")));
          if (TEXTS.contains(json.string("note")) && json.bool("live") == live) {
            String file = json.object("spec").objects("disks").getFirst().string("file");
            all.add(file + " " + json.string("note"));
          }
        }
      }
    }
    return all;
  }

  private void tell(String what) {
    System.out.printf("%d %s killed; nothing lost, litter found %d times%n", KILLS, what, litter);
  }
}
