package io.vivarium.cli;

import static io.vivarium.cli.VivProcess.engine;
import static io.vivarium.cli.VivProcess.folder;
import static io.vivarium.cli.VivProcess.inspect;
import static io.vivarium.cli.VivProcess.viv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.cli.VivProcess.Ran;
import io.vivarium.client.JsonObject;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong with real guests, with the sentences that their users see. */
@Tag("kvm")
final class VivFailuresIT {
  private static final String VM = "viv-fails";

  @TempDir Path temporary;

  @BeforeAll
  static void warm() throws Exception {
    VivProcess.warm();
  }

  @AfterEach
  void remove() throws Exception {
    viv("rm", "-f", VM);
  }

  private static void runWithSnapshot() throws Exception {
    viv("run", "-d", "--name", VM, "debian-tiny").mustWork();
    viv("exec", VM, "--", "sh", "-c", "echo kept >/root/note").mustWork();
    viv("snapshot", "take", VM, "good").mustWork();
  }

  private static void comesBack() throws Exception {
    viv("snapshot", "restore", VM, "good").mustWork();
    assertThat(viv("exec", VM, "--", "cat", "/root/note").mustWork().text()).isEqualTo("kept\n");
  }

  @Test
  void howAGuestEndsIsTold() throws Exception {
    runWithSnapshot();
    Ran panic = viv("exec", VM, "--", "sh", "-c", "echo c >/proc/sysrq-trigger");
    assertThat(panic.status()).isEqualTo(125);
    assertThat(panic.err())
        .isEqualTo(
            "viv: the guest of VM '"
                + VM
                + "' went away before it answered. See what it said: viv logs "
                + VM
                + "\n");
    JsonObject crashed = inspect(VM);
    assertThat(crashed.string("state")).isEqualTo("CRASHED");
    assertThat(crashed.string("reason")).contains("the guest's kernel panicked", "sysrq");
    assertThat(crashed.string("lastConsoleLines")).contains("Kernel panic - not syncing");

    comesBack();
    String triple = "echo triple >/sys/kernel/reboot/type; echo b >/proc/sysrq-trigger";
    assertThat(viv("exec", VM, "--", "sh", "-c", triple).status()).isEqualTo(125);
    assertThat(inspect(VM).string("reason")).contains("the guest's processor gave up");

    comesBack();
    viv("exec", VM, "--", "poweroff", "-f");
    JsonObject off = inspect(VM);
    assertThat(off.string("state")).isEqualTo("STOPPED");
    assertThat(off.optString("reason")).isNull();

    comesBack();
    ProcessHandle engine = engine(VM);
    viv("exec", VM, "--", "reboot", "-f");
    assertThat(viv("logs", VM).mustWork().text()).contains("reboot: machine restart");
    assertThat(inspect(VM).string("state")).isEqualTo("RUNNING");
    assertThat(engine(VM).pid()).isEqualTo(engine.pid());
  }

