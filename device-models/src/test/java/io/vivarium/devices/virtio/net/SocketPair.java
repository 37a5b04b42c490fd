package io.vivarium.devices.virtio.net;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** Two connected stream sockets. */
record SocketPair(SocketChannel left, SocketChannel right) implements AutoCloseable {
  SocketPair(Path folder) throws IOException {
    this(connect(folder.resolve("socket")));
  }

  private SocketPair(SocketChannel[] both) {
    this(both[0], both[1]);
  }

  private static SocketChannel[] connect(Path path) throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address);
      SocketChannel left = SocketChannel.open(address);
      return new SocketChannel[] {left, server.accept()};
    }
  }

  @Override
  public void close() throws IOException {
    left.close();
    right.close();
  }
}
