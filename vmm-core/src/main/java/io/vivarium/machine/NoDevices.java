package io.vivarium.machine;

import io.vivarium.devices.DiskStatistics;
import io.vivarium.devices.NetStatistics;
import io.vivarium.devices.virtio.BalloonStatistics;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The virtio devices of a machine that has none. */
final class NoDevices implements MachineDevices {
  static final NoDevices INSTANCE = new NoDevices();

  private NoDevices() {}

  @Override
  public void listen(Listener listener) {}

  @Override
  public int disks() {
    return 0;
  }

  @Override
  public DiskStatistics disk(int index) {
    throw none("disk " + index);
  }

  @Override
  public void diskResized(int index) {
    throw none("disk " + index);
  }

  @Override
  public int networks() {
    return 0;
  }

  @Override
  public NetStatistics network(int index) {
    throw none("network " + index);
  }

  @Override
  public void capture(int index, @Nullable Path file) {
    throw none("network " + index);
  }

  @Override
  public void plug(int index, NetworkBackend backend) {
    throw none("network " + index);
  }

  @Override
  public List<String> consolePorts() {
    return List.of();
  }

  @Override
  public SerialPort consolePort(String name) {
    throw none("console port " + name);
  }

  @Override
  public boolean consolePortOpen(String name) {
    throw none("console port " + name);
  }

  @Override
  public @Nullable BalloonStatistics memory() {
    return null;
  }

  @Override
  public long balloon() {
    return 0;
  }

  @Override
  public void setBalloon(long bytes) {
    throw none("balloon");
  }

  private static IndexOutOfBoundsException none(String what) {
    return new IndexOutOfBoundsException("the machine has no " + what);
  }
}
