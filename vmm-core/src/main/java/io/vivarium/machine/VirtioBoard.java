package io.vivarium.machine;

import io.vivarium.acpi.PciSpace;
import io.vivarium.devices.Device;
import io.vivarium.devices.DiskStatistics;
import io.vivarium.devices.NetStatistics;
import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.devices.pci.PciHostBridge;
import io.vivarium.devices.pci.VirtioPci;
import io.vivarium.devices.virtio.BalloonStatistics;
import io.vivarium.devices.virtio.VirtioBalloon;
import io.vivarium.devices.virtio.VirtioDevice;
import io.vivarium.devices.virtio.VirtioRng;
import io.vivarium.devices.virtio.block.BlockEvents;
import io.vivarium.devices.virtio.block.VirtioBlock;
import io.vivarium.devices.virtio.console.VirtioConsole;
import io.vivarium.devices.virtio.vsock.VirtioVsock;
import io.vivarium.devices.virtio.vsock.VsockUnix;
import io.vivarium.kvm.KvmVm;
import io.vivarium.linux.ErrnoException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The PCI bus of a machine with its virtio devices, and the threads that serve them: one for each
 * disk, so that a slow one holds up no other, one for each network, one for the rest.
 *
 * <p>Each device has its slot, whatever else there is, so it is the same one after a restore.
 */
final class VirtioBoard implements MachineDevices, AutoCloseable {
  private static final int RNG_SLOT = 1;
  private static final int BALLOON_SLOT = 2;
  private static final int VSOCK_SLOT = 3;
  private static final int CONSOLE_SLOT = 4;
  private static final int NETWORK_SLOT = 8;
  private static final int DISK_SLOT = 16;

  private final String name;
  private final KvmVm vm;
  private final GuestRam ram;
  private final MessageInterrupts interrupts;
  private final KickThread common;
  private final PciHostBridge bridge =
      new PciHostBridge("pci", PciSpace.WINDOW, PciSpace.WINDOW_SIZE);
  private final List<Device<?>> devices = new ArrayList<>(List.of(bridge));
  private final List<KickThread> threads = new ArrayList<>();
  private final List<VirtioBlock> disks = new ArrayList<>();
  private final List<NetworkCard> networks = new ArrayList<>();
  private final List<String> portNames = new ArrayList<>();
  private final List<PortLink> ports = new ArrayList<>();
  private @Nullable VirtioBalloon balloon;
  private @Nullable VsockUnix vsock;
  private volatile Listener listener = new Listener() {};

  private VirtioBoard(String name, KvmVm vm, GuestRam ram) throws ErrnoException {
    this.name = name;
    this.vm = vm;
    this.ram = ram;
    this.interrupts = new MessageInterrupts(vm);
    this.common = thread("devices");
  }

  /**
   * Builds all devices, which do not run yet.
   *
   * @param name the machine's, for threads
   * @throws IOException when a network or a socket cannot be had
   */
  static VirtioBoard build(String name, DeviceConfig config, KvmVm vm, GuestRam ram)
      throws IOException {
    VirtioBoard board = new VirtioBoard(name, vm, ram);
    try {
      board.addAll(config, ram.memory());
      return board;
    } catch (IOException | RuntimeException e) {
      board.close();
      throw e;
    }
  }

  private void addAll(DeviceConfig config, GuestMemory memory) throws IOException {
    SecureRandom random = new SecureRandom();
    add(RNG_SLOT, new VirtioRng("rng0", memory, random::nextBytes), common);
    if (config.balloon()) {
      balloon = new VirtioBalloon("balloon0", memory, ram::reclaim);
      add(BALLOON_SLOT, balloon, common);
    }
    DeviceConfig.VsockConfig sockets = config.vsock();
    if (sockets != null) {
      vsock = new VsockUnix(sockets.socket());
      VirtioVsock device = new VirtioVsock("vsock0", memory, sockets.cid(), vsock);
      vsock.start(device);
      add(VSOCK_SLOT, device, common);
    }
    if (!config.consolePorts().isEmpty()) {
      addConsole(config.consolePorts(), memory);
    }
    for (DeviceConfig.NetworkConfig network : config.networks()) {
      int index = networks.size();
      String id = "net" + index;
      NetworkCard card =
          new NetworkCard(id, network, memory, why -> listener.networkGone(index, why));
      networks.add(card);
      add(NETWORK_SLOT + index, card.device(), thread(id));
    }
    for (DeviceConfig.DiskConfig disk : config.disks()) {
      int index = disks.size();
      String id = "disk" + index;
      VirtioBlock device =
          new VirtioBlock(
              id, memory, disk.disk(), disk.queues(), disk.serial(), blockEvents(index));
      disks.add(device);
      List<KickThread> served = new ArrayList<>();
      for (int queue = 0; queue < disk.queues(); queue++) {
        served.add(thread(disk.queues() == 1 ? id : id + "-" + queue));
      }
      add(DISK_SLOT + index, device, served);
    }
  }

