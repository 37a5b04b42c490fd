package io.vivarium.engine;

import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.VmSpec;
import io.vivarium.engine.protocol.Frames;
import io.vivarium.library.DurableFiles;
import io.vivarium.library.EngineStatus;
import io.vivarium.library.MachineFolder;
import io.vivarium.library.SpecCodec;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the build runs to make the engine's AOT cache: an engine's life with a guest of a few
 * instructions. Where there is no {@code /dev/kvm} the start fails, and what was loaded until then
 * is in the cache.
 */
public final class EngineTraining {
  private static final long MEMORY = 64L << 20;
  private static final int MOST_LOOKS = 500;

  private EngineTraining() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    Path home = Files.createTempDirectory("viv-training");
    MachineFolder folder = new MachineFolder(home.resolve("machines").resolve("trained"));
    Files.createDirectories(folder.run());
    Files.createDirectories(folder.snapshots());
    Path kernel = home.resolve("kernel");
    Files.write(kernel, TrainingGuest.elf());
    VmSpec spec =
        new VmSpec(
            VmSpec.VERSION,
            "trained",
            null,
            kernel.toString(),
            null,
            null,
            MEMORY,
            1,
            List.of(),
            List.of(),
            "none",
            false);
    Files.write(folder.spec(), Json.write(SpecCodec.write(spec)).getBytes(StandardCharsets.UTF_8));
    Thread client = new Thread(() -> use(folder), "client");
    client.start();
    live(home, folder, "--boot");
    client.join();
    try (var snapshots = Files.newDirectoryStream(folder.snapshots())) {
      for (Path snapshot : snapshots) {
        Thread other = new Thread(() -> use(folder), "client");
        other.start();
        live(home, folder, "--restore", snapshot.toString());
        other.join();
        break;
      }
    }
    DurableFiles.deleteTree(home);
    System.exit(0);
  }

  private static void live(Path home, MachineFolder folder, String... how) throws IOException {
    Files.deleteIfExists(folder.status());
    String[] arguments = new String[4 + how.length];
    arguments[0] = "--home";
    arguments[1] = home.toString();
    arguments[2] = "--folder";
    arguments[3] = folder.path().toString();
    System.arraycopy(how, 0, arguments, 4, how.length);
    try (FileOutputStream starter = new FileOutputStream("/dev/null")) {
      new EngineMain(
              EngineArguments.parse(arguments), new KvmMachines(), EngineMain.MINUTE, starter)
          .run();
    }
  }

  /** What clients do: look, attach, run something, take a snapshot, end it. */
  private static void use(MachineFolder folder) {
    try {
      if (!awaitRunning(folder)) {
        return;
      }
      call(folder, "agent.wait", new JsonObject());
      call(folder, "console.attach", new JsonObject());
      call(folder, "inspect", new JsonObject());
      call(folder, "stats", new JsonObject());
      ask(folder, "exec", new JsonObject().put("argv", List.of("echo", "ok")), false);
      call(folder, "snapshot.take", new JsonObject());
    } catch (IOException | JsonException | InterruptedException e) {
      EngineLog.say("training: " + e.getMessage());
    } finally {
      try {
        call(folder, "stop", new JsonObject().put("timeoutMillis", 0));
      } catch (IOException | JsonException e) {
        EngineLog.say("training: " + e.getMessage());
      }
    }
  }

  private static boolean awaitRunning(MachineFolder folder) throws InterruptedException {
    for (int i = 0; i < MOST_LOOKS; i++) {
      EngineStatus status = EngineStatus.read(folder.status());
      if (status != null) {
        switch (status.state()) {
          case RUNNING -> {
            return true;
          }
          case CRASHED -> {
            return false;
          }
          default -> {}
        }
      }
      Thread.sleep(20);
    }
    return false;
  }

  private static void call(MachineFolder folder, String method, JsonObject params)
      throws IOException, JsonException {
    ask(folder, method, params, true);
  }

  /** Without {@code wait} the client goes away at once: this guest's agent never answers. */
  private static void ask(MachineFolder folder, String method, JsonObject params, boolean wait)
      throws IOException, JsonException {
    try (Frames frames =
        new Frames(SocketChannel.open(UnixDomainSocketAddress.of(folder.socket())))) {
      frames.send(
          new JsonObject()
              .put("jsonrpc", "2.0")
              .put("id", 1)
              .put("method", method)
              .put("params", params));
      JsonObject answer = wait ? frames.receive() : null;
      while (answer != null && answer.optString("method") != null) {
        answer = frames.receive();
      }
    }
  }
}
