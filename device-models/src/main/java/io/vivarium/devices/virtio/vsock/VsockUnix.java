package io.vivarium.devices.virtio.vsock;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The guest's sockets as Unix sockets of the host, by Firecracker's convention.
 *
 * <p>A program of the host connects to {@code PATH}, writes {@code CONNECT port\n}, reads {@code OK
 * port\n} and then talks to the guest's listener. A program of the guest that connects to the
 * host's port P reaches the listener at {@code PATH_P}.
 *
 * <p>One thread owns all connections. What a guest can make it hold is bounded: connections, bytes
 * of each, packets that wait.
 */
public final class VsockUnix implements VsockPeer, AutoCloseable {
  private static final int MAX_CONNECTIONS = 256;
  private static final int MAX_INBOX = 256;
  private static final int MAX_CONTROL = 1024;
  private static final long FIRST_HOST_PORT = 1L << 30;

  @SuppressWarnings("ArrayRecordComponent") // handed on once
  private record Packet(VsockHeader header, byte[] payload) {}

  private record Key(long hostPort, long guestPort) {}

  private final Path path;
  private final Selector selector;
  private final ServerSocketChannel server;
  private final Map<Key, VsockConnection> connections = new HashMap<>();
  private final Deque<VsockHeader> control = new ArrayDeque<>();
  private final Deque<Packet> inbox = new ArrayDeque<>();
  private long nextPort = FIRST_HOST_PORT;
  private int greeting;
  private @Nullable Thread thread;
  private boolean senderWaits;
  private boolean resetAsked;
  private volatile boolean closed;

  /** Binds {@code path}, replacing a socket that a dead process left there. */
  public VsockUnix(Path path) throws IOException {
    this.path = path;
    this.selector = Selector.open();
    this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    Files.deleteIfExists(path);
    server.bind(UnixDomainSocketAddress.of(path));
    server.configureBlocking(false);
    server.register(selector, SelectionKey.OP_ACCEPT);
  }

  /** Begins to serve the device that this was given to. */
  public void start(VirtioVsock device) {
    thread = Thread.ofPlatform().daemon().name(device.id()).start(() -> run(device));
  }

  @Override
  public boolean packet(VsockHeader header, byte[] payload) {
    synchronized (inbox) {
      if (inbox.size() >= MAX_INBOX) {
        senderWaits = true;
        return false;
      }
      inbox.add(new Packet(header, payload));
    }
    selector.wakeup();
    return true;
  }

  @Override
  public void room() {
    selector.wakeup();
  }

  @Override
  public void reset() {
    synchronized (inbox) {
      inbox.clear();
      resetAsked = true;
    }
    selector.wakeup();
  }

  private void run(VirtioVsock device) {
    try {
      while (!closed) {
        selector.select();
        takeInbox(device);
        if (selector.selectedKeys().removeIf(key -> key.equals(server.keyFor(selector)))) {
          acceptHostPrograms();
        }
        selector.selectedKeys().clear();
        for (VsockConnection connection : new ArrayList<>(connections.values())) {
          serve(device, connection);
        }
        sendControl(device);
      }
    } catch (IOException e) {
      System.getLogger(VsockUnix.class.getName())
          .log(System.Logger.Level.ERROR, "sockets of " + path + " ended", e);
    }
    dropAll();
    try {
      server.close();
      selector.close();
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // The process ends or the folder is gone.
    }
  }

  // --- from the guest ---

  private void takeInbox(VirtioVsock device) {
    while (true) {
      Packet packet;
      boolean dropAll;
      synchronized (inbox) {
        dropAll = resetAsked;
        resetAsked = false;
        packet = control.size() < MAX_CONTROL ? inbox.poll() : null;
      }
      if (dropAll) {
        dropAll();
      }
      if (packet == null) {
        break;
      }
      handle(device, packet);
    }
    boolean goesOn;
    synchronized (inbox) {
      goesOn = senderWaits && inbox.size() < MAX_INBOX;
      senderWaits &= !goesOn;
    }
    if (goesOn) {
      device.continueSending();
    }
  }

