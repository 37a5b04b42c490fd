package io.vivarium.engine;

import io.vivarium.engine.protocol.SocketPaths;
import io.vivarium.library.MachineFolder;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The engine's socket, and the connections on it. */
final class RpcServer implements AutoCloseable {
  private static final int MOST_CONNECTIONS = 64;

  private final MachineFolder folder;
  private final RpcMethods methods;
  private final ServerSocketChannel server;
  private final Set<RpcConnection> connections = ConcurrentHashMap.newKeySet();

  private RpcServer(MachineFolder folder, RpcMethods methods, ServerSocketChannel server) {
    this.folder = folder;
    this.methods = methods;
    this.server = server;
  }

  /** Listens from now on. The folder is the user's own, and so is the socket. */
  static RpcServer listen(MachineFolder folder, RpcMethods methods) throws IOException {
    Path path = SocketPaths.prepare(folder.socket());
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    channel.bind(UnixDomainSocketAddress.of(path));
    RpcServer server = new RpcServer(folder, methods, channel);
    Thread thread = new Thread(server::accept, "rpc-accept");
    thread.setDaemon(true);
    thread.start();
    return server;
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        SocketChannel channel = server.accept();
        if (connections.size() >= MOST_CONNECTIONS) {
          channel.close();
        } else {
          RpcConnection connection = new RpcConnection(channel, methods, connections::remove);
          connections.add(connection);
          connection.start();
        }
      } catch (IOException e) {
        if (server.isOpen()) {
          EngineLog.say("a connection failed: " + e.getMessage());
        }
      }
    }
  }

  /** Takes no more; what was sent is still delivered, for a short time. */
  @Override
  public void close() {
    SocketPaths.remove(folder.socket());
    try {
      server.close();
    } catch (IOException e) {
      // It ends with the process.
    }
    connections.forEach(RpcConnection::finish);
  }
}
