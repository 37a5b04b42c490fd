package io.vivarium.engine;

import io.vivarium.client.ForkRequest;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.SpecRules;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.devices.DiskStatistics;
import io.vivarium.devices.NetStatistics;
import io.vivarium.images.agent.AgentCall;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import io.vivarium.library.SpecCodec;
import io.vivarium.machine.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The engine's API; the package's documentation tells what each method takes and answers. */
final class RpcMethods {
  /** Bytes in one event, so that its base64 fits a message. */
  private static final int BLOCK = 64 << 10;

  private static final long LONGEST_TIMEOUT_MILLIS = 24 * 3600_000L;
  private static final int MOST_ARGUMENTS = 4096;
  private static final int MOST_CELLS = 10_000;
  private static final long PAGE = 4096;

  private final Engine engine;
  private final EngineSnapshots snapshots;
  private final AutoSnapshots automatic;
  private final HostedVms vms;
  private final DeviceVerbs devices;

  RpcMethods(HostedVm vm, AutoSnapshots automatic, HostedVms vms) {
    this.automatic = automatic;
    this.engine = vm.engine();
    this.snapshots = vm.snapshots();
    this.vms = vms;
    this.devices = new DeviceVerbs(engine);
  }

  /** Whether a method takes its time, and gets a thread of its own. */
  boolean isLong(String method) {
    return switch (method) {
      case "exec",
          "stop",
          "snapshot.take",
          "snapshot.restore",
          "snapshot.switch",
          "agent.wait",
          "fork",
          "keep",
          "kill",
          "pause",
          "resume",
          "disk.grow",
          "network.publish" ->
          true;
      default -> false;
    };
  }

  /** The answer, or null when there is no such method. */
  @Nullable JsonObject call(
      RpcConnection client, @Nullable Object id, String method, JsonObject params)
      throws VivariumException, JsonException {
    switch (method) {
      case "info" -> {
        return info();
      }
      case "inspect" -> {
        return info()
            .put("network", devices.networkTrouble())
            .put("counters", counters())
            .put("devices", devices.statistics());
      }
      case "stats" -> {
        return stats();
      }
      case "subscribe" -> subscribe(client);
      case "pause" -> engine.pause();
      case "resume" -> engine.resume();
      case "stop" -> stop(client, id, params);
      case "agent.wait" -> engine.agent().awaitReady(client::closed);
      case "exec" -> {
        return exec(client, id, params);
      }
      case "exec.input" -> execInput(client, params);
      case "console.attach" -> attach(client);
      case "console.input" -> input(params);
      case "console.resize" ->
          engine
              .window()
              .tell(
                  (int) params.number("columns", 1, MOST_CELLS),
                  (int) params.number("rows", 1, MOST_CELLS));
      case "snapshot.take" -> {
        String note = params.optString("note");
        return snapshots.take(
            params.optString("name"),
            note == null ? "" : note,
            params.bool("automatic"),
            step -> progress(client, id, step));
      }
      case "snapshot.switch" -> {
        String note = params.optString("note");
        return snapshots.switchTo(
            params.string("id"),
            params.optString("name"),
            note == null ? "" : note,
            params.bool("automatic"),
            params.bool("end"),
            step -> progress(client, id, step));
      }
      case "disk.grow" ->
          devices.grow(
              (int) params.number("place", 0, SpecRules.MAX_DISKS - 1L),
              params.number("sizeBytes", 0, Long.MAX_VALUE));
      case "network.publish" -> devices.publish(SpecCodec.readPorts(params));
      case "network.capture" -> devices.capture(params.optString("file"));
      case "schedule.changed" -> automatic.changed();
      case "fork" -> {
        return fork(client, id, params);
      }
      case "keep" -> engine.keep();
      case "kill" -> {
        return kill();
      }
      case "snapshot.restore" -> snapshots.restore(params.string("id"));
      default -> {
        return null;
      }
    }
    return new JsonObject();
  }

