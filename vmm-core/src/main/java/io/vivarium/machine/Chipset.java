package io.vivarium.machine;

import io.vivarium.acpi.LegacyIo;
import io.vivarium.acpi.PciSpace;
import io.vivarium.devices.Device;
import io.vivarium.devices.bus.MmioBus;
import io.vivarium.devices.bus.PortBus;
import io.vivarium.devices.irq.IrqLine;
import io.vivarium.devices.legacy.AcpiPm;
import io.vivarium.devices.legacy.CmosRtc;
import io.vivarium.devices.legacy.GuestEvents;
import io.vivarium.devices.legacy.I8042;
import io.vivarium.devices.legacy.Pit8254;
import io.vivarium.devices.legacy.Pvpanic;
import io.vivarium.devices.legacy.ResetPort;
import io.vivarium.devices.legacy.Uart16550;
import io.vivarium.devices.pci.PciHostBridge;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** The buses of a machine and the devices on them: the one place that knows concrete devices. */
final class Chipset implements AutoCloseable {
  private final PortBus ports = new PortBus();
  private final MmioBus mmio = new MmioBus();
  private final List<Device<?>> devices = new ArrayList<>();
  private final List<SerialLink> serial = new ArrayList<>();
  private final List<Uart16550> uarts = new ArrayList<>();
  private final AcpiPm power;
  private final ResetPort reset;
  private @Nullable Pit8254 pit;
  private @Nullable VirtioBoard virtio;

  /**
   * @param name the machine's, for threads
   * @param irqs the interrupt line of a GSI
   * @param events what guests ask of the machine; also a panic that the console tells of
   */
  Chipset(
      String name,
      GuestRam ram,
      IntFunction<IrqLine> irqs,
      GuestEvents events,
      PanicWatcher panic) {
    for (int i = 0; i < LegacyIo.SERIAL.size(); i++) {
      LegacyIo.Serial place = LegacyIo.SERIAL.get(i);
      String id = "com" + (i + 1);
      SerialLink link = new SerialLink(name + "-" + id, i == 0 ? panic : null);
      Uart16550 uart = new Uart16550(id, irqs.apply(place.irq()), link);
      link.attach(uart);
      serial.add(link);
      uarts.add(uart);
      ports.map(place.port(), Uart16550.PORTS, add(uart));
    }
    CmosRtc rtc = new CmosRtc("rtc", InstantSource.system(), ram.lowBytes(), ram.highBytes());
    ports.map(LegacyIo.RTC_PORT, CmosRtc.PORTS, add(rtc));
    I8042 i8042 = add(new I8042("i8042", true, events));
    ports.map(LegacyIo.I8042_DATA_PORT, 1, i8042.data());
    ports.map(LegacyIo.I8042_COMMAND_PORT, 1, i8042.command());
    reset = add(new ResetPort("reset", events));
    ports.map(LegacyIo.RESET_PORT, 1, reset);
    power = add(new AcpiPm("acpi-pm", irqs.apply(LegacyIo.SCI), events, System::nanoTime));
    ports.map(LegacyIo.PM_PORT, AcpiPm.PORTS, power);
    ports.map(LegacyIo.PVPANIC_PORT, 1, add(new Pvpanic("pvpanic", events)));
  }

  /** Adds the timer whose ticks are paced, where KVM's own is not used. */
  void addPacedTimer(IrqLine irq, Pit8254.Pacer pacer) {
    Pit8254 timer = add(new Pit8254("pit", irq, pacer));
    ports.map(LegacyIo.PIT_PORT, Pit8254.PORTS, timer);
    ports.map(LegacyIo.SPEAKER_PORT, 1, timer.speaker());
    pit = timer;
  }

  /** Adds a PCI bus with its devices. */
  void addPci(VirtioBoard board) {
    PciHostBridge bridge = board.bridge();
    ports.mapWithin(PciSpace.CONFIG_PORT, PciHostBridge.PORTS, bridge.configPorts());
    ports.mapWithin(LegacyIo.RESET_PORT, 1, reset);
    mmio.map(PciSpace.ECAM, PciHostBridge.ECAM_SIZE, bridge.ecam());
    mmio.map(PciSpace.WINDOW, PciSpace.WINDOW_SIZE, bridge.window());
    devices.addAll(board.all());
    virtio = board;
  }

  private <D extends Device<?>> D add(D device) {
    devices.add(device);
    return device;
  }

  PortBus ports() {
    return ports;
  }

  MmioBus mmio() {
    return mmio;
  }

  /** All devices, in the order in which they are saved. */
  List<Device<?>> devices() {
    return devices;
  }

  SerialPort serial(int index) {
    return serial.get(index);
  }

  /** The devices on the PCI bus, or null when there is none. */
  @Nullable VirtioBoard virtio() {
    return virtio;
  }

  /** After a restore, before the machine runs: the guest hears that it was restored. */
  void restored() {
    power.tellRestored();
    if (virtio != null) {
      virtio.restored();
    }
  }

  void pressPowerButton() {
    power.pressPowerButton();
  }

  /** Lets no vCPU wait in a device, so that all can pause. */
  void releaseVcpus() {
    serial.forEach(link -> link.hold(true));
  }

  /** Returns when no device touches guest memory or interrupts. The vCPUs must stand still. */
  void pause() {
    devices.forEach(Device::pause);
  }

  void resume() {
    serial.forEach(link -> link.hold(false));
    devices.forEach(Device::resume);
  }

  void countInto(Map<String, Long> counters) {
    for (Uart16550 uart : uarts) {
      counters.put("uart." + uart.id() + ".tx", uart.transmitted());
      counters.put("uart." + uart.id() + ".rx", uart.received());
    }
    if (pit != null) {
      counters.put("pit.ticks", pit.ticks());
    }
    if (virtio != null) {
      virtio.countInto(counters);
    }
  }

  @Override
  public void close() {
    serial.forEach(SerialLink::close);
    devices.forEach(Device::close);
    if (virtio != null) {
      virtio.close();
    }
  }
}
