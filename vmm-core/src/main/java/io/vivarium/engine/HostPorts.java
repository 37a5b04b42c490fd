package io.vivarium.engine;

import io.vivarium.client.Ports;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec.PortSpec;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;

/** Whether the host's ports can be published, told before a VM starts. */
final class HostPorts {
  private static final int FIRST_FREE = 1024;

  private HostPorts() {}

  /** Throws a sentence for the first that cannot. */
  static void check(List<PortSpec> ports) throws VivariumException {
    for (PortSpec port : ports) {
      InetSocketAddress address =
          new InetSocketAddress(InetAddress.ofLiteral(port.hostAddress()), port.hostPort());
      try {
        if (port.protocol().equals("udp")) {
          new DatagramSocket(address).close();
        } else {
          try (ServerSocket socket = new ServerSocket()) {
            // Connections that have ended must not look like somebody who listens.
            socket.setReuseAddress(true);
            socket.bind(address);
          }
        }
      } catch (IOException e) {
        throw new VivariumException(
            Kind.CONFLICT,
            "the port " + Ports.text(port) + " cannot be published: " + e.getMessage(),
            port.hostPort() < FIRST_FREE
                ? "Ports below 1024 are root's: choose another, as in 8080:" + port.guestPort()
                : "Choose another, or end who uses it; 'viv ps' shows the ports of other VMs.",
            e);
      }
    }
  }
}