  private static void progress(RpcConnection client, @Nullable Object id, String step) {
    client.event(
        "progress", new JsonObject().put("id", id).put("step", step).put("fraction", -1.0));
  }

  private JsonObject info() {
    return new JsonObject()
        .put("protocol", 1)
        .put("name", engine.spec().name())
        .put("state", engine.state())
        .put("reason", engine.reason())
        .put("pid", ProcessHandle.current().pid())
        .put("startedAt", engine.startedAt())
        .put("snapshot", Library.current(engine.folder()))
        .put("agentReady", engine.agent().ready());
  }

  private JsonObject counters() throws VivariumException {
    JsonObject counters = new JsonObject();
    engine.machine().counters().forEach(counters::put);
    return counters;
  }

  private JsonObject stats() throws VivariumException {
    VirtualMachine machine = engine.machine();
    return new JsonObject()
        .put("uptimeNanos", engine.uptimeNanos())
        .put("cpuNanos", machine.cpuNanos())
        .put("memoryBytes", engine.spec().memoryBytes())
        .put("guestUsedBytes", machine.devices().usedBytes())
        .put("residentBytes", residentBytes())
        .put("diskReadBytes", DeviceVerbs.disks(machine, DiskStatistics::readBytes))
        .put("diskWriteBytes", DeviceVerbs.disks(machine, DiskStatistics::writtenBytes))
        .put("netReceiveBytes", DeviceVerbs.networks(machine, NetStatistics::receivedBytes))
        .put("netSendBytes", DeviceVerbs.networks(machine, NetStatistics::sentBytes));
  }

  private static long residentBytes() {
    try {
      // proc(5), /proc/pid/statm: size resident shared text lib data dt, in pages.
      String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
      return Long.parseLong(pages[1]) * PAGE;
    } catch (IOException | NumberFormatException e) {
      return 0;
    }
  }

  private void subscribe(RpcConnection client) {
    Engine.StateListener listener = event -> client.event("state", event);
    engine.listen(listener);
    client.whenClosed(() -> engine.forget(listener));
  }

  private void stop(RpcConnection client, @Nullable Object id, JsonObject params)
      throws VivariumException, JsonException {
    long timeout = params.number("timeoutMillis", 0, LONGEST_TIMEOUT_MILLIS);
    CountDownLatch over = new CountDownLatch(1);
    Engine.StateListener listener =
        event -> {
          if (engine.isOver()) {
            over.countDown();
          }
        };
    engine.listen(listener);
    try {
      if (timeout > 0) {
        progress(client, id, "asking the guest to shut down");
        engine.askToStop();
        if (over.await(timeout, TimeUnit.MILLISECONDS)) {
          return;
        }
        progress(client, id, "the guest did not answer: ending it");
      }
      engine.end();
    } catch (InterruptedException e) {
      engine.end();
    } finally {
      engine.forget(listener);
    }
  }

  private JsonObject fork(RpcConnection client, @Nullable Object id, JsonObject params)
      throws VivariumException, JsonException {
    List<String> names = params.strings("names");
    if (names.isEmpty() || names.size() > ForkRequest.MOST) {
      throw new JsonException("field 'names' must have 1 to " + ForkRequest.MOST + " names");
    }
    for (String name : names) {
      String wrong = SpecRules.name(name);
      if (wrong != null) {
        throw new VivariumException(Kind.USAGE, wrong, "");
      }
    }
    String of = params.optString("source");
    MachineFolder source = of == null ? engine.folder() : Library.open(engine.home()).find(of);
    String snapshot = params.optString("snapshot");
    if (snapshot == null) {
      snapshot = snapshots.takeForFork(step -> progress(client, id, step));
    }
    vms.forks()
        .fork(
            vms,
            source,
            snapshot,
            names,
            params.bool("disposable"),
            running ->
                client.event(
                    "progress",
                    new JsonObject()
                        .put("id", id)
                        .put("step", "starting copies")
                        .put("fraction", running / (double) names.size())));
    return new JsonObject().put("snapshot", snapshot);
  }

