package io.vivarium.machine;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.devices.virtio.net.NetEndpoint;
import io.vivarium.devices.virtio.net.PcapWriter;
import io.vivarium.devices.virtio.net.StreamEndpoint;
import io.vivarium.devices.virtio.net.VirtioNet;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A network device, the cable in it, which may be changed while it runs, and its capture. */
final class NetworkCard implements AutoCloseable {
  /** So that a forgotten capture fills no disk. */
  private static final long CAPTURE_LIMIT = 1L << 30;

  private static final long ANNOUNCE_MILLIS = 500;

  /** The end of a cable: an endpoint, and how to let go of it. */
  private record Cable(NetEndpoint end, AutoCloseable release) {}

  /** What the device sees: the endpoint of now. */
  private static final class Socket implements NetEndpoint {
    private final Framing framing;
    private volatile NetEndpoint end;
    private volatile Runnable offer = () -> {};

    Socket(NetEndpoint end) {
      this.framing = end.framing();
      this.end = end;
    }

    @Override
    public Framing framing() {
      return framing;
    }

    @Override
    public boolean send(ByteBuffer frame) {
      return end.send(frame);
    }

    @Override
    public void room() {
      end.room();
    }

    @Override
    public void negotiated(boolean checksum, boolean tso4, boolean tso6) {
      offer = () -> end.negotiated(checksum, tso4, tso6);
      offer.run();
    }
  }

  /** Frames go nowhere. */
  private static final class Nowhere implements NetEndpoint {
    private final Framing framing;

    Nowhere(Framing framing) {
      this.framing = framing;
    }

    @Override
    public Framing framing() {
      return framing;
    }

    @Override
    public boolean send(ByteBuffer frame) {
      return true;
    }

    @Override
    public void room() {}
  }

  private final String name;
  private final Consumer<String> gone;
  private final VirtioNet device;
  private final Socket socket;
  private Cable cable;
  private @Nullable PcapWriter capture;
  private boolean closed;

  /**
   * @param name the device's id, and its threads'
   * @param gone hears why the other side is gone; the guest's cable is out then
   */
  NetworkCard(
      String name, DeviceConfig.NetworkConfig config, GuestMemory memory, Consumer<String> gone)
      throws IOException {
    this.name = name;
    this.gone = gone;
    this.cable = connect(config.backend(), NetEndpoint.Framing.LARGE);
    this.socket = new Socket(cable.end);
    this.device = new VirtioNet(name, memory, config.macBytes(), config.mtu(), socket);
    device.setLinkUp(isPlugged(config.backend()));
    try {
      start(cable);
      Path file = config.capture();
      if (file != null) {
        capture(file);
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  VirtioNet device() {
    return device;
  }

  /** Puts the other end of the cable elsewhere. */
  synchronized void plug(NetworkBackend backend) throws IOException {
    if (closed) {
      throw new IOException(name + " is closed");
    }
    Cable next = connect(backend, socket.framing);
    if (next.end.framing() != socket.framing) {
      release(next);
      throw new IOException(
          "%s cannot change between a tap interface and another network while it runs"
              .formatted(name));
    }
    Cable old = cable;
    cable = next;
    socket.end = next.end;
    release(old);
    socket.offer.run();
    start(next);
    boolean up = isPlugged(backend);
    device.setLinkUp(up);
    if (up) {
      // The other end, a passt say, does not know yet whose cable it has. Linux looks at the wish
      // before it raises a carrier that was down, so that the first announcement may be lost.
      device.announce();
      CompletableFuture.delayedExecutor(ANNOUNCE_MILLIS, TimeUnit.MILLISECONDS)
          .execute(() -> announceAgain(next));
    }
    device.continueSending();
  }

  private static boolean isPlugged(NetworkBackend backend) {
    return switch (backend) {
      case NetworkBackend.Unplugged() -> false;
      case NetworkBackend.AwaitsTap() -> false;
      default -> true;
    };
  }

  private synchronized void announceAgain(Cable since) {
    if (!closed && cable.equals(since)) {
      device.announce();
    }
  }

  /** Starts, or with null stops, a capture. */
  synchronized void capture(@Nullable Path file) throws IOException {
    PcapWriter next =
        file == null ? null : new PcapWriter(file, CAPTURE_LIMIT, InstantSource.system());
    device.observe(next);
    PcapWriter old = capture;
    capture = next;
    if (old != null) {
      old.close();
    }
  }

  private Cable connect(NetworkBackend backend, NetEndpoint.Framing framing) throws IOException {
    return switch (backend) {
      case NetworkBackend.Stream(Path path) -> {
        StreamEndpoint end = new StreamEndpoint(name, dial(path), this::lost);
        yield new Cable(end, end);
      }
      case NetworkBackend.Tap(String interfaceName) -> {
        TapEndpoint end = new TapEndpoint(name, interfaceName, this::lost);
        yield new Cable(end, end);
      }
      case NetworkBackend.AwaitsTap() ->
          new Cable(new Nowhere(NetEndpoint.Framing.VNET_HEADER), () -> {});
      case NetworkBackend.Unplugged() -> new Cable(new Nowhere(framing), () -> {});
      case NetworkBackend.Cable(Path path) -> {
        CableEndpoint end = new CableEndpoint(name, path);
        yield new Cable(end, end);
      }
    };
  }

  private static SocketChannel dial(Path path) throws IOException {
    try {
      return SocketChannel.open(UnixDomainSocketAddress.of(path));
    } catch (IOException e) {
      throw new IOException(
          "nobody answers at the network's socket %s: %s".formatted(path, e.getMessage()), e);
    }
  }

  private void start(Cable next) throws IOException {
    switch (next.end) {
      case StreamEndpoint stream -> stream.start(device);
      case TapEndpoint tap -> tap.start(device);
      case CableEndpoint other -> other.start(device);
      default -> {}
    }
  }

  /** From the endpoint's thread. */
  private void lost(String reason) {
    device.setLinkUp(false);
    gone.accept(reason);
  }

  private static void release(Cable old) {
    try {
      old.release.close();
    } catch (Exception e) {
      System.getLogger(NetworkCard.class.getName())
          .log(System.Logger.Level.WARNING, "a network's end cannot be closed", e);
    }
  }

  /** The device must be closed before. */
  @Override
  public synchronized void close() {
    closed = true;
    release(cable);
    try {
      capture(null);
    } catch (IOException e) {
      System.getLogger(NetworkCard.class.getName())
          .log(System.Logger.Level.WARNING, "a capture cannot be closed", e);
    }
  }
}
