package io.vivarium.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.assist.HostProfile;
import io.vivarium.kvm.Kvm;
import io.vivarium.testing.TestImages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What an ordinary laptop's user gets, proved where KVM has hardware to lean on: the lab, or a host
 * like it. Where KVM interprets ring 0 these skip.
 */
@Tag("kvm")
class OrdinaryHostIT {
  private static final String IMAGE = "debian-tiny";
  private static final long MEMORY = 256L << 20;
  private static final long STOP_MILLIS = 60_000;

  @TempDir static Path home;
  private static @Nullable VivariumHost opened;

  @BeforeAll
  static void open() throws Exception {
    assumeTrue(Files.isWritable(Path.of(Kvm.DEVICE)), "skipped: needs a writable " + Kvm.DEVICE);
    try (Kvm kvm = Kvm.open()) {
      HostProfile profile = HostProfile.probe(kvm);
      assumeFalse(
          profile.interpretsRing0(),
          "skipped: KVM interprets ring 0 here; `./mvnw verify -Plab` proves this in the lab");
      assertThat(profile.kernelParameters()).isEmpty();
      assertThat(profile.cpuid(kvm.supportedCpuid(), 2)).isEqualTo(kvm.supportedCpuid());
    }
    TestImages.copyInto(home);
    opened = VivariumHost.open(home);
  }

  @AfterAll
  static void close() {
    if (opened != null) {
      opened.close();
    }
  }

  @AfterEach
  void removeAll() throws VivariumException {
    for (VmInfo vm : host().list()) {
      host().remove(vm.name(), true);
    }
  }

  private static VivariumHost host() {
    if (opened == null) {
      throw new IllegalStateException("no host");
    }
    return opened;
  }

  private static void boot(String name, int cpus, @Nullable String cmdline)
      throws VivariumException {
    host()
        .create(
            new VmSpec(
                1, name, IMAGE, null, null, cmdline, MEMORY, cpus, List.of(), List.of(), "none",
                false),
            Progress.NONE);
    host().start(name, false, Progress.NONE);
  }

  private static String exec(String name, String script) throws VivariumException {
    try {
      return run(name, script);
    } catch (VivariumException e) {
      tell(name);
      throw e;
    }
  }

  /**
   * For the report of a failed test: the VM's state, and the ends of its engine's log and console.
   */
  private static void tell(String name) throws VivariumException {
    VmInfo vm = host().inspect(name);
    System.out.printf("VM %s is %s: %s%n", name, vm.state(), vm.reason());
    try {
      Path log = home.resolve("machines").resolve(name).resolve("run").resolve("engine.log");
      System.out.println(Files.readString(log));
    } catch (IOException e) {
      System.out.println("no engine log: " + e);
    }
    String console = new String(host().logs(name), StandardCharsets.ISO_8859_1);
    System.out.println(console.substring(Math.max(0, console.length() - 2000)));
  }

  private static String run(String name, String script) throws VivariumException {
    var output = new ByteArrayOutputStream();
    ExecResult result =
        host()
            .exec(
                name,
                List.of("sh", "-c", script),
                new Vivarium.ExecListener() {
                  @Override
                  public void stdout(byte[] data) {
                    output.writeBytes(data);
                  }

                  @Override
                  public void stderr(byte[] data) {
                    output.writeBytes(data);
                  }
                });
    String text = output.toString(StandardCharsets.UTF_8).strip();
    assertThat(result.exitStatus()).as(text).isZero();
    return text;
  }

  @Test
  void theUnmodifiedKernelRunsWithNothingAdded() throws Exception {
    boot("plain", 1, null);

    assertThat(exec("plain", "cat /proc/cmdline")).isEqualTo("console=ttyS0");
    assertThat(exec("plain", "nproc")).isEqualTo("1");
    assertThat(host().inspectEngine("plain")).doesNotContain("assist.");
  }

  @Test
  void theEngineBelongsToTheUserWhoStartedIt() throws Exception {
    boot("owned", 1, null);

    var engine = ProcessHandle.of(host().inspect("owned").enginePid()).orElseThrow();
    assertThat(engine.info().user()).isEqualTo(ProcessHandle.current().info().user());
    if (System.getenv("VIVARIUM_LAB_HOST") != null) {
      assertThat(System.getProperty("user.name")).isEqualTo("viv");
    }
  }

  @Test
  void twoVcpusWithMitigationsAndKpti() throws Exception {
    boot("secure", 2, "console=ttyS0 mitigations=auto pti=on");

    assertThat(exec("secure", "nproc")).isEqualTo("2");
    assertThat(exec("secure", "dmesg | grep -i 'page tables isolation'")).contains("enabled");
    assertThat(exec("secure", "cat /sys/devices/system/cpu/vulnerabilities/spectre_v2"))
        .doesNotContain("Vulnerable");
  }

  @Test
  void theKernelLiesElsewhereAtEachBoot() throws Exception {
    String text = "grep ' T _text$' /proc/kallsyms";
    boot("first", 1, null);
    String first = exec("first", text);
    boot("second", 1, null);

    assertThat(exec("second", text)).isNotEqualTo(first);
  }

  @Test
  void aSnapshotTakesBackWhatCameAfterAndTheClockIsRight() throws Exception {
    boot("back", 2, null);
    exec("back", "echo before >/tmp/note");
    host().takeSnapshot("back", "here", "", Progress.NONE);
    Instant taken = Instant.now();
    exec("back", "echo after >/tmp/note; sleep 3");

    host().restoreSnapshot("back", "here", false, Progress.NONE);

    assertThat(exec("back", "cat /tmp/note")).isEqualTo("before");
    long before = Instant.now().getEpochSecond();
    long guest = Long.parseLong(exec("back", "date +%s"));
    assertThat(Duration.between(taken, Instant.now())).isGreaterThan(Duration.ofSeconds(3));
    assertThat(guest).isBetween(before - 1, Instant.now().getEpochSecond() + 1);
  }

  @Test
  void aWarmStartRunsACommand() throws Exception {
    VmSpec spec =
        new VmSpec(
            1, "warm", IMAGE, null, null, null, MEMORY, 1, List.of(), List.of(), "none", false);
    host().prepareWarm(spec, Progress.NONE);
    host().create(spec, Progress.NONE);

    host().start("warm", true, Progress.NONE);

    assertThat(exec("warm", "echo ok; exit 0")).isEqualTo("ok");
  }

  @Test
  void stopKillAndCrashAreTold() throws Exception {
    boot("ends", 1, null);
    exec("ends", "true");
    host().stop("ends", STOP_MILLIS, Progress.NONE);
    assertThat(host().inspect("ends").state()).isEqualTo(VmState.STOPPED);

    host().start("ends", false, Progress.NONE);
    host().kill("ends");
    assertThat(host().inspect("ends").state()).isEqualTo(VmState.STOPPED);

    host().start("ends", false, Progress.NONE);
    exec("ends", "true");
    var engine = ProcessHandle.of(host().inspect("ends").enginePid()).orElseThrow();
    engine.destroyForcibly();
    engine.onExit().join();
    VmInfo crashed = host().inspect("ends");
    assertThat(crashed.state()).isEqualTo(VmState.CRASHED);
    assertThat(crashed.reason()).isNotBlank();
    assertThatThrownBy(() -> exec("ends", "true")).isInstanceOf(VivariumException.class);

    host().start("ends", false, Progress.NONE);
    assertThat(exec("ends", "echo again")).isEqualTo("again");
  }
}