  private void handle(VirtioVsock device, Packet packet) {
    VsockHeader header = packet.header;
    VsockConnection connection = connections.get(new Key(header.targetPort(), header.sourcePort()));
    if (header.type() != VsockHeader.STREAM) {
      refuse(device, header);
    } else if (header.operation() == VsockHeader.REQUEST && connection == null) {
      connectToHost(device, header);
    } else if (connection == null) {
      if (header.operation() != VsockHeader.RESET) {
        refuse(device, header);
      }
    } else {
      connection.credit(header);
      handle(device, connection, header, packet.payload);
    }
  }

  private void handle(
      VirtioVsock device, VsockConnection connection, VsockHeader header, byte[] payload) {
    switch (header.operation()) {
      case VsockHeader.RESPONSE -> {
        if (connection.phase == VsockConnection.Phase.REQUESTED) {
          connection.phase = VsockConnection.Phase.OPEN;
          connection.tell("OK %d\n".formatted(connection.hostPort));
        } else {
          abort(device, connection);
        }
      }
      case VsockHeader.DATA -> {
        boolean good = connection.phase == VsockConnection.Phase.OPEN && connection.accept(payload);
        if (!good) {
          abort(device, connection); // more than its credit, or before it was open
        }
      }
      case VsockHeader.SHUTDOWN -> {
        if ((header.flags() & VsockHeader.NO_SEND) != 0) {
          connection.guestEnded = true;
        }
        if ((header.flags() & VsockHeader.NO_RECEIVE) != 0) {
          connection.hostEnded = true;
        }
      }
      case VsockHeader.CREDIT_UPDATE -> {}
      case VsockHeader.CREDIT_REQUEST ->
          queue(packet(device, connection, VsockHeader.CREDIT_UPDATE, 0));
      case VsockHeader.RESET -> drop(connection);
      default -> abort(device, connection);
    }
  }

