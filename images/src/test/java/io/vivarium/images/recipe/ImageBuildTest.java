package io.vivarium.images.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.images.store.ImageStore;
import io.vivarium.images.store.StoredImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * However a build of an image ends, it says why and what to do, leaves nothing half made, and the
 * next one goes on from what was fetched. Real processes; the packages come from {@link
 * FakeDebian}.
 */
@Timeout(300) // of some ten processes each, on a machine that is busy
final class ImageBuildTest {
  /** Builds that are killed; more by {@code -Dvivarium.kills=200}. */
  private static final int KILLS = Integer.getInteger("vivarium.kills", 5);

  @TempDir Path folder;
  private Path home;
  private FakeDebian debian;

  @BeforeEach
  void prepare() throws IOException {
    home = folder.resolve("home");
    debian = new FakeDebian(folder.resolve("debian"), home.resolve("cache"));
  }

  private Process start(String... callOffAt) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(BuildMain.class.getName(), home.toString()));
    command.addAll(List.of(callOffAt));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("PATH", debian.path());
    builder.redirectErrorStream(true);
    return builder.start();
  }

  /** What a process says until it ends. */
  private static List<String> said(Process process) throws Exception {
    List<String> lines = new ArrayList<>();
    try (BufferedReader out = reader(process)) {
      for (String line; (line = out.readLine()) != null; ) {
        lines.add(line);
      }
    }
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return lines;
  }

  private static BufferedReader reader(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private String build(String... callOffAt) throws Exception {
    return said(start(callOffAt)).getLast();
  }

  private void nothingHalfMade() throws IOException {
    assertThat(home.resolve("images/tmp")).doesNotExist();
    Path names = home.resolve("images/names");
    assertThat(Files.isDirectory(names) ? children(names) : List.of()).isEmpty();
    Path stored = home.resolve("images/sha256");
    assertThat(Files.isDirectory(stored) ? children(stored) : List.of()).isEmpty();
  }

  private static List<String> children(Path at) throws IOException {
    try (Stream<Path> all = Files.list(at)) {
      return all.map(path -> String.valueOf(path.getFileName())).toList();
    }
  }

  private void builds() throws Exception {
    assertThat(build()).startsWith("built sha256:");
    ImageStore store = new ImageStore(home);
    StoredImage image = store.get("debian-tiny");
    store.verify(image);
    assertThat(home.resolve("images/tmp")).doesNotExist();
    assertThat(children(home.resolve("images/sha256"))).hasSize(1);
    assertThat(children(home.resolve("cache/packages/partial"))).isEmpty();
  }

  @Test
  void whatIsCalledOffAtAnyStepGoesOnFromThere() throws Exception {
    for (String step :
        List.of("updating", "fetching busybox", "fetching linux", "unpacking", "packing")) {
      assertThat(build(step))
          .as(step)
          .startsWith("failed CANCELLED: Building image debian-tiny was called off.")
          .contains("What was fetched is kept");
      nothingHalfMade();
    }
    builds();
    assertThat(debian.downloads())
        .as("what is whole is not fetched again")
        .containsExactly("busybox-static", FakeDebian.KERNEL);
  }

  /** As by Ctrl+C, and by the end of a session. */
  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void aSignalLetsItUndoWhatItBegan(String signal) throws Exception {
    assumeTrue(!signal.equals("INT") || !ignoresInt(), "whoever runs the tests ignores SIGINT");
    debian.behave("stuck");
    Process build = start();
    try (BufferedReader out = reader(build)) {
      String line = out.readLine();
      while (line != null && !line.endsWith("stable/main busybox-static")) {
        line = out.readLine();
      }
      List<ProcessHandle> tools = build.descendants().toList();
      assertThat(tools).as("apt-get is at work").isNotEmpty();
      new ProcessBuilder("kill", "-" + signal, Long.toString(build.pid())).start().waitFor();
      StringBuilder rest = new StringBuilder();
      while ((line = out.readLine()) != null) {
        rest.append(line).append('\n');
      }
      assertThat(build.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(rest).contains("Called off. What was fetched is kept");
      assertThat(tools).noneMatch(ProcessHandle::isAlive);
    }
    nothingHalfMade();
    debian.behave("well");
    builds();
  }

  /** So do shells for what they run in the background, and Java for its children then. */
  private static boolean ignoresInt() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      String mask = lines.filter(line -> line.startsWith("SigIgn:")).findFirst().orElseThrow();
      return (Long.parseUnsignedLong(mask.replaceFirst("SigIgn:\\s*", ""), 16) & 2) != 0;
    }
  }

  @Test
  void aKilledOneIsMadeGoodByTheNext() throws Exception {
    Random random = new Random(3);
    long began = System.nanoTime();
    builds();
    long whole = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    String digest = new ImageStore(home).get("debian-tiny").manifest().files().toString();
    for (int i = 0; i < KILLS; i++) {
      io.vivarium.images.store.StoreFiles.deleteTree(home);
      Process build = start();
      build.waitFor(random.nextLong(whole) + 1, TimeUnit.MILLISECONDS);
      build.destroyForcibly();
      assertThat(build.waitFor(60, TimeUnit.SECONDS)).isTrue();
      // Whatever is there by a name is whole.
      ImageStore store = new ImageStore(home);
      for (StoredImage image : store.list()) {
        store.verify(image);
      }
      builds();
      assertThat(store.get("debian-tiny").manifest().files().toString()).isEqualTo(digest);
    }
  }

  @Test
  void withoutANetworkItSaysSoAndGoesOnLater() throws Exception {
    debian.behave("unreachable");
    assertThat(build())
        .startsWith("failed NOT_FOUND: Package busybox-static is not to be had")
        .contains("Could not resolve 'deb.example'")
        .contains("Check the network");
    nothingHalfMade();
    debian.behave("well");
    builds();
  }

  @Test
  void withoutANetworkOlderListsAndPackagesDo() throws Exception {
    builds();
    debian.behave("unreachable");
    builds();
    io.vivarium.images.store.StoreFiles.deleteTree(home.resolve("cache/packages"));
    assertThat(build())
        .startsWith("failed HOST: Package busybox-static could not be fetched")
        .contains("Could not connect")
        .contains("Check the network");
    assertThat(new ImageStore(home).get("debian-tiny")).as("the older image stays").isNotNull();
    debian.behave("well");
    builds();
  }

  @Test
  void aPackageOfAnotherDigestIsRefused() throws Exception {
    debian.behave("foreign");
    assertThat(build())
        .startsWith("failed HOST: Package busybox-static could not be fetched")
        .contains("SHA256")
        .contains("build again");
    nothingHalfMade();
    debian.behave("well");
    builds();
    // And one that changed on this host's disk is fetched again.
    for (String name : children(home.resolve("cache/packages"))) {
      if (name.endsWith(".deb")) {
        Files.writeString(home.resolve("cache/packages").resolve(name), "other");
      }
    }
    int before = debian.downloads().size();
    builds();
    assertThat(debian.downloads()).hasSizeGreaterThan(before);
  }

  /** On file systems of one size after the other, until it fits. */
  @Test
  void onAFullDiskItSaysSoAndGoesOnWithMore() throws Exception {
    Files.createDirectories(home);
    assumeTrue(mount("-t", "tmpfs", "-o", "size=64k", "none", home.toString()), "needs root");
    try {
      int full = 0;
      String last = build();
      for (int kib = 128; !last.startsWith("built"); kib *= 2) {
        assertThat(last).startsWith("failed HOST").contains("ree some disk space");
        nothingHalfMade();
        full++;
        assertThat(mount("-o", "remount,size=" + kib + "k", home.toString())).isTrue();
        last = build();
        assertThat(kib).isLessThan(64 << 10);
      }
      assertThat(full).isGreaterThan(5);
      ImageStore store = new ImageStore(home);
      store.verify(store.get("debian-tiny"));
    } finally {
      // Also while a process that was given up still writes there.
      new ProcessBuilder("umount", "--lazy", home.toString()).start().waitFor();
    }
  }

  private static boolean mount(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("mount"));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).start().waitFor() == 0;
  }
}
