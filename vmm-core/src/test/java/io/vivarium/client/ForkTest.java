package io.vivarium.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VivariumHostTest.Screen;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Live copies of a VM, with real engine processes whose machines are fakes. */
final class ForkTest {
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

  private void type(String vm, String line, String shown) throws Exception {
    Screen screen = new Screen();
    try (ConsoleConnection console = host.console(vm, screen)) {
      console.send((line + "\n").getBytes(StandardCharsets.UTF_8));
      screen.await(shown);
    }
  }

  private List<String> fork(String of, ForkRequest request) throws Exception {
    return host.fork(of, request, Progress.NONE).stream().map(VmInfo::name).toList();
  }

  private List<String> all() throws Exception {
    return host.list().stream().map(VmInfo::name).toList();
  }

  private static VivariumException failure(ThrowingCallable what) {
    return catchThrowableOfType(VivariumException.class, what);
  }

  private void awaitGone(String vm) throws Exception {
    Path folder = home.resolve("library/machines").resolve(vm);
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (Files.exists(folder) && System.nanoTime() < until) {
      Thread.onSpinWait();
    }
    assertThat(folder).doesNotExist();
  }

  @Test
  void copiesGoOnWhereTheVmIsAndAreApartFromThenOn() throws Exception {
    type(VM, "nonce", "nonce");
    type(VM, "write one", "wrote one");
    assertThat(fork(VM, new ForkRequest(null, 3, null, false)))
        .containsExactly("web-1", "web-2", "web-3");
    long engine = host.inspect(VM).enginePid();
    for (String copy : List.of("web-1", "web-2", "web-3")) {
      assertThat(host.inspect(copy).state()).isEqualTo(VmState.RUNNING);
      assertThat(host.inspect(copy).enginePid()).isEqualTo(engine);
      type(copy, "memory", "memory=nonce;\n");
      type(copy, "read", "disk=one");
    }
    type("web-1", "mine", "mine");
    type("web-1", "write two", "wrote two");
    type("web-2", "memory", "memory=nonce;\n");
    type("web-2", "read", "disk=one");
    type(VM, "memory", "memory=nonce;\n");
    type(VM, "read", "disk=one");
    assertThat(host.snapshots("web-1")).isEmpty();
    assertThat(host.snapshots(VM).getFirst().automatic()).isTrue();
  }

  @Test
  void whatOneOfThemDoesIsNothingToTheOthers() throws Exception {
    type(VM, "nonce", "nonce");
    type(VM, "write one", "wrote one");
    fork(VM, new ForkRequest(null, 2, "copy", false));
    host.kill("copy-1");
    assertThat(host.inspect("copy-1").state()).isEqualTo(VmState.STOPPED);
    host.stop(VM, 10_000, Progress.NONE);
    host.remove(VM, false);
    host.emptyTrash();
    type("copy-2", "memory", "memory=nonce;\n");
    type("copy-2", "read", "disk=one");
    host.takeSnapshot("copy-2", "here", "", Progress.NONE);
    type("copy-2", "later", "later");
    host.restoreSnapshot("copy-2", "here", false, Progress.NONE);
    type("copy-2", "memory", "memory=nonce;\n");
    host.stop("copy-2", 10_000, Progress.NONE);
    host.restoreSnapshot("copy-2", "here", false, Progress.NONE);
    type("copy-2", "memory", "memory=nonce;\n");
    host.start("copy-1", false, Progress.NONE);
    type("copy-1", "read", "disk=one");
  }

  @Test
  void aSnapshotOfAVmThatDoesNotRunIsForkedInAnEngineOfItsOwn() throws Exception {
    type(VM, "nonce", "nonce");
    host.takeSnapshot(VM, "then", "", Progress.NONE);
    type(VM, "late", "late");
    host.stop(VM, 10_000, Progress.NONE);
    assertThat(fork(VM, new ForkRequest("then", 2, "copy", false)))
        .containsExactly("copy-1", "copy-2");
    type("copy-1", "memory", "memory=nonce;\n");
    type("copy-2", "memory", "memory=nonce;\n");
    assertThat(host.inspect("copy-1").enginePid()).isEqualTo(host.inspect("copy-2").enginePid());
    assertThat(host.inspect(VM).state()).isEqualTo(VmState.STOPPED);
    host.kill("copy-1");
    type("copy-2", "memory", "memory=nonce;\n");
    assertThat(failure(() -> fork(VM, new ForkRequest(null, 1, null, false))).cure())
        .contains("viv fork web@");
  }