  private void connectToHost(VirtioVsock device, VsockHeader header) {
    Path target = path.resolveSibling(path.getFileName() + "_" + header.targetPort());
    if (connections.size() >= MAX_CONNECTIONS) {
      refuse(device, header);
      return;
    }
    try {
      SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        channel.configureBlocking(false);
        if (!channel.connect(UnixDomainSocketAddress.of(target))) {
          throw new IOException("its listener is busy");
        }
      } catch (IOException e) {
        channel.close();
        throw e;
      }
      VsockConnection connection = add(channel, VsockConnection.Phase.OPEN);
      connection.hostPort = header.targetPort();
      connection.guestPort = header.sourcePort();
      connection.credit(header);
      connections.put(new Key(header.targetPort(), header.sourcePort()), connection);
      queue(packet(device, connection, VsockHeader.RESPONSE, 0));
    } catch (IOException e) {
      refuse(device, header); // nobody listens there
    }
  }

  private VsockConnection add(SocketChannel channel, VsockConnection.Phase phase)
      throws IOException {
    SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
    return new VsockConnection(channel, key, phase);
  }

  // --- from the host ---

  private void acceptHostPrograms() throws IOException {
    SocketChannel channel = server.accept();
    while (channel != null) {
      if (connections.size() >= MAX_CONNECTIONS) {
        channel.close();
      } else {
        channel.configureBlocking(false);
        VsockConnection connection = add(channel, VsockConnection.Phase.GREETING);
        connection.hostPort = nextHostPort();
        connections.put(new Key(connection.hostPort, -1 - greeting++), connection);
      }
      channel = server.accept();
    }
  }

  private long nextHostPort() {
    nextPort = nextPort >= 0xffff_fff0L ? FIRST_HOST_PORT : nextPort + 1;
    return nextPort;
  }

  /** {@code CONNECT port}: asks the guest. */
  private void greet(VirtioVsock device, VsockConnection connection) throws IOException {
    String line = connection.greeting();
    if (line == null) {
      return;
    }
    long port;
    try {
      port = line.startsWith("CONNECT ") ? Long.parseLong(line.substring(8).trim()) : -1;
    } catch (NumberFormatException e) {
      port = -1;
    }
    Key key = new Key(connection.hostPort, port);
    if (port < 0 || port > 0xffff_ffffL || connections.containsKey(key)) {
      throw new IOException("no greeting");
    }
    connections.values().remove(connection);
    connection.guestPort = port;
    connection.phase = VsockConnection.Phase.REQUESTED;
    connections.put(key, connection);
    queue(packet(device, connection, VsockHeader.REQUEST, 0));
  }

  // --- both ways ---

  private void serve(VirtioVsock device, VsockConnection connection) {
    try {
      if (connection.phase == VsockConnection.Phase.GREETING) {
        greet(device, connection);
      }
      if (connection.flush()) {
        queue(packet(device, connection, VsockHeader.CREDIT_UPDATE, 0));
      }
      if (connection.guestEnded && !connection.hostIsBehind()) {
        if (connection.hostEnded) {
          abort(device, connection); // both ends are through: the last word is a reset (5.10.6.5)
          return;
        }
        connection.channel.shutdownOutput();
      }
      boolean stuck = connection.phase == VsockConnection.Phase.REQUESTED;
      if (connection.phase == VsockConnection.Phase.OPEN) {
        stuck = connection.hostEnded || !forward(device, connection);
      }
      connection.key.interestOps(
          (stuck ? 0 : SelectionKey.OP_READ)
              | (connection.hostIsBehind() ? SelectionKey.OP_WRITE : 0));
    } catch (IOException | CancelledKeyException e) {
      if (connection.phase == VsockConnection.Phase.GREETING) {
        drop(connection);
      } else {
        abort(device, connection);
      }
    }
  }

  /** Sends the guest what the host's program wrote; false while the guest cannot take it. */
  private boolean forward(VirtioVsock device, VsockConnection connection) throws IOException {
    while (true) {
      if (connection.room() == 0 || !control.isEmpty()) {
        return false; // control packets first: an answer must not be overtaken by its data
      }
      int count = connection.fill();
      if (count < 0) {
        connection.hostEnded = true;
        queue(packet(device, connection, VsockHeader.SHUTDOWN, VsockHeader.NO_SEND));
        return false;
      }
      if (count == 0) {
        return true;
      }
      int length = (int) Math.min(connection.dataLength(), connection.room());
      VsockHeader header = header(device, connection, VsockHeader.DATA, 0, length);
      int taken = device.send(header, connection.data(), connection.dataAt());
      if (taken <= 0) {
        return false;
      }
      connection.passed(taken);
    }
  }

  private void sendControl(VirtioVsock device) {
    boolean had = !control.isEmpty();
    while (!control.isEmpty()) {
      if (device.send(control.element(), new byte[0], 0) < 0) {
        return; // until room()
      }
      control.remove();
    }
    if (had) {
      selector.wakeup(); // data may follow
    }
  }

  private VsockHeader packet(
      VirtioVsock device, VsockConnection connection, int operation, int flags) {
    return header(device, connection, operation, flags, 0);
  }

  private static VsockHeader header(
      VirtioVsock device, VsockConnection connection, int operation, int flags, int length) {
    return new VsockHeader(
        VirtioVsock.HOST_CID,
        device.guestCid(),
        connection.hostPort,
        connection.guestPort,
        length,
        VsockHeader.STREAM,
        operation,
        flags,
        VsockConnection.WINDOW,
        connection.tellForwarded());
  }

  private void queue(VsockHeader header) {
    control.add(header);
  }

  private void refuse(VirtioVsock device, VsockHeader header) {
    queue(
        new VsockHeader(
            VirtioVsock.HOST_CID,
            device.guestCid(),
            header.targetPort(),
            header.sourcePort(),
            0,
            header.type(),
            VsockHeader.RESET,
            0,
            0,
            0));
  }

  private void abort(VirtioVsock device, VsockConnection connection) {
    if (connection.phase != VsockConnection.Phase.CLOSED) {
      queue(packet(device, connection, VsockHeader.RESET, 0));
      drop(connection);
    }
  }

  private void drop(VsockConnection connection) {
    connection.phase = VsockConnection.Phase.CLOSED;
    connections.values().remove(connection);
    try {
      connection.channel.close();
    } catch (IOException e) {
      // It is gone either way.
    }
  }

  private void dropAll() {
    for (VsockConnection connection : new ArrayList<>(connections.values())) {
      drop(connection);
    }
    control.clear();
  }

  @Override
  public void close() {
    closed = true;
    selector.wakeup();
    Thread running = thread;
    if (running == null) {
      return;
    }
    try {
      running.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
