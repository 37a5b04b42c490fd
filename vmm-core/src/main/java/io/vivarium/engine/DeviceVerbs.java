package io.vivarium.engine;

import io.vivarium.client.Disks;
import io.vivarium.client.JsonObject;
import io.vivarium.client.SpecRules;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.PortSpec;
import io.vivarium.devices.DiskStatistics;
import io.vivarium.devices.NetStatistics;
import io.vivarium.library.Failures;
import io.vivarium.machine.MachineDevices;
import io.vivarium.machine.VirtualMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** What the engine's API does to the devices of its machine, and tells of them. */
final class DeviceVerbs {
  private final Engine engine;

  DeviceVerbs(Engine engine) {
    this.engine = engine;
  }

  /** The sum of a counter over all disks. */
  static long disks(VirtualMachine machine, ToLongFunction<DiskStatistics> counter) {
    MachineDevices devices = machine.devices();
    long sum = 0;
    for (int i = 0; i < devices.disks(); i++) {
      sum += counter.applyAsLong(devices.disk(i));
    }
    return sum;
  }

  /** The sum of a counter over all networks. */
  static long networks(VirtualMachine machine, ToLongFunction<NetStatistics> counter) {
    MachineDevices devices = machine.devices();
    long sum = 0;
    for (int i = 0; i < devices.networks(); i++) {
      sum += counter.applyAsLong(devices.network(i));
    }
    return sum;
  }

  /** Why the guest has no network, or null. */
  @Nullable String networkTrouble() throws VivariumException {
    return engine.devices().network().trouble();
  }

  JsonObject statistics() throws VivariumException {
    MachineDevices devices = engine.machine().devices();
    List<JsonObject> disks = new ArrayList<>();
    for (int i = 0; i < devices.disks(); i++) {
      DiskStatistics disk = devices.disk(i);
      disks.add(
          new JsonObject()
              .put("name", Disks.guestName(i))
              .put("readBytes", disk.readBytes())
              .put("writtenBytes", disk.writtenBytes())
              .put("reads", disk.reads())
              .put("writes", disk.writes())
              .put("flushes", disk.flushes())
              .put("failures", disk.failures()));
    }
    List<JsonObject> networks = new ArrayList<>();
    for (int i = 0; i < devices.networks(); i++) {
      NetStatistics network = devices.network(i);
      networks.add(
          new JsonObject()
              .put("name", "eth" + i)
              .put("sentFrames", network.sentFrames())
              .put("sentBytes", network.sentBytes())
              .put("sendDrops", network.sendDrops())
              .put("receivedFrames", network.receivedFrames())
              .put("receivedBytes", network.receivedBytes())
              .put("receiveDrops", network.receiveDrops()));
    }
    return new JsonObject().put("disks", disks).put("networks", networks);
  }

  /** The file first, then the spec, then the guest hears of it. */
  void grow(int place, long bytes) throws VivariumException {
    refuse(SpecRules.diskSize(bytes));
    engine.whileUnchanged(
        machine -> {
          EngineDisks disks = engine.devices().disks();
          VmSpec spec = engine.spec();
          if (place >= disks.specs().size() || bytes < disks.specs().get(place).sizeBytes()) {
            refuse("disk " + Disks.guestName(place) + " cannot have " + bytes + " bytes");
          }
          try {
            disks.grow(place, bytes);
          } catch (IOException e) {
            throw Failures.explain("disk " + Disks.guestName(place) + " cannot grow", e);
          }
          engine.rewrite(spec.withDisks(disks.specs()));
          machine.devices().diskResized(place);
          return spec;
        });
  }

  void publish(List<PortSpec> ports) throws VivariumException {
    refuse(SpecRules.ports(ports, engine.spec().network()));
    engine.whileUnchanged(
        machine -> {
          engine.devices().network().publish(ports);
          engine.rewrite(engine.spec().withNetwork(engine.spec().network(), ports));
          return ports;
        });
  }

  void capture(@Nullable String file) throws VivariumException {
    MachineDevices devices = engine.machine().devices();
    if (devices.networks() == 0) {
      throw new VivariumException(
          Kind.WRONG_STATE, "VM '" + engine.spec().name() + "' has no network to capture", "");
    }
    try {
      devices.capture(0, file == null ? null : Path.of(file));
    } catch (IOException e) {
      throw Failures.explain("packets cannot be captured into " + file, e);
    }
  }

  private static void refuse(@Nullable String wrong) throws VivariumException {
    if (wrong != null) {
      throw new VivariumException(Kind.USAGE, wrong, "");
    }
  }
}
