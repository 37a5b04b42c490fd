package io.vivarium.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.Finding;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.client.VmState;
import io.vivarium.images.disk.Disk;
import io.vivarium.library.FailingSteps;
import io.vivarium.library.Home;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each verb on the snapshots of a VM that runs, with each of its steps failing once: the guest runs
 * on, nothing is lost, and the next snapshot succeeds. What a kill leaves is {@code KillTest}'s.
 */
final class EngineFaultsTest {
  private static final String VM = "web";

  /** What is done to a VM with the snapshot "a", on whose disk stands "one", and "two" by now. */
  private interface Verb {
    void run(EngineSnapshots snapshots) throws Exception;
  }

  private static final Map<String, Verb> VERBS =
      new TreeMap<>(
          Map.of(
              "take", snapshots -> take(snapshots, "b"),
              "restore", snapshots -> snapshots.restore("a"),
              "switch", snapshots -> snapshots.switchTo("a", "b", "", false, false, progress -> {}),
              "take for a fork", snapshots -> snapshots.takeForFork(progress -> {})));

  @TempDir Path folder;

  private static void take(EngineSnapshots snapshots, String name) throws Exception {
    snapshots.take(name, "", false, progress -> {});
  }

  @Test
  void aStepThatFailsLeavesTheGuestRunningAndAllSnapshotsWhole() throws Exception {
    int points = 0;
    for (Map.Entry<String, Verb> verb : VERBS.entrySet()) {
      boolean reached = true;
      for (int at = 0; reached; at++) {
        String where = verb.getKey() + ", step " + at;
        reached = once(new Home(folder.resolve(where.replace(' ', '-'))), verb, at, where);
        points += reached ? 1 : 0;
      }
    }
    System.out.printf("%d points of a running VM%n", points);
    assertThat(points).isGreaterThan(40);
  }

  private static boolean once(Home home, Map.Entry<String, Verb> verb, int at, String where)
      throws Exception {
    MachineFolder machine =
        Library.open(home)
            .create(
                new VmSpec(
                    1,
                    VM,
                    null,
                    "/kernel",
                    null,
                    null,
                    64L << 20,
                    1,
                    List.of(new DiskSpec("", "qcow2", 2 << 20, false)),
                    List.of(),
                    "none",
                    false));
    boolean reached;
    try (HostedVm vm = HostedVm.open(home, machine, new FakeMachine.Factory())) {
      Engine engine = vm.engine();
      EngineSnapshots snapshots = vm.snapshots();
      engine.boot();
      write(engine, "one");
      take(snapshots, "a");
      write(engine, "two");
      reached = FailingSteps.at(at, () -> verb.getValue().run(snapshots));
      assertThat(engine.state()).as(where).isEqualTo(VmState.RUNNING);
      String disk = read(engine);
      if (verb.getKey().startsWith("take")) {
        assertThat(disk).as(where).isEqualTo("two");
      } else {
        assertThat(disk).as(where).isIn(reached ? List.of("one", "two") : List.of("one"));
      }
      assertThat(FailingSteps.fsck(home, false)).as(where).noneMatch(Finding::loss);
      take(snapshots, "c");
      write(engine, disk.equals("two") ? "one" : "two");
      snapshots.restore("c");
      assertThat(read(engine)).as(where + ", after the next").isEqualTo(disk);
      snapshots.restore("a");
      assertThat(read(engine)).as(where + ", the first").isEqualTo("one");
      engine.end();
    }
    awaitSums();
    FailingSteps.fsck(home, true);
    assertThat(FailingSteps.fsck(home, false)).as(where + ", repaired").isEmpty();
    return reached;
  }

  /** The guest's disk, as its device has it. */
  private static Disk disk(Engine engine) throws Exception {
    return engine.devices().config().disks().getFirst().disk();
  }

  private static void write(Engine engine, String text) throws Exception {
    disk(engine).write(0, MemorySegment.ofArray(text.getBytes(StandardCharsets.US_ASCII)));
  }

  private static String read(Engine engine) throws Exception {
    byte[] bytes = new byte[3];
    disk(engine).read(0, MemorySegment.ofArray(bytes));
    return new String(bytes, StandardCharsets.US_ASCII);
  }

  /** Checksums are noted in the background; they end with the VM. */
  private static void awaitSums() throws InterruptedException {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("sums")) {
        thread.join();
      }
    }
  }
}
