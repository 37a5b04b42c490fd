package io.vivarium.images.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.RawDisk;
import io.vivarium.images.disk.qcow2.NumberedSteps.Kind;
import io.vivarium.images.disk.qcow2.NumberedSteps.Step;
import io.vivarium.images.store.StoreFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Another process has the image: its lock keeps others out, and {@code kill -9} in the midst of its
 * work loses nothing that was flushed. {@code -Dvivarium.kills=N} kills more often than 8 times.
 */
class TwoProcessesTest {
  @TempDir Path folder;

  /** The other process. */
  static final class Other {
    /**
     * @param args "raw" or "qcow2", the image, and a seed, with which it works: it says each flush,
     *     and waits for an answer to the one before; without a seed it only has the image open
     */
    public static void main(String[] args) throws Exception {
      Path path = Path.of(args[1]);
      if (args[0].equals("raw")) {
        try (RawDisk disk = RawDisk.open(path, false, HolePunch.Factory.NONE)) {
          hold(disk);
        }
      } else {
        try (Qcow2Disk disk = open(path)) {
          if (args.length == 2) {
            hold(disk);
          } else {
            work(disk, new NumberedSteps(Long.parseLong(args[2])));
          }
        }
      }
    }

    private static void hold(Disk disk) throws IOException {
      System.out.println("open, size " + disk.size());
      if (System.in.read() >= 0) {
        throw new IOException("nobody writes here");
      }
    }

    private static void work(Qcow2Disk disk, NumberedSteps steps) throws IOException {
      boolean first = true;
      while (true) {
        Step step = steps.next();
        step.doTo(disk);
        if (step.kind() == Kind.FLUSH) {
          System.out.println(step.number());
          if (!first && System.in.read() < 0) {
            return;
          }
          first = false;
        }
      }
    }
  }

  private static Qcow2Disk open(Path path) throws IOException {
    return Qcow2Disk.open(
        path, false, BackingFiles.inside(StoreFiles.parent(path)), HolePunch.Factory.NONE);
  }

  private static Process start(Object... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(List.of("-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(Other.class.getName());
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  @Test
  void oneWriterOverAllProcessesHoweverItDies() throws Exception {
    Path raw = folder.resolve("disk.raw");
    Path qcow2 = folder.resolve("disk.qcow2");
    RawDisk.create(raw, 1 << 20);
    Qcow2.create(qcow2, 1 << 20, null, null);
    for (Path path : List.of(raw, qcow2)) {
      String format = path.equals(raw) ? "raw" : "qcow2";
      Process other = start(format, path);
      try (BufferedReader said = other.inputReader(StandardCharsets.UTF_8)) {
        assertThat(said.readLine()).startsWith("open");
        for (boolean readOnly : new boolean[] {false, true}) {
          assertThatThrownBy(() -> RawDisk.open(path, readOnly, HolePunch.Factory.NONE))
              .hasMessageContaining("in use");
        }
        if (path.equals(qcow2) && Files.isExecutable(Path.of("/usr/bin/qemu-img"))) {
          QemuImg.Result result = QemuImg.run("check", path);
          assertThat(result.status()).isNotZero();
          assertThat(result.output()).contains("lock");
        }
      } finally {
        other.destroyForcibly().waitFor();
      }
      RawDisk.open(path, false, HolePunch.Factory.NONE).close();
    }
  }

  @Test
  void killedInTheMidstOfWorkKeepsWhatWasFlushed() throws Exception {
    Path path = folder.resolve("disk.qcow2");
    Qcow2.create(path, NumberedSteps.SIZE, null, null);
    int kills = Integer.getInteger("vivarium.kills", 8);
    Random random = new Random(kills);
    int[] start = new int[NumberedSteps.SECTORS];
    for (int kill = 0; kill < kills; kill++) {
      int flushed = workAndKill(path, kill, 1 + random.nextInt(60), random.nextInt(2_000_000));
      int[] found;
      try (Qcow2Disk disk = open(path)) {
        found = NumberedSteps.numbers(disk);
      }
      if (Files.isExecutable(Path.of("/usr/bin/qemu-img"))) {
        QemuImg.check(path);
      }
      mustHold(found, start, new NumberedSteps(kill), flushed, "kill " + kill);
      start = found;
    }
  }

  /** Returns the last step that was flushed for sure. */
  private static int workAndKill(Path path, long seed, int flushes, int nanos) throws Exception {
    Process other = start("qcow2", path, seed);
    try (BufferedReader said = other.inputReader(StandardCharsets.UTF_8)) {
      int flushed = Integer.parseInt(said.readLine());
      for (int i = 0; i < flushes; i++) {
        other.getOutputStream().write(1);
        other.getOutputStream().flush();
        flushed = Integer.parseInt(said.readLine());
      }
      other.getOutputStream().write(1);
      other.getOutputStream().flush();
      for (long end = System.nanoTime() + nanos; System.nanoTime() < end; ) {
        Thread.onSpinWait(); // any moment of its further work will do
      }
      return flushed;
    } finally {
      other.destroyForcibly().waitFor();
    }
  }

  /** Each sector holds what it held at the flush, or what one of the next steps made of it. */
  private static void mustHold(
      int[] found, int[] start, NumberedSteps steps, int flushed, String when) {
    int[] expected = start.clone();
    Step step = steps.next();
    for (; step.number() < flushed; step = steps.next()) {
      step.doTo(expected);
    }
    assertThat(step.kind()).isEqualTo(Kind.FLUSH);
    boolean[] good = new boolean[expected.length];
    for (int i = 0; i < good.length; i++) {
      good[i] = found[i] == expected[i];
    }
    // It waits for an answer after each flush but one: it cannot have done more than two.
    for (int more = 0; more < 3; step = steps.next()) {
      more += step.kind() == Kind.FLUSH ? 1 : 0;
      for (int i = step.at(); i < step.at() + step.count(); i++) {
        good[i] |= found[i] == step.value();
      }
    }
    for (int i = 0; i < good.length; i++) {
      assertThat(good[i])
          .as("%s: sector %d holds %d, %d was flushed", when, i, found[i], expected[i])
          .isTrue();
    }
  }
}