  @Test
  void aDamagedSnapshotIsRefusedAndTheOthersStay() throws Exception {
    runWithSnapshot();
    viv("snapshot", "take", VM, "bad").mustWork();
    viv("kill", VM).mustWork();
    Path good = folder(VM).resolve("snapshots").resolve(snapshotId("good"));
    Path bad = folder(VM).resolve("snapshots").resolve(snapshotId("bad"));
    for (String file : List.of("memory.map", "state.json")) {
      Path victim = bad.resolve("machine").resolve(file);
      Path whole = good.resolve("machine").resolve(file);
      long size = Files.size(victim);
      flip(victim, size / 2);
      refused(file);
      Files.copy(whole, victim, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      try (FileChannel channel = FileChannel.open(victim, StandardOpenOption.WRITE)) {
        channel.truncate(size / 2);
      }
      refused(file);
      Files.copy(whole, victim, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
    try (FileChannel channel =
        FileChannel.open(bad.resolve("snapshot.json"), StandardOpenOption.WRITE)) {
      channel.truncate(40);
    }
    assertThat(viv("snapshot", "restore", VM, bad.getFileName().toString()).err())
        .contains("cannot be restored: damaged", "viv snapshot rm " + VM);
    comesBack();
  }

  private static String snapshotId(String name) throws Exception {
    for (JsonObject snapshot : inspect(VM).objects("snapshots")) {
      if (snapshot.string("name").equals(name)) {
        return snapshot.string("id");
      }
    }
    throw new AssertionError("no snapshot " + name);
  }

  private static void refused(String file) throws Exception {
    Ran ran = viv("snapshot", "restore", VM, "bad");
    assertThat(ran.status()).as(file).isEqualTo(125);
    assertThat(ran.err())
        .startsWith("viv: VM '" + VM + "' cannot be restored: ")
        .contains(file)
        .containsAnyOf("is damaged", "was cut")
        .contains("Restore another snapshot");
    assertThat(inspect(VM).string("state")).as("as it was before").isEqualTo("STOPPED");
  }

  private static void flip(Path file, long from) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, from);
      one.put(0, (byte) (one.get(0) ^ 0x10)).rewind();
      channel.write(one, from);
    }
  }

  @Test
  void anEngineKilledWhileItTakesOrRestoresLeavesWhatWas() throws Exception {
    runWithSnapshot();
    Path snapshots = folder(VM).resolve("snapshots");
    killedDuring(() -> unfinished(snapshots, ""), "snapshot", "take", VM, "half");
    killedDuring(
        () -> unfinished(snapshots, "machine/state.json"), "snapshot", "take", VM, "half2");
    comesBack();
    Path status = folder(VM).resolve("run").resolve("status.json");
    killedDuring(() -> !Files.exists(status), "snapshot", "restore", VM, "good");
    comesBack();
    try (Stream<Path> left = Files.list(snapshots)) {
      assertThat(left.filter(path -> path.getFileName().toString().startsWith(".")).toList())
          .isEmpty();
    }
  }

  /** Kills the engine as soon as something is so, or when the command has ended before it was. */
  private void killedDuring(BooleanSupplier so, String... command) throws Exception {
    if (inspect(VM).fields().get("enginePid") == null) {
      comesBack();
    }
    ProcessHandle engine = engine(VM);
    File err = temporary.resolve("killed.err").toFile();
    Process process = VivProcess.start(VivProcess.words(command), err);
    while (!so.getAsBoolean() && process.isAlive()) {
      Thread.onSpinWait();
    }
    VivProcess.kill(engine);
    process.getInputStream().readAllBytes();
    int status = process.waitFor();
    JsonObject vm = inspect(VM);
    assertThat(vm.string("state")).isEqualTo("CRASHED");
    assertThat(vm.string("reason")).contains("died");
    assertThat(vm.string("lastConsoleLines")).isNotBlank();
    assertThat(
            status == 0
                || Files.readString(err.toPath()).startsWith("viv: ")
                || Files.readString(err.toPath()).contains("\nviv: "))
        .as(Files.readString(err.toPath()))
        .isTrue();
  }