  /** Port 0 is what a driver without multiport sees; ours are behind it. */
  private void addConsole(List<String> names, GuestMemory memory) {
    List<VirtioConsole.PortSpec> specs = new ArrayList<>();
    for (String port : names) {
      PortLink link = new PortLink(name + "-" + port);
      portNames.add(port);
      ports.add(link);
      specs.add(new VirtioConsole.PortSpec(port, false, link));
    }
    VirtioConsole console = new VirtioConsole("console0", memory, specs);
    for (int i = 0; i < ports.size(); i++) {
      ports.get(i).attach(console.port(i));
    }
    add(CONSOLE_SLOT, console, common);
  }

  private KickThread thread(String what) throws ErrnoException {
    KickThread thread = new KickThread(name + "-" + what);
    threads.add(thread);
    return thread;
  }

  private void add(int slot, VirtioDevice<?> device, KickThread thread) {
    add(slot, device, List.of(thread));
  }

  private void add(int slot, VirtioDevice<?> device, List<KickThread> served) {
    devices.add(device);
    try {
      VirtioPci pci =
          new VirtioPci(
              device.id() + ".pci",
              device,
              interrupts,
              KickThread.doorbells(vm, device.core(), served));
      bridge.add(slot, pci);
      devices.add(pci);
    } catch (ErrnoException e) {
      throw new IllegalStateException(e);
    }
  }

  private BlockEvents blockEvents(int index) {
    return new BlockEvents() {
      @Override
      public void failed(String device, IOException cause) {
        listener.diskFailed(index, cause);
      }

      @Override
      public void outOfSpace(String device) {
        listener.outOfSpace(index);
      }
    };
  }

  PciHostBridge bridge() {
    return bridge;
  }

  /** The bridge, the devices and their transports, all of which are saved. */
  List<Device<?>> all() {
    return devices;
  }

  /** After a restore, before the machine runs: the guest tells its networks where it is. */
  void restored() {
    networks.forEach(card -> card.device().announce());
  }

  void countInto(Map<String, Long> counters) {
    counters.put("msi", interrupts.sent());
    for (VirtioBlock disk : disks) {
      DiskStatistics figures = disk.statistics();
      counters.put(disk.id() + ".read-bytes", figures.readBytes());
      counters.put(disk.id() + ".written-bytes", figures.writtenBytes());
      counters.put(disk.id() + ".reads", figures.reads());
      counters.put(disk.id() + ".writes", figures.writes());
      counters.put(disk.id() + ".flushes", figures.flushes());
    }
    for (NetworkCard card : networks) {
      NetStatistics figures = card.device().statistics();
      counters.put(card.device().id() + ".sent-bytes", figures.sentBytes());
      counters.put(card.device().id() + ".received-bytes", figures.receivedBytes());
    }
    if (balloon != null) {
      counters.put("balloon.reclaimed-bytes", balloon.reclaimed());
    }
  }

  @Override
  public void listen(Listener newListener) {
    listener = newListener;
  }

  @Override
  public int disks() {
    return disks.size();
  }

  @Override
  public DiskStatistics disk(int index) {
    return disks.get(index).statistics();
  }

  @Override
  public void diskResized(int index) {
    disks.get(index).capacityChanged();
  }

  @Override
  public int networks() {
    return networks.size();
  }

  @Override
  public NetStatistics network(int index) {
    return networks.get(index).device().statistics();
  }

  @Override
  public void capture(int index, @Nullable Path file) throws IOException {
    networks.get(index).capture(file);
  }

  @Override
  public void plug(int index, NetworkBackend backend) throws IOException {
    networks.get(index).plug(backend);
  }

  @Override
  public List<String> consolePorts() {
    return List.copyOf(portNames);
  }

  @Override
  public SerialPort consolePort(String port) {
    return port(port);
  }

  @Override
  public boolean consolePortOpen(String port) {
    return port(port).guestOpen();
  }

  private PortLink port(String port) {
    int index = portNames.indexOf(port);
    if (index < 0) {
      throw new IndexOutOfBoundsException("the machine has no console port " + port);
    }
    return ports.get(index);
  }

  @Override
  public @Nullable BalloonStatistics memory() {
    VirtioBalloon mine = balloon;
    if (mine == null) {
      return null;
    }
    mine.requestStatistics();
    return mine.statistics();
  }

  @Override
  public long balloon() {
    VirtioBalloon mine = balloon;
    return mine == null ? 0 : mine.actual();
  }

  @Override
  public void setBalloon(long bytes) {
    VirtioBalloon mine = balloon;
    if (mine == null) {
      throw new IndexOutOfBoundsException("the machine has no balloon");
    }
    mine.setTarget(bytes);
  }

  /** The vCPUs must stand still. No device touches guest memory afterwards. */
  @Override
  public void close() {
    devices.forEach(Device::close);
    threads.forEach(KickThread::close);
    networks.forEach(NetworkCard::close);
    ports.forEach(PortLink::close);
    if (vsock != null) {
      vsock.close();
    }
  }
}
