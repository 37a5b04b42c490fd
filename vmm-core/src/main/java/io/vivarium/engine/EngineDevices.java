package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.PortSpec;
import io.vivarium.engine.protocol.SocketPaths;
import io.vivarium.images.agent.AgentProtocol;
import io.vivarium.library.DiskLayers;
import io.vivarium.library.Failures;
import io.vivarium.library.Home;
import io.vivarium.library.MachineFolder;
import io.vivarium.machine.DeviceConfig;
import io.vivarium.machine.DeviceConfig.DiskConfig;
import io.vivarium.machine.DeviceConfig.VsockConfig;
import io.vivarium.machine.MachineDevices;
import io.vivarium.machine.VirtualMachine;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What stands behind the devices of a VM's machines: open disk files, and a network. */
final class EngineDevices implements AutoCloseable {
  private final EngineDisks disks;
  private final EngineNetwork network;
  private final DeviceConfig config;

  /** Each VM's sockets are its own, so all may have the same context id. */
  private static final long GUEST_CID = 3;

  /** Versions of a VM's spec since which a machine with a bus has these. */
  private static final int BALLOON_AND_VSOCK = 2;

  private static final int AGENT_STREAMS = 3;
  private static final int DISK_QUEUES = 4;

  private EngineDevices(EngineDisks disks, EngineNetwork network, DeviceConfig config) {
    this.disks = disks;
    this.network = network;
    this.config = config;
  }

  /**
   * Opens all that a VM needs, or nothing.
   *
   * @param before what the VM has now, when it is put back to a snapshot; or null
   */
  static EngineDevices open(
      Home home, MachineFolder folder, VmSpec spec, @Nullable EngineDevices before)
      throws VivariumException {
    List<PortSpec> ours = before == null ? List.of() : before.network.ports();
    EngineNetwork network = new EngineNetwork(home, folder, spec);
    network.check(ours);
    EngineDisks disks = EngineDisks.open(spec.name(), new DiskLayers(folder.path()), spec.disks());
    try {
      List<DiskConfig> ofDisks =
          disks.config(spec.version() >= DISK_QUEUES ? DiskConfig.queues(spec.cpus()) : 1);
      DeviceConfig config =
          new DeviceConfig(ofDisks, network.config(before != null), List.of(), false, null);
      // A bus for these alone is not worth what looking for it costs where ring 0 is interpreted.
      if (spec.version() >= BALLOON_AND_VSOCK && !config.equals(DeviceConfig.NONE)) {
        VsockConfig vsock = new VsockConfig(GUEST_CID, SocketPaths.place(folder.vsock()));
        List<String> streams = spec.version() >= AGENT_STREAMS ? AgentProtocol.STREAMS : List.of();
        config = new DeviceConfig(ofDisks, config.networks(), streams, true, vsock);
      }
      return new EngineDevices(disks, network, config);
    } catch (IOException e) {
      disks.close();
      throw Failures.explain("VM '" + spec.name() + "' cannot have its network", e);
    }
  }

  DeviceConfig config() {
    return config;
  }

  EngineDisks disks() {
    return disks;
  }

  EngineNetwork network() {
    return network;
  }

  /** Puts them behind a machine that was made of {@link #config}. */
  void connect(VirtualMachine machine, MachineDevices.Listener listener) {
    machine.devices().listen(listener);
    network.connect(machine);
  }

  /** Takes them from a machine that is about to be closed. */
  void disconnect() {
    network.disconnect();
  }

  @Override
  public void close() {
    network.close();
    disks.close();
  }
}