  private static boolean unfinished(Path snapshots, String inside) {
    try (Stream<Path> found = Files.list(snapshots)) {
      return found.anyMatch(
          path ->
              path.getFileName().toString().startsWith(".tmp-")
                  && Files.exists(path.resolve(inside)));
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void ofTwoStartsAtOnceOneWinsAndTheOtherIsTold() throws Exception {
    viv("create", "--name", VM, "debian-tiny").mustWork();
    File err = temporary.resolve("first.err").toFile();
    Process first = VivProcess.start(VivProcess.words("start", VM), err);
    Ran second = viv("start", VM);
    first.getInputStream().readAllBytes();
    int status = first.waitFor();
    assertThat(List.of(status, second.status())).containsExactlyInAnyOrder(0, 125);
    String told = status == 125 ? Files.readString(err.toPath()) : second.err();
    assertThat(told)
        .containsAnyOf("was started by somebody else", "is already running")
        .contains("viv console " + VM);
    assertThat(viv("exec", VM, "--", "echo", "ok").mustWork().text()).isEqualTo("ok\n");
  }

  /** On a small disk of its own, which a mount namespace gives without root. */
  @Test
  void aFullDiskRefusesTheSnapshotAndHarmsNothing() throws Exception {
    List<String> unshare = List.of("unshare", "-rm", "sh", "-ec");
    assumeTrue(
        run(unshare, "mount -t tmpfs -o size=1m tmpfs " + temporary).status() == 0,
        "skipped: 'unshare -rm' may mount nothing here");
    String script =
        String.join(
            "\n",
            "mount -t tmpfs -o size=20m tmpfs " + VivProcess.home().resolve("machines"),
            VivProcess.line("create", "--name", VM, "debian-tiny") + " >/dev/null",
            // Not so its memory: a tmpfs has no holes to read once it is full.
            "mkdir " + folder(VM).resolve("memory") + " " + temporary.resolve("memory"),
            "mount --bind " + temporary.resolve("memory") + " " + folder(VM).resolve("memory"),
            VivProcess.line("start", VM),
            VivProcess.line("exec", VM, "--", "sh", "-c", "echo kept >/root/note"),
            "dd if=/dev/zero of=" + VivProcess.home().resolve("machines/fill") + " bs=1k || :",
            VivProcess.line("snapshot", "take", VM, "full") + " && exit 1",
            "ls -A " + folder(VM).resolve("snapshots"),
            VivProcess.line("exec", VM, "--", "cat", "/root/note"),
            VivProcess.line("create", "debian-tiny") + " && exit 1",
            VivProcess.line("pause", VM),
            VivProcess.line("ps", "--json"),
            VivProcess.line("resume", VM),
            VivProcess.line("stop", VM),
            VivProcess.line("ps", "-a"));
    Ran ran = run(unshare, script);
    assertThat(ran.status()).as(ran.err()).isZero();
    assertThat(ran.err())
        .contains("viv: cannot take the snapshot 'full' of VM '" + VM + "': the disk is full")
        .contains("viv: cannot create VM ")
        .contains("Free some space");
    assertThat(ran.text())
        .startsWith(VM + "\nkept\n")
        .contains("\"PAUSED\"")
        .contains("stopped")
        .doesNotContain("crashed");
  }

  private static Ran run(List<String> front, String script) throws Exception {
    return VivProcess.run(new byte[0], Stream.concat(front.stream(), Stream.of(script)).toList());
  }

  @Test
  void whatIsNoKernelGetsASentence() throws Exception {
    Path kernel = temporary.resolve("kernel");
    Files.writeString(kernel, "#!/bin/sh\n");
    assertThat(viv("create", "--name", VM, "--kernel", temporary.toString()).err())
        .isEqualTo("viv: the kernel '" + temporary + "' is not a file. Check its path.\n");
    viv("create", "--name", VM, "--kernel", kernel.toString()).mustWork();
    assertThat(viv("start", VM).err())
        .contains("cannot boot: " + kernel + " is no kernel that is known");
    Files.write(kernel, new byte[0]);
    assertThat(viv("start", VM).err()).contains(kernel + " is empty");
    Path real;
    try (Stream<Path> images = Files.walk(VivProcess.home().resolve("images"))) {
      real = images.filter(path -> path.endsWith("vmlinuz")).findFirst().orElseThrow();
    }
    Files.write(kernel, java.util.Arrays.copyOf(Files.readAllBytes(real), 5_000_000));
    assertThat(viv("start", VM).err()).contains(kernel + " is truncated");
    try (FileChannel channel = FileChannel.open(kernel, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), 3L << 30);
    }
    assertThat(viv("start", VM).err()).contains("more than 1 GiB is no kernel");
  }
}
