package io.vivarium.cli;

import static io.vivarium.cli.VivProcess.inspect;
import static io.vivarium.cli.VivProcess.viv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Forks of real guests by the command. */
@Tag("kvm")
final class ForkIT {
  private static final String VM = "fork-it";
  private static final List<String> COPIES = List.of(VM + "-1", VM + "-2", VM + "-3");

  @BeforeAll
  static void warm() throws Exception {
    VivProcess.warm();
  }

  @AfterEach
  void remove() throws Exception {
    for (String copy : COPIES) {
      viv("rm", "-f", copy);
    }
    viv("rm", "-f", VM);
  }

  private static String guest(String vm, String script) throws Exception {
    return viv("exec", vm, "--", "sh", "-c", script).mustWork().text();
  }

  @Test
  void copiesKnowWhatTheirParentKnewAndAreSomebodyElse() throws Exception {
    viv("run", "-d", "--name", VM, "debian-tiny").mustWork();
    guest(VM, "echo secret >/run/nonce");
    assertThat(viv("fork", "--rm", "--count", "3", VM).mustWork().text().lines())
        .containsExactlyElementsOf(COPIES);
    Set<String> random = new HashSet<>();
    for (String copy : COPIES) {
      assertThat(guest(copy, "cat /run/nonce")).isEqualTo("secret\n");
      assertThat(guest(copy, "hostname")).isEqualTo(copy + "\n");
      random.add(guest(copy, "od -An -N16 -tx1 /dev/urandom"));
      long clock = Long.parseLong(guest(copy, "date +%s").strip());
      assertThat(clock).isCloseTo(Instant.now().getEpochSecond(), within(15L));
      guest(copy, "echo " + copy + " >/run/mine");
    }
    assertThat(random).hasSize(COPIES.size());
    for (String copy : COPIES) {
      assertThat(guest(copy, "cat /run/mine")).isEqualTo(copy + "\n");
    }
    assertThat(guest(VM, "ls /run/mine 2>&1; true")).contains("No such file");

    viv("kill", VM).mustWork();
    assertThat(inspect(VM).string("state")).isEqualTo("STOPPED");
    assertThat(guest(COPIES.getFirst(), "cat /run/nonce")).isEqualTo("secret\n");
    viv("keep", COPIES.getFirst()).mustWork();
    for (String copy : COPIES) {
      viv("stop", copy).mustWork();
    }
    assertThat(viv("ps", "-a", "-q").mustWork().text().lines())
        .containsExactlyInAnyOrder(VM, COPIES.getFirst());
  }

  /** Returns when the guest has heard of its address, and has an IP address of its own by it. */
  private static String network(String vm, String mac) throws Exception {
    long until = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
    String seen = "";
    while (System.nanoTime() < until) {
      seen = guest(vm, "cat /sys/class/net/eth0/address; ip -4 addr show dev eth0");
      if (seen.startsWith(mac) && seen.contains("inet 10.0.") && !seen.contains("10.0.2.15")) {
        return seen.lines().filter(line -> line.contains("inet ")).findFirst().orElseThrow();
      }
    }
    throw new AssertionError(vm + " has not become " + mac + ": " + seen);
  }

  @Test
  void eachHasAnAddressOfItsOwnAndReachesTheHost() throws Exception {
    viv("run", "-d", "--name", VM, "debian-tiny").mustWork();
    viv("fork", "--rm", "--count", "2", VM).mustWork();
    Set<String> macs = new HashSet<>();
    Set<String> ips = new HashSet<>();
    HttpServer host =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    host.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 5);
          try (var body = exchange.getResponseBody()) {
            body.write("hello".getBytes(StandardCharsets.US_ASCII));
          }
        });
    host.start();
    try {
      String fetch = "wget -q -O - http://10.0.2.2:" + host.getAddress().getPort() + "/";
      for (String copy : COPIES.subList(0, 2)) {
        String mac = inspect(copy).string("mac");
        macs.add(mac);
        ips.add(network(copy, mac));
        assertThat(guest(copy, fetch)).isEqualTo("hello");
      }
      assertThat(guest(VM, fetch)).isEqualTo("hello");
    } finally {
      host.stop(0);
    }
    assertThat(macs).hasSize(2);
    assertThat(ips).hasSize(2);
  }

  @Test
  void aSnapshotsCopiesComeUpWithoutItsVm() throws Exception {
    viv("run", "-d", "--name", VM, "debian-tiny").mustWork();
    guest(VM, "echo early >/run/nonce");
    viv("snapshot", "take", VM, "then").mustWork();
    guest(VM, "echo late >/run/nonce");
    viv("kill", VM).mustWork();
    viv("fork", "--count", "2", VM + "@then").mustWork();
    assertThat(guest(COPIES.get(0), "cat /run/nonce; hostname"))
        .isEqualTo("early\n" + COPIES.get(0) + "\n");
    assertThat(guest(COPIES.get(1), "cat /run/nonce; hostname"))
        .isEqualTo("early\n" + COPIES.get(1) + "\n");
    assertThat(viv("fork", VM))
        .satisfies(
            refused -> {
              assertThat(refused.status()).isEqualTo(125);
              assertThat(refused.err()).contains("viv fork " + VM + "@");
            });
  }
}