  /** The guest hears of it while it goes on, so that is waited for. */
  private void awaitAddress(String vm, String mac) throws Exception {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    String seen;
    do {
      assertThat(System.nanoTime()).as(vm + " hears of " + mac).isLessThan(until);
      Screen screen = new Screen();
      try (ConsoleConnection console = host.console(vm, screen)) {
        console.send("address\n".getBytes(StandardCharsets.UTF_8));
        screen.await(";\n");
        seen = screen.toString();
      }
    } while (!seen.contains("address=" + mac + ";"));
  }

  @Test
  void eachCopyHasAnAddressOfItsOwnAndItsGuestHearsOfIt() throws Exception {
    host.create(
        host.inspect(VM)
            .spec()
            .withNetwork("link:lab", List.of())
            .withDisks(List.of())
            .as("cable", false),
        Progress.NONE);
    host.start("cable", false, Progress.NONE);
    assertThat(host.inspect("cable").spec().mac()).isNull();
    type("cable", "nonce", "nonce");
    fork("cable", new ForkRequest(null, 2, null, false));
    host.takeSnapshot("cable", "then", "", Progress.NONE);
    host.kill("cable");
    fork("cable", new ForkRequest("then", 2, "late", false));
    Set<String> addresses = new HashSet<>();
    for (String copy : List.of("cable-1", "cable-2", "late-1", "late-2")) {
      String mac = String.valueOf(host.inspect(copy).spec().mac());
      assertThat(mac).matches("52:54(:[0-9a-f]{2}){4}");
      addresses.add(mac);
      awaitAddress(copy, mac);
    }
    assertThat(addresses).hasSize(4);
    String before = host.inspect("late-1").spec().mac();
    host.takeSnapshot("late-1", "here", "", Progress.NONE);
    host.restoreSnapshot("late-1", "here", false, Progress.NONE);
    assertThat(host.inspect("late-1").spec().mac()).isEqualTo(before);
  }

  @Test
  void disposableCopiesLeaveNothingUnlessTheyAreKept() throws Exception {
    fork(VM, new ForkRequest(null, 2, "copy", true));
    assertThat(host.keep("copy-2").spec().disposable()).isFalse();
    host.kill("copy-1");
    awaitGone("copy-1");
    host.stop("copy-2", 10_000, Progress.NONE);
    assertThat(host.inspect("copy-2").state()).isEqualTo(VmState.STOPPED);
    assertThat(all()).containsExactly("copy-2", VM);
  }

  @Test
  void allOfThemAreMadeOrNone() throws Exception {
    fork(VM, new ForkRequest(null, 1, "copy-3", false));
    // The third of these finds its name taken by a folder that is nobody's.
    Path machines = home.resolve("library/machines");
    Files.createDirectory(machines.resolve("more-2"));
    Files.writeString(machines.resolve("more-2/spec.json"), "{}");
    assertThat(fork(VM, new ForkRequest(null, 2, "more", false)))
        .containsExactly("more-1", "more-3");
    SnapshotInfo taken = host.takeSnapshot(VM, "bad", "", Progress.NONE);
    Files.writeString(
        machines
            .resolve("web/snapshots")
            .resolve(taken.id()) //
            .resolve("machine/state.json"),
        "flipped");
    assertThat(failure(() -> fork(VM, new ForkRequest("bad", 5, "none", false))).kind())
        .isEqualTo(Kind.BAD_FILE);
    assertThat(all()).doesNotContain("none-1", "none-2");
    type("more-1", "echo", "echo");
    assertThat(failure(() -> fork(VM, new ForkRequest(null, 0, null, false))).kind())
        .isEqualTo(Kind.USAGE);
    assertThat(failure(() -> fork(VM, new ForkRequest(null, 1001, null, false))).kind())
        .isEqualTo(Kind.USAGE);
    host.stop("copy-3", 10_000, Progress.NONE);
    host.start("copy-3", false, Progress.NONE);
    assertThat(failure(() -> fork(VM, new ForkRequest(null, 1, "Bad Name", false))).kind())
        .isEqualTo(Kind.USAGE);
  }
}
