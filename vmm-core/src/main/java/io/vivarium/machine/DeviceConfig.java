package io.vivarium.machine;

import io.vivarium.images.disk.Disk;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The virtio devices of a machine. A machine with any of them has a PCI bus, and an entropy device
 * on it; without, it has neither, as looking for them costs seconds where ring 0 is interpreted.
 *
 * <p>A restore is handed the same configuration that the saved machine was built from: device ids
 * (by kind and place in these lists) and the number of console ports must be those of the saved
 * state, else it is refused. What is behind a device (the file of a disk, the socket of a network)
 * may be another; where a disk is larger now, {@link MachineDevices#diskResized} tells the guest.
 *
 * @param disks in order: vda, vdb...; at most {@value #MAX_DISKS}
 * @param networks in order: eth0, eth1...; at most {@value #MAX_NETWORKS}
 * @param consolePorts names of byte streams, which the guest finds as {@code
 *     /dev/virtio-ports/NAME}; at most {@value #MAX_PORTS}, each of 1 to 60 characters of {@code
 *     [A-Za-z0-9._-]}
 * @param balloon whether there is a memory balloon, with statistics and free page reporting
 * @param vsock or null
 */
public record DeviceConfig(
    List<DiskConfig> disks,
    List<NetworkConfig> networks,
    List<String> consolePorts,
    boolean balloon,
    @Nullable VsockConfig vsock) {
  public static final int MAX_DISKS = 16;
  public static final int MAX_NETWORKS = 8;
  public static final int MAX_PORTS = 15;

  /** No PCI bus, no virtio. */
  public static final DeviceConfig NONE =
      new DeviceConfig(List.of(), List.of(), List.of(), false, null);

  /**
   * A disk. It stays the caller's, who opens it before (see {@link HostDisks}) and closes it after
   * the machine is closed; one machine may follow another on the same open disk.
   *
   * @param serial at most 20 ASCII characters, for {@code /dev/disk/by-id}
   * @param queues 1 to {@value #MAX_QUEUES}, each served by a thread of its own
   */
  public record DiskConfig(Disk disk, String serial, int queues) {
    public static final int MAX_QUEUES = 8;

    /** How many pay: one for each processor of the guest's that may ask. */
    public static int queues(int cpus) {
      return Math.min(cpus, MAX_QUEUES);
    }

    public DiskConfig {
      check(queues >= 1 && queues <= MAX_QUEUES, "a disk of %d queues".formatted(queues));
      check(serial.matches("[ -~]{0,20}"), "a disk's serial '%s'".formatted(serial));
    }
  }

  /**
   * A network interface.
   *
   * @param mac as {@code 52:54:00:12:34:56}; not a group address
   * @param mtu 1280 to 65,520 bytes
   * @param capture pcap file that is written anew from the machine's start, or null
   */
  public record NetworkConfig(String mac, int mtu, NetworkBackend backend, @Nullable Path capture) {
    public NetworkConfig {
      check(mac.matches("(?i)[0-9a-f][02468ace](:[0-9a-f]{2}){5}"), "a MAC address " + mac);
      check(mtu >= 1280 && mtu <= 65520, "an MTU of " + mtu);
    }

    byte[] macBytes() {
      return HexFormat.ofDelimiter(":").parseHex(mac);
    }
  }

  /**
   * Sockets between guest and host by Firecracker's convention: a program of the host connects to
   * {@code socket} and writes {@code CONNECT port\n}; a guest's connection to the host's port P
   * reaches the listener at {@code socket_P}.
   *
   * @param cid the guest's context id, 3 to 2^32 - 2
   */
  public record VsockConfig(long cid, Path socket) {
    public VsockConfig {
      check(cid >= 3 && cid < 0xffff_ffffL, "a context id of " + cid);
    }
  }

  public DeviceConfig {
    disks = List.copyOf(disks);
    networks = List.copyOf(networks);
    consolePorts = List.copyOf(consolePorts);
    check(disks.size() <= MAX_DISKS, disks.size() + " disks");
    check(networks.size() <= MAX_NETWORKS, networks.size() + " network interfaces");
    check(consolePorts.size() <= MAX_PORTS, consolePorts.size() + " console ports");
    for (String port : consolePorts) {
      check(port.matches("[A-Za-z0-9._-]{1,60}"), "a console port named '%s'".formatted(port));
    }
  }

  /** Whether there is any device. */
  boolean isEmpty() {
    return disks.isEmpty()
        && networks.isEmpty()
        && consolePorts.isEmpty()
        && !balloon
        && vsock == null;
  }

  private static void check(boolean good, String what) {
    if (!good) {
      throw new IllegalArgumentException("a machine cannot have " + what);
    }
  }
}
