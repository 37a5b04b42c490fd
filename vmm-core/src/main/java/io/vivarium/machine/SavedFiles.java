package io.vivarium.machine;

import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.devices.BadStateException;
import io.vivarium.devices.Device;
import io.vivarium.memory.DamagedMemoryException;
import io.vivarium.memory.MemoryMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The files of a saved machine in a folder: {@code state.json} (a {@link MachineState} and a record
 * for each device) and the map of its memory, which vouches for it.
 */
final class SavedFiles {
  static final String STATE = MemoryMap.STATE;

  private static final long MAX_STATE_BYTES = 64 << 20;

  private SavedFiles() {}

  /** What a machine's devices are like, each in a record that does not change any more. */
  record DeviceStates(Map<String, Record> byId) {
    static DeviceStates of(List<Device<?>> devices) {
      Map<String, Record> states = new LinkedHashMap<>();
      for (Device<?> device : devices) {
        states.put(device.id(), device.save());
      }
      return new DeviceStates(states);
    }
  }

  /** Writes the state file, durably. Returns its content. */
  static byte[] write(Path folder, MachineState machine, DeviceStates devices) throws IOException {
    JsonObject saved = new JsonObject();
    devices.byId().forEach((id, state) -> saved.put(id, RecordCodec.write(state)));
    JsonObject all =
        new JsonObject().put("machine", RecordCodec.write(machine)).put("devices", saved);
    ByteBuffer state = ByteBuffer.wrap(Json.write(all).getBytes(StandardCharsets.UTF_8));
    try (FileChannel file =
        FileChannel.open(
            folder.resolve(STATE), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      while (state.hasRemaining()) {
        file.write(state);
      }
      file.force(true);
    }
    return state.array();
  }

  /** A state file that was read and whose checksum is right; its contents are still hostile. */
  record Opened(MachineState machine, JsonObject devices, MemoryMap memory, Path file) {
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

  /** Opens and checks all but the memory layers. */
  static Opened open(Path folder) throws IOException, BadSnapshotException {
    Path file = folder.resolve(STATE);
    try {
      MemoryMap memory = MemoryMap.read(folder);
      if (!Files.isRegularFile(file)) {
        throw new BadSnapshotException(file + " is missing.");
      }
      if (Files.size(file) > MAX_STATE_BYTES) {
        throw new BadSnapshotException(file + " is too large to be a machine's state.");
      }
      byte[] state = Files.readAllBytes(file);
      memory.checkState(file, state);
      return parse(file, state, memory);
    } catch (DamagedMemoryException e) {
      throw new BadSnapshotException(String.valueOf(e.getMessage()), e);
    }
  }

  private static Opened parse(Path file, byte[] state, MemoryMap memory)
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
      if (machine.memoryBytes() != memory.ramBytes()) {
        throw new BadSnapshotException(
            "%s tells of %d bytes of memory, %s of %d."
                .formatted(file, machine.memoryBytes(), MemoryMap.NAME, memory.ramBytes()));
      }
      GuestRam.checkSize(machine.memoryBytes());
      return new Opened(machine, all.object("devices"), memory, file);
    } catch (JsonException | IllegalArgumentException e) {
      throw new BadSnapshotException("%s: %s.".formatted(file, e.getMessage()), e);
    }
  }
}
