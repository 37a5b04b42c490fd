package io.vivarium.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.devices.virtio.testkit.MockDriver;
import io.vivarium.devices.virtio.testkit.MockGuest;
import io.vivarium.devices.virtio.testkit.MockQueue.Buffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NetworkCardTest {
  private static final int HEADER = 12;

  @TempDir Path folder;

  /** A guest with one card and a driver that has a receive buffer posted. */
  private static final class Station implements AutoCloseable {
    private final MockGuest guest = new MockGuest();
    private final NetworkCard card;
    private final MockDriver driver;
    private final long buffer = guest.allocate(2048);
    private final long outgoing = guest.allocate(2048);
    private long taken;

    Station(NetworkBackend backend) throws IOException {
      card =
          new NetworkCard(
              "net0",
              new DeviceConfig.NetworkConfig("52:54:00:00:00:01", 1500, backend, null),
              guest.memory(),
              why -> {});
      driver = new MockDriver(guest, card.device());
      driver.start(0);
      post();
    }

    void post() {
      driver.queue(0).add(Buffer.writable(buffer, 2048));
      driver.kick(0);
    }

    void send(byte[] frame) {
      guest.memory().write(outgoing + HEADER, frame);
      driver.queue(1).add(Buffer.readable(outgoing, HEADER + frame.length));
      driver.kick(1);
      await(() -> driver.queue(1).collect() != null); // the other side may be behind
    }

    boolean hasReceived() {
      return card.device().statistics().receivedFrames() > taken;
    }

    /** Takes a frame, and posts the buffer for the next. */
    byte[] receive() {
      await(this::hasReceived);
      taken++;
      byte[] got = new byte[driver.queue(0).mustCollect().written() - HEADER];
      guest.memory().read(buffer + HEADER, got);
      post();
      return got;
    }

    boolean linkUp() {
      return (card.device().readConfig(6, 2) & 1) != 0;
    }

    @Override
    public void close() {
      card.device().close();
      card.close();
      guest.close();
    }
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited in vain").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  @AfterEach
  void allCableThreadsHaveEnded() {
    await(
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("net0-")));
  }

  private static byte[] frame(int seed) {
    byte[] frame = new byte[300];
    new Random(seed).nextBytes(frame);
    return frame;
  }

  @Test
  void aCableJoinsTwoCardsAndOutlivesEither() throws Exception {
    NetworkBackend cable = new NetworkBackend.Cable(folder.resolve("cable"));
    try (Station first = new Station(cable)) {
      first.send(frame(0)); // nobody is there yet: dropped
      for (int life = 1; life <= 2; life++) {
        try (Station second = new Station(cable)) {
          byte[] frame = frame(life);
          // Until the cable is in, frames are dropped; and some of the life before may still come.
          await(
              () -> {
                second.send(frame);
                return first.hasReceived() && Arrays.equals(first.receive(), frame);
              });
          first.send(frame(9));
          assertThat(second.receive()).isEqualTo(frame(9));
        }
      }
    }
  }

  @Test
  void aCardIsPluggedElsewhereWhileItRuns() throws Exception {
    NetworkBackend cable = new NetworkBackend.Cable(folder.resolve("cable"));
    try (Station moving = new Station(new NetworkBackend.Unplugged());
        Station other = new Station(cable)) {
      assertThat(moving.linkUp()).isFalse();
      moving.send(frame(1));
      moving.card.plug(cable);
      assertThat(moving.linkUp()).isTrue();
      await(
          () -> {
            moving.send(frame(2));
            return other.hasReceived();
          });
      assertThat(other.receive()).isEqualTo(frame(2));
      assertThatThrownBy(
              () -> moving.card.plug(new NetworkBackend.Stream(folder.resolve("nobody"))))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("nobody answers at the network's socket");
      assertThat(moving.linkUp()).isTrue();
      moving.card.plug(new NetworkBackend.Unplugged());
      assertThat(moving.linkUp()).isFalse();
    }
  }

  @Test
  void aClosedCardTakesNoCableAnyMore() throws Exception {
    Station station = new Station(new NetworkBackend.Unplugged());
    station.close();
    assertThatThrownBy(() -> station.card.plug(new NetworkBackend.Cable(folder.resolve("cable"))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void capturesBeginAndEndWhileItRuns() throws Exception {
    try (Station station = new Station(new NetworkBackend.Unplugged())) {
      Path file = folder.resolve("capture");
      station.card.capture(file);
      station.send(frame(1));
      station.card.capture(null);
      station.send(frame(2));
      assertThat(Files.size(file)).isEqualTo(24 + 16 + 300);
    }
  }

  @Test
  void aTapCarriesFramesBothWays() throws Exception {
    assumeTrue(
        Files.isWritable(Path.of("/dev/net/tun")) && System.getProperty("user.name").equals("root"),
        "skipped: making a tap interface needs root and /dev/net/tun");
    try (Station station = new Station(new NetworkBackend.Tap("vivtest%d"))) {
      String name = tapName();
      up(name);
      // A broadcast ARP request for an address of the interface's own: the host's kernel answers.
      byte[] request = new byte[42];
      Arrays.fill(request, 0, 6, (byte) 0xff);
      byte[] mac = {0x52, 0x54, 0, 0, 0, 1};
      System.arraycopy(mac, 0, request, 6, 6);
      byte[] arp = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};
      System.arraycopy(arp, 0, request, 12, arp.length);
      System.arraycopy(mac, 0, request, 22, 6);
      System.arraycopy(new byte[] {(byte) 198, 18, 77, 2}, 0, request, 28, 4);
      System.arraycopy(new byte[] {(byte) 198, 18, 77, 1}, 0, request, 38, 4);
      await(
          () -> {
            station.send(request);
            return station.hasReceived() && isAnswer(station.receive()); // its multicasts come, too
          });
    }
  }

  private static boolean isAnswer(byte[] frame) {
    return frame[12] == 8 && frame[13] == 6 && frame[21] == 2; // ARP, reply
  }

  private static String tapName() throws IOException {
    try (var names = Files.list(Path.of("/sys/class/net"))) {
      return names
          .map(path -> path.getFileName().toString())
          .filter(name -> name.startsWith("vivtest"))
          .findFirst()
          .orElseThrow();
    }
  }

  private static void up(String name) throws IOException, InterruptedException {
    for (String command :
        new String[] {"ip addr add 198.18.77.1/24 dev " + name, "ip link set " + name + " up"}) {
      Process ip = new ProcessBuilder(command.split(" ")).redirectErrorStream(true).start();
      assumeTrue(ip.waitFor() == 0, "skipped: ip cannot set an interface up here");
    }
  }
}
