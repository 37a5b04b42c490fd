package io.vivarium.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.PortSpec;
import io.vivarium.library.Home;
import io.vivarium.library.HostPrograms;
import io.vivarium.library.MachineFolder;
import io.vivarium.machine.MachineDevices;
import io.vivarium.machine.VirtualMachine;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ports are published by a real passt, before a machine whose cable leads nowhere. */
final class EngineNetworkTest {
  @TempDir Path home;
  private EngineNetwork network;

  @BeforeEach
  void begin() throws Exception {
    assumeTrue(HostPrograms.passt() != null, "skipped: passt is not installed");
    MachineFolder folder = new MachineFolder(home.resolve("machines").resolve("web"));
    Files.createDirectories(folder.run());
    VmSpec spec =
        new VmSpec(
            VmSpec.VERSION,
            "web",
            null,
            null,
            null,
            null,
            64 << 20,
            1,
            List.of(),
            List.of(),
            "user",
            false);
    network = new EngineNetwork(new Home(home), folder, spec);
  }

  @AfterEach
  void end() {
    if (network != null) {
      network.close();
    }
  }

  /** One whose devices take whatever is plugged in, or refuse it. */
  private static VirtualMachine machine(boolean refuses) {
    MachineDevices devices =
        fake(
            MachineDevices.class,
            (self, method, words) -> {
              if (refuses && method.getName().equals("plug")) {
                throw new IOException("no such cable");
              }
              return null;
            });
    return fake(
        VirtualMachine.class,
        (self, method, words) ->
            switch (method.getName()) {
              case "devices" -> devices;
              case "equals" -> words[0] instanceof VirtualMachine; // there is one
              case "hashCode" -> 1;
              default -> throw new UnsupportedOperationException(method.getName());
            });
  }

  private static <T> T fake(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static PortSpec tcp(int port) {
    return new PortSpec("127.0.0.1", port, 80, "tcp");
  }

  private static void connect(int port) throws IOException {
    new Socket(InetAddress.getLoopbackAddress(), port).close();
  }

  @Test
  void aPortIsServedWhenPublishingReturns() throws Exception {
    int one = freePort();
    int other = freePort();
    network.connect(machine(false));
    network.publish(List.of(tcp(one)));
    connect(one);
    network.publish(List.of(tcp(other)));
    connect(other);
    assertThatThrownBy(() -> connect(one)).isInstanceOf(ConnectException.class);
    assertThat(network.trouble()).isNull();
  }

  @Test
  void portsStayWhenOthersCannotBeServed() throws Exception {
    network.connect(machine(true));
    assertThatThrownBy(() -> network.publish(List.of(tcp(freePort()))))
        .hasMessageContaining("the ports of VM 'web' stay as they were")
        .hasMessageContaining("no such cable");
    assertThat(network.ports()).isEmpty();
  }
}
