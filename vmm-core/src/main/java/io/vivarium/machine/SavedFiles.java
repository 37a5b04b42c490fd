package io.vivarium.machine;

import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.devices.BadStateException;
import io.vivarium.devices.Device;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The files of a saved machine in a folder: {@code state.json} (a {@link MachineState} and a record
 * for each device), {@code memory}, {@code memory.sums}.
 */
final class SavedFiles {
  static final String STATE = "state.json";

  private static final long MAX_STATE_BYTES = 64 << 20;

  private SavedFiles() {}

  /** Writes all but the checksums. The machine must be paused. */
  static VirtualMachine.SavedMachine write(
      Path folder, MachineState machine, List<Device<?>> devices, GuestRam ram) throws IOException {
    JsonObject saved = new JsonObject();
    for (Device<?> device : devices) {
      saved.put(device.id(), RecordCodec.write(device.save()));
    }
    JsonObject all =
        new JsonObject().put("machine", RecordCodec.write(machine)).put("devices", saved);
    byte[] state = Json.write(all).getBytes(StandardCharsets.UTF_8);
    Files.write(folder.resolve(STATE), state, StandardOpenOption.CREATE_NEW);
    MemoryFile.write(folder, ram);
    return () -> sync(folder, state);
  }

  private static void sync(Path folder, byte[] state) throws IOException {
    MemorySums.of(folder, state).write(folder);
    for (String name : List.of(STATE, MemoryFile.NAME)) {
      try (FileChannel file = FileChannel.open(folder.resolve(name), StandardOpenOption.WRITE)) {
        file.force(true);
      }
    }
  }

  /** A state file that was read and whose checksum is right; its contents are still hostile. */
  record Opened(MachineState machine, JsonObject devices, MemorySums sums, Path file) {
    /** Gives each device its state; no device may be left over on either side. */
    void restore(List<Device<?>> all) throws BadSnapshotException {
      Set<String> unknown = new HashSet<>(devices.fields().keySet());
      for (Device<?> device : all) {
        unknown.remove(device.id());
        restore(device);
      }
      if (!unknown.isEmpty()) {
        throw new BadSnapshotException(
            "%s has a device %s, which this machine has not.".formatted(file, unknown));
      }
    }

    private <S extends Record> void restore(Device<S> device) throws BadSnapshotException {
      String where = "%s: device %s".formatted(file, device.id());
      if (!(devices.fields().get(device.id()) instanceof JsonObject json)) {
        throw new BadSnapshotException(where + " is missing.");
      }
      try {
        device.restore(RecordCodec.read(where, json, device.stateType()));
      } catch (BadStateException e) {
        throw new BadSnapshotException("%s: %s.".formatted(file, e.getMessage()), e);
      }
    }
  }

  /** Opens and checks all but the memory file's contents. */
  static Opened open(Path folder) throws IOException, BadSnapshotException {
    Path file = folder.resolve(STATE);
    MemorySums sums = MemorySums.read(folder);
    sums.verifySize(folder);
    if (!Files.isRegularFile(file)) {
      throw new BadSnapshotException(file + " is missing.");
    }
    if (Files.size(file) > MAX_STATE_BYTES) {
      throw new BadSnapshotException(file + " is too large to be a machine's state.");
    }
    byte[] state = Files.readAllBytes(file);
    sums.verifyState(file, state);
    return parse(file, state, sums);
  }

  private static Opened parse(Path file, byte[] state, MemorySums sums)
      throws BadSnapshotException {
    try {
      JsonObject all = Json.parse(state);
      JsonObject machineJson = all.object("machine");
      long version = machineJson.number("version", 0, Integer.MAX_VALUE);
      if (version != MachineState.VERSION) {
        throw new BadSnapshotException(
            "%s has version %d; this program reads %d."
                .formatted(file, version, MachineState.VERSION));
      }
      MachineState machine = RecordCodec.read(file + ": machine", machineJson, MachineState.class);
      int cpus = machine.vcpus().size();
      if (cpus < 1 || cpus > 254) {
        throw new BadSnapshotException("%s has %d vCPUs.".formatted(file, cpus));
      }
      if (machine.memoryBytes() != sums.memoryBytes()) {
        throw new BadSnapshotException(
            "%s tells of %d bytes of memory, %s of %d."
                .formatted(file, machine.memoryBytes(), MemorySums.NAME, sums.memoryBytes()));
      }
      GuestRam.checkSize(machine.memoryBytes());
      return new Opened(machine, all.object("devices"), sums, file);
    } catch (JsonException | IllegalArgumentException e) {
      throw new BadSnapshotException("%s: %s.".formatted(file, e.getMessage()), e);
    }
  }
}