  /** Ends this VM as it is, unless it is alone here: then the caller ends the process. */
  private JsonObject kill() {
    boolean alone = vms.count() <= 1;
    if (!alone) {
      engine.end();
    }
    return new JsonObject().put("alone", alone).put("pid", ProcessHandle.current().pid());
  }

  private JsonObject exec(RpcConnection client, @Nullable Object id, JsonObject params)
      throws VivariumException, JsonException {
    List<String> argv = params.strings("argv");
    if (argv.isEmpty() || argv.size() > MOST_ARGUMENTS) {
      throw new JsonException("field 'argv' must have 1 to " + MOST_ARGUMENTS + " strings");
    }
    if (!engine.agent().ready()) {
      if (engine.spec().image() == null) {
        throw new VivariumException(
            Kind.GUEST,
            "the guest of VM '" + engine.spec().name() + "' has no agent that answers",
            "Use its console: viv console " + engine.spec().name());
      }
      progress(client, id, "waiting for the guest to be ready");
      engine.agent().awaitReady(client::closed);
    }
    ExecInput input =
        id != null && Boolean.TRUE.equals(params.fields().get("input")) ? input(client, id) : null;
    try {
      int status =
          engine
              .agent()
              .exec(
                  argv,
                  input,
                  sink(client, id, "stdout"),
                  sink(client, id, "stderr"),
                  client::closed);
      return new JsonObject().put("exitStatus", status);
    } finally {
      if (id != null) {
        client.inputs().remove(id.toString());
      }
    }
  }

  private static ExecInput input(RpcConnection client, Object id) {
    ExecInput input =
        new ExecInput(
            bytes -> client.event("exec.room", new JsonObject().put("id", id).put("bytes", bytes)));
    client.inputs().put(id.toString(), input);
    return input;
  }

  /** Input for a command that has ended meanwhile is passed over. */
  private static void execInput(RpcConnection client, JsonObject params) throws JsonException {
    Object id = params.fields().get("id");
    ExecInput input = id == null ? null : client.inputs().get(id.toString());
    if (input != null && !input.offer(data(params))) {
      throw new JsonException("more input than there is room for");
    }
  }

  private static byte[] data(JsonObject params) throws JsonException {
    try {
      return Base64.getDecoder().decode(params.string("data"));
    } catch (IllegalArgumentException e) {
      throw new JsonException("field 'data' is not base64");
    }
  }

  private static AgentCall.Output sink(RpcConnection client, @Nullable Object id, String stream) {
    return (data, offset, length) -> {
      for (int from = 0; from < length; from += BLOCK) {
        int start = offset + from;
        byte[] block = Arrays.copyOfRange(data, start, start + Math.min(BLOCK, length - from));
        client.event(
            "exec.output",
            new JsonObject().put("id", id).put("stream", stream).put("data", base64(block)));
      }
    };
  }

  private void attach(RpcConnection client) {
    ConsoleHub.Client sink = block -> sendConsole(client, block);
    engine.console().attach(sink);
    client.whenClosed(() -> engine.console().detach(sink));
  }

  private static void sendConsole(RpcConnection client, byte[] data) {
    for (int from = 0; from < data.length; from += BLOCK) {
      byte[] block = Arrays.copyOfRange(data, from, Math.min(data.length, from + BLOCK));
      client.event("console.output", new JsonObject().put("data", base64(block)));
    }
  }

  private void input(JsonObject params) throws VivariumException, JsonException {
    byte[] data = data(params);
    try {
      engine.machine().serial(0).send(data, 0, data.length);
    } catch (InterruptedException e) {
      throw new VivariumException(Kind.WRONG_STATE, "the console is closed", "", e);
    }
  }

  private static String base64(byte[] data) {
    return Base64.getEncoder().encodeToString(data);
  }
}
