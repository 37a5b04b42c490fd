package io.vivarium.machine;

import io.vivarium.devices.virtio.net.NetEndpoint;
import io.vivarium.devices.virtio.net.StreamEndpoint;
import io.vivarium.devices.virtio.net.VirtioNet;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * One end of a private cable between two machines, each in a process of its own: who comes first
 * listens at the socket, the other connects. When one goes, the other waits for the next. Frames
 * that nobody is there to take are dropped.
 */
final class CableEndpoint implements NetEndpoint, AutoCloseable {
  private static final Object ONE_AT_A_TIME = new Object();

  private final String name;
  private final Path path;
  private volatile @Nullable StreamEndpoint peer;
  private @Nullable ServerSocketChannel server;
  private @Nullable Thread thread;
  private volatile boolean closed;

  /** The folder of the socket must be there. */
  CableEndpoint(String name, Path path) {
    this.name = name;
    this.path = path;
  }

  void start(VirtioNet device) {
    thread = Thread.ofPlatform().daemon().name(name + "-cable").start(() -> run(device));
  }

  @Override
  public Framing framing() {
    return Framing.LARGE;
  }

  @Override
  public boolean send(ByteBuffer frame) {
    StreamEndpoint current = peer;
    return current == null || current.send(frame);
  }

  @Override
  public void room() {
    StreamEndpoint current = peer;
    if (current != null) {
      current.room();
    }
  }

  private void run(VirtioNet device) {
    try {
      while (!closed) {
        CountDownLatch gone = new CountDownLatch(1);
        StreamEndpoint current = new StreamEndpoint(name, meet(), reason -> gone.countDown());
        peer = current;
        current.start(device);
        if (!closed) {
          gone.await();
        }
        peer = null;
        device.continueSending(); // a frame that waited for the one who is gone is dropped
      }
    } catch (ClosedChannelException | InterruptedException e) {
      // Closed: there is nobody to tell.
    } catch (IOException e) {
      System.getLogger(CableEndpoint.class.getName())
          .log(System.Logger.Level.ERROR, "the cable at " + path + " is out", e);
    }
  }

  /** Connects, or listens until the other connects. */
  private SocketChannel meet() throws IOException {
    ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    synchronized (this) {
      server = listening;
      if (closed) {
        listening.close();
      }
    }
    try (listening) {
      SocketChannel other = dialOrListen(listening);
      return other != null ? other : listening.accept();
    }
  }

  /** Only one of both may look and then listen, or each would take the other's place away. */
  private @Nullable SocketChannel dialOrListen(ServerSocketChannel listening) throws IOException {
    synchronized (ONE_AT_A_TIME) { // a file's lock is a process's
      try (FileChannel file =
          FileChannel.open(
              path.resolveSibling(path.getFileName() + ".lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE)) {
        file.lock();
        try {
          return SocketChannel.open(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
          Files.deleteIfExists(path); // nobody listens there
        }
        listening.bind(UnixDomainSocketAddress.of(path), 1);
        return null;
      }
    }
  }

  /** The device must be paused or closed before, or be plugged elsewhere. */
  @Override
  public void close() {
    Thread running = thread;
    try {
      synchronized (this) {
        closed = true;
        if (server != null) {
          server.close();
        }
      }
      if (running != null) {
        running.interrupt();
        running.join();
      }
      StreamEndpoint current = peer;
      if (current != null) {
        current.close();
      }
    } catch (IOException e) {
      System.getLogger(CableEndpoint.class.getName())
          .log(System.Logger.Level.WARNING, "the cable at " + path + " cannot be closed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
