package io.vivarium.desktop.sleep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The host's sleep as a bus tells of it: a bus of the test's own, and none at all. */
@Timeout(60)
class LogindTest {
  @TempDir Path folder;

  private static boolean has(String program) {
    return List.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)).stream()
        .anyMatch(place -> Files.isExecutable(Path.of(place, program)));
  }

  @Test
  void hearsOfSleepAndOfWaking() throws Exception {
    assumeTrue(
        has("dbus-daemon") && has("dbus-monitor") && has("dbus-send"),
        "skipped: this host has no D-Bus to make a bus of");
    String address = "unix:path=" + folder.resolve("bus");
    Process bus =
        new ProcessBuilder(
                "dbus-daemon", "--session", "--nofork", "--print-address", "--address=" + address)
            .start();
    CountDownLatch slept = new CountDownLatch(1);
    CountDownLatch woke = new CountDownLatch(1);
    Map<String, String> environment = Map.of("DBUS_SYSTEM_BUS_ADDRESS", address);
    Thread listening;
    try (Logind logind = new Logind(slept::countDown, woke::countDown, environment)) {
      assertThat(bus.inputReader(StandardCharsets.UTF_8).readLine())
          .as("the bus")
          .startsWith(address);
      listening = logind.open();
      // Until it listens nobody hears.
      do {
        tell(environment, true);
      } while (!slept.await(50, TimeUnit.MILLISECONDS));
      assertThat(woke.getCount()).isEqualTo(1);
      tell(environment, false);
      assertThat(woke.await(30, TimeUnit.SECONDS)).as("waking is heard").isTrue();
    } finally {
      bus.destroy();
    }
    assertThat(listening.join(Duration.ofSeconds(30))).as("it ends").isTrue();
  }

  private static void tell(Map<String, String> environment, boolean sleeps) throws Exception {
    ProcessBuilder send =
        new ProcessBuilder(
            "dbus-send",
            "--system",
            "--type=signal",
            "/org/freedesktop/login1",
            "org.freedesktop.login1.Manager.PrepareForSleep",
            "boolean:" + sleeps);
    send.environment().putAll(environment);
    assertThat(send.inheritIO().start().waitFor()).isZero();
  }

  @Test
  void withoutABusItEndsAndSaysNothing() throws Exception {
    CountDownLatch told = new CountDownLatch(1);
    try (Logind logind =
        new Logind(
            told::countDown,
            told::countDown,
            Map.of("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=" + folder.resolve("none")))) {
      assertThat(logind.open().join(Duration.ofSeconds(30))).isTrue();
      assertThat(told.getCount()).isEqualTo(1);
    }
  }
}
