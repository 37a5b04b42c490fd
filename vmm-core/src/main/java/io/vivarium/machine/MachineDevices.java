package io.vivarium.machine;

import io.vivarium.devices.DiskStatistics;
import io.vivarium.devices.NetStatistics;
import io.vivarium.devices.virtio.BalloonStatistics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The virtio devices of a machine that runs, by their place in its {@link DeviceConfig}. Safe from
 * any thread; an index that is not there throws {@link IndexOutOfBoundsException}.
 */
public interface MachineDevices {
  /** What happens to devices, told by threads of theirs: must not block, nor call the machine. */
  interface Listener {
    /** A request failed on the host; the guest was told of an I/O error. */
    default void diskFailed(int disk, IOException cause) {}

    /**
     * The host's disk is full. The guest's request waits: pause the machine, tell its user, and
     * resume it when there is room, which tries again.
     */
    default void outOfSpace(int disk) {}

    /** The other side of a network is gone; the guest's cable is out. */
    default void networkGone(int network, String reason) {}
  }

  /** Replaces who hears of the devices. */
  void listen(Listener listener);

  int disks();

  /** Bytes and requests since the machine was made. */
  DiskStatistics disk(int index);

  /** Tells the guest that the disk was resized. */
  void diskResized(int index);

  int networks();

  /** Frames and bytes since the machine was made. */
  NetStatistics network(int index);

  /** Starts, or with null stops, a packet capture into a file that is written anew. */
  void capture(int index, @Nullable Path file) throws IOException;

  /**
   * Plugs a network interface into another place; also after {@link Listener#networkGone}.
   *
   * @throws IOException when that cannot be had; nothing has changed then
   */
  void plug(int index, NetworkBackend backend) throws IOException;

  /** Names of the console's ports. */
  List<String> consolePorts();

  /** The host's end of a named console port. */
  SerialPort consolePort(String name);

  /** Whether a program in the guest has the port open. */
  boolean consolePortOpen(String name);

  /** What the guest said last of its memory; null without a balloon. */
  @Nullable BalloonStatistics memory();

  /** Guest RAM that the guest cannot do without, as it said last, in bytes; -1 where it did not. */
  default long usedBytes() {
    BalloonStatistics told = memory();
    return told == null || told.totalBytes() < 0 || told.availableBytes() < 0
        ? -1
        : Math.max(0, told.totalBytes() - told.availableBytes());
  }

  /** Bytes that the guest has given up, as it says; 0 without a balloon. */
  long balloon();

  /** Asks the guest to give up memory until it lacks this many bytes; needs a balloon. */
  void setBalloon(long bytes);
}
