package io.vivarium.cli;

import static io.vivarium.cli.VivProcess.viv;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.client.JsonObject;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Disks, networks and statistics by the command, as a user has them. */
@Tag("kvm")
final class VivDevicesIT {
  private static final String ONE = "devices-it-1";
  private static final String OTHER = "devices-it-2";

  @TempDir Path temporary;

  @BeforeAll
  static void warm() throws Exception {
    assumeTrue(
        System.getenv("VIVARIUM_LAB_HOST") != null || Boolean.getBoolean("vivarium.interpreted"),
        "skipped: these machines boot, which takes minutes where KVM interprets ring 0;"
            + " -Dvivarium.interpreted=true runs them, the lab does so always");
    VivProcess.warm();
  }

  @AfterEach
  void remove() throws Exception {
    viv("rm", "-f", ONE);
    viv("rm", "-f", OTHER);
  }

  private static String guest(String vm, String script) throws Exception {
    return viv("exec", vm, "--", "sh", "-c", script).mustWork().text();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** passt begins anew with its ports, so the first looks may find nobody. */
  private static Socket connect(int port) throws Exception {
    long end = System.nanoTime() + 60_000_000_000L;
    while (true) {
      try {
        return new Socket(InetAddress.getLoopbackAddress(), port);
      } catch (java.net.ConnectException e) {
        if (System.nanoTime() > end) {
          throw new AssertionError(
              viv("port", ONE).text()
                  + viv("inspect", ONE).text()
                  + guest(ONE, "ip addr; ip route"),
              e);
        }
        Thread.sleep(200);
      }
    }
  }

  /** A disk of the VM's own goes back with its memory, and stays when the VM is stopped. */
  @Test
  void aDiskIsKeptGrownAndTakenBack() throws Exception {
    viv("run", "-d", "--network", "none", "--disk", "64M", "--name", ONE, "debian-tiny").mustWork();
    guest(ONE, "mke2fs -q /dev/vda && mkdir -p /mnt && mount /dev/vda /mnt && echo first >/mnt/a");
    viv("snapshot", "take", ONE, "s1").mustWork();
    guest(ONE, "echo second >/mnt/a; sync");
    viv("disk", "grow", ONE, "vda", "96M").mustWork();
    assertThat(guest(ONE, "cat /sys/block/vda/size")).isEqualTo((96 << 11) + "\n");
    viv("snapshot", "restore", ONE, "s1").mustWork();
    assertThat(guest(ONE, "cat /mnt/a; umount /mnt; sync; dd if=/dev/vda 2>/dev/null | wc -c"))
        .startsWith("first\n");
    Path exported = temporary.resolve("disk.raw");
    viv("snapshot", "export", ONE, "s1", "--disk", "vda", "--format", "raw", "-o", "" + exported)
        .mustWork();
    assertThat(Files.size(exported)).isEqualTo(64L << 20);
    assertThat(viv("stop", ONE).status()).isZero();
    viv("start", ONE).mustWork();
    assertThat(guest(ONE, "mkdir -p /mnt; mount /dev/vda /mnt; cat /mnt/a")).isEqualTo("first\n");
    assertThat(viv("fsck", ONE).mustWork().text()).contains("whole");
  }

  /** A service of the guest, through a port that is published while it runs. */
  @Test
  void aPublishedPortLeadsToTheGuest() throws Exception {
    viv("run", "-d", "--name", ONE, "debian-tiny").mustWork();
    int port = freePort();
    viv("port", ONE, "-p", port + ":8080").mustWork();
    guest(
        ONE,
        "mkdir -p /srv; head -c 300000 /dev/zero | tr '\\0' x >/srv/file; httpd -p 8080 -h /srv");
    try (Socket socket = connect(port)) {
      assertThat(get(socket, "/file")).isEqualTo("x".repeat(300_000).getBytes(US_ASCII));
    }
    JsonObject stats =
        io.vivarium.client.Json.parse(
                "{\"all\":" + viv("stats", "--json", ONE).mustWork().text() + "}")
            .objects("all")
            .getFirst();
    assertThat(stats.number("netSendBytes", 0, Long.MAX_VALUE)).isGreaterThan(300_000);
    assertThat(stats.number("guestUsedBytes", 1, Long.MAX_VALUE)).isLessThan(256L << 20);
  }

  /** Two machines on a cable of their own reach each other, and nothing else. */
  @Test
  void aLinkJoinsTwoMachines() throws Exception {
    for (String vm : new String[] {ONE, OTHER}) {
      viv("run", "-d", "--network", "link:lab", "--name", vm, "debian-tiny").mustWork();
    }
    String address = "ip addr add 10.9.0.%d/24 dev eth0; ip link set eth0 up";
    guest(ONE, address.formatted(1));
    guest(OTHER, address.formatted(2));
    assertThat(guest(ONE, "ping -c 3 -s 1400 -w 60 10.9.0.2")).contains("3 packets received");
    assertThat(guest(OTHER, "ping -c 3 -w 60 10.9.0.1")).contains("3 packets received");
  }

  /** A tap interface that an administrator gave the user: the lab has tap0, 10.77.0.1. */
  @Test
  void aTapInterfaceCarriesFramesBothWays() throws Exception {
    assumeTrue(
        Files.exists(Path.of("/sys/class/net/tap0")),
        "skipped: this host has no tap interface of ours; the lab has one");
    viv("run", "-d", "--network", "tap:tap0", "--name", ONE, "debian-tiny").mustWork();
    guest(ONE, "ip addr flush dev eth0; ip addr add 10.77.0.2/24 dev eth0; ip link set eth0 up");
    assertThat(guest(ONE, "ping -c 3 -s 1400 -w 60 10.77.0.1")).contains("3 packets received");
    String sum =
        guest(
            ONE,
            "mkdir -p /srv; head -c 3000000 /dev/urandom >/srv/f; httpd -p 8080 -h /srv;"
                + " sha256sum </srv/f");
    try (Socket socket = new Socket("10.77.0.2", 8080)) {
      assertThat(sum).startsWith(sha256(get(socket, "/f")));
    }
    assertThat(viv("snapshot", "take", ONE, "s1").mustWork().status()).isZero();
    viv("snapshot", "restore", "--discard", ONE, "s1").mustWork();
    assertThat(guest(ONE, "ping -c 3 -w 60 10.77.0.1")).contains("packets received");
  }

  /** The guest has an address of IPv6 by passt's router advertisement. */
  @Test
  void aPortIsPublishedOnIpv6() throws Exception {
    assumeTrue(hasIpv6Route(), "skipped: this host has no route for IPv6; the lab has one");
    int port = freePort();
    viv("run", "-d", "-p", "[::1]:" + port + ":8080", "--name", ONE, "debian-tiny").mustWork();
    guest(ONE, "mkdir -p /srv; echo by six >/srv/f; httpd -p '[::]:8080' -h /srv");
    guest(
        ONE, "until ip -6 addr show dev eth0 scope global | grep -q inet6; do usleep 100000; done");
    try (Socket socket = new Socket(InetAddress.ofLiteral("::1"), port)) {
      assertThat(new String(get(socket, "/f"), US_ASCII)).isEqualTo("by six\n");
    }
  }

  /** Nobody listens in the guest; its kernel counts the datagrams, and the capture has them. */
  @Test
  void aUdpPortLeadsToTheGuest() throws Exception {
    Path capture = temporary.resolve("net.pcap");
    int port = freePort();
    viv("run", "-d", "-p", port + ":5353/udp", "--pcap", "" + capture, "--name", ONE, "debian-tiny")
        .mustWork();
    String count = "awk '/^Udp: [0-9]/ { print $3 }' /proc/net/snmp";
    int before = Integer.parseInt(guest(ONE, count).strip());
    byte[] words = "a datagram of the host's".getBytes(US_ASCII);
    try (DatagramSocket socket = new DatagramSocket()) {
      for (int i = 0; i < 3; i++) {
        socket.send(
            new DatagramPacket(words, words.length, InetAddress.getLoopbackAddress(), port));
      }
    }
    assertThat(Integer.parseInt(guest(ONE, count).strip()) - before).isEqualTo(3);
    viv("kill", ONE).mustWork();
    assertThat(Files.readString(capture, StandardCharsets.ISO_8859_1))
        .contains("a datagram of the host's");
  }

  /** The body of what a web server answers. */
  private static byte[] get(Socket socket, String path) throws IOException {
    socket.getOutputStream().write(("GET " + path + " HTTP/1.0\r\n\r\n").getBytes(US_ASCII));
    byte[] answer = socket.getInputStream().readAllBytes();
    String text = new String(answer, StandardCharsets.ISO_8859_1);
    assertThat(text).startsWith("HTTP/1.").contains("200 OK");
    int body = text.indexOf("\r\n\r\n") + 4;
    return Arrays.copyOfRange(answer, body, answer.length);
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private static boolean hasIpv6Route() throws IOException {
    return Files.exists(Path.of("/proc/net/ipv6_route"))
        && Files.readAllLines(Path.of("/proc/net/ipv6_route")).stream()
            .anyMatch(line -> line.startsWith("0".repeat(32) + " 00 ") && !line.endsWith(" lo"));
  }
}
