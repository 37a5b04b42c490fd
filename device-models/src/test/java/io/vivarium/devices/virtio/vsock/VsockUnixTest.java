package io.vivarium.devices.virtio.vsock;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.virtio.testkit.MockDriver;
import io.vivarium.devices.virtio.testkit.MockGuest;
import io.vivarium.devices.virtio.testkit.MockQueue.Buffer;
import io.vivarium.devices.virtio.testkit.MockQueue.Used;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A mock guest talks to real Unix sockets. */
class VsockUnixTest {
  private static final int BUFFER = 4096;

  @TempDir Path folder;
  private final MockGuest guest = new MockGuest();
  private @Nullable VsockUnix peer;
  private @Nullable VirtioVsock device;
  private MockDriver driver =
      new MockDriver(guest, new VirtioVsock("x", guest.memory(), 3, NO_PEER));
  private long[] buffers = {};
  private long head;
  private long body;

  private static final VsockPeer NO_PEER =
      new VsockPeer() {
        @Override
        public boolean packet(VsockHeader header, byte[] payload) {
          return true;
        }

        @Override
        public void room() {}

        @Override
        public void reset() {}
      };

  /** A packet that the guest got. */
  private record Got(
      long sourcePort, long targetPort, int operation, int flags, long forwarded, String data) {}

  @BeforeEach
  void start() throws IOException {
    VsockUnix unix = new VsockUnix(folder.resolve("vsock"));
    VirtioVsock made = new VirtioVsock("vsock0", guest.memory(), 3, unix);
    unix.start(made);
    driver = new MockDriver(guest, made);
    driver.start(-1);
    buffers = new long[128];
    head = guest.allocate(44);
    body = guest.allocate(64 << 10);
    for (int i = 0; i < 32; i++) {
      giveBuffer();
    }
    driver.kick(0);
    peer = unix;
    device = made;
  }

  @AfterEach
  void stop() {
    if (device != null && peer != null) {
      device.close();
      peer.close();
    }
    guest.close();
  }

  private void giveBuffer() {
    long at = guest.allocate(BUFFER);
    buffers[driver.queue(0).add(Buffer.writable(at, BUFFER))] = at;
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited in vain");
      }
      Thread.onSpinWait();
    }
  }

  private Got receive() {
    await(() -> driver.queue(0).hasUsed());
    Used used = driver.queue(0).mustCollect();
    long at = buffers[used.head()];
    byte[] bytes = new byte[used.written()];
    guest.memory().read(at, bytes);
    buffers[driver.queue(0).add(Buffer.writable(at, BUFFER))] = at;
    driver.kick(0);
    ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int length = header.getInt(24);
    return new Got(
        header.getInt(16),
        header.getInt(20),
        header.getShort(30),
        header.getInt(32),
        header.getInt(40),
        new String(bytes, 44, length, StandardCharsets.US_ASCII));
  }

  private void send(long sourcePort, long targetPort, int operation, String data) {
    send(sourcePort, targetPort, operation, 0, data);
  }

  private void send(long sourcePort, long targetPort, int operation, int flags, String data) {
    byte[] header = VirtioVsockTest.header(3, sourcePort, targetPort, data.length(), operation);
    header[32] = (byte) flags;
    byte[] payload = data.getBytes(StandardCharsets.US_ASCII);
    guest.memory().write(head, header);
    guest.memory().write(body, payload);
    driver.queue(1).add(Buffer.readable(head, 44), Buffer.readable(body, payload.length));
    driver.kick(1);
    await(() -> driver.queue(1).hasUsed());
    driver.queue(1).mustCollect();
  }

  private static String read(SocketChannel channel, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {}
    return new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
  }

  private static void write(SocketChannel channel, String text) throws IOException {
    channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
  }

  @Test
  void aProgramOfTheHostReachesTheGuest() throws Exception {
    try (SocketChannel host =
        SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("vsock")))) {
      write(host, "CONNECT 52\n");
      Got request = receive();
      assertThat(request.operation()).isEqualTo(VsockHeader.REQUEST);
      assertThat(request.targetPort()).isEqualTo(52);
      long port = request.sourcePort();
      send(52, port, VsockHeader.RESPONSE, "");
      assertThat(read(host, 14)).isEqualTo("OK " + port + "\n");
      write(host, "hello");
      assertThat(receive().data()).isEqualTo("hello");
      send(52, port, VsockHeader.DATA, "world");
      assertThat(read(host, 5)).isEqualTo("world");
      host.shutdownOutput();
      Got shutdown = receive();
      assertThat(shutdown.operation()).isEqualTo(VsockHeader.SHUTDOWN);
      assertThat(shutdown.flags()).isEqualTo(VsockHeader.NO_SEND);
      send(52, port, VsockHeader.DATA, "late");
      assertThat(read(host, 4)).isEqualTo("late");
      send(52, port, VsockHeader.SHUTDOWN, 3, "");
      assertThat(receive().operation()).isEqualTo(VsockHeader.RESET);
      assertThat(read(host, 1)).isEmpty();
    }
  }

  @Test
  void aProgramOfTheGuestReachesTheHost() throws Exception {
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(UnixDomainSocketAddress.of(folder.resolve("vsock_80")));
      send(1000, 80, VsockHeader.REQUEST, "");
      try (SocketChannel host = listener.accept()) {
        assertThat(receive().operation()).isEqualTo(VsockHeader.RESPONSE);
        send(1000, 80, VsockHeader.DATA, "GET /");
        assertThat(read(host, 5)).isEqualTo("GET /");
        write(host, "200");
        Got answer = receive();
        assertThat(answer.data()).isEqualTo("200");
        assertThat(answer.forwarded()).isEqualTo(5);
        send(1000, 80, VsockHeader.RESET, "");
        assertThat(read(host, 1)).isEmpty();
      }
    }
  }

  @Test
  void whoIsNotThereIsRefused() {
    send(1000, 81, VsockHeader.REQUEST, "");
    assertThat(receive().operation()).isEqualTo(VsockHeader.RESET);
    send(1000, 82, VsockHeader.DATA, "x");
    assertThat(receive().operation()).isEqualTo(VsockHeader.RESET);
  }

  @Test
  void anyOtherGreetingIsHungUpOn() throws Exception {
    for (String greeting :
        new String[] {
          "GET / HTTP/1.0\n",
          "CONNECT x\n",
          "CONNECT -1\n",
          "CONNECT 99999999999\n",
          "0123456789012345678901234567890123456789"
        }) {
      try (SocketChannel host =
          SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("vsock")))) {
        write(host, greeting);
        assertThat(read(host, 1)).isEmpty();
      } catch (IOException reset) {
        assertThat(reset).hasMessageContaining("reset");
      }
    }
    assertThat(driver.queue(0).hasUsed()).isFalse();
  }

  @Test
  void aGuestThatSendsBeyondItsCreditIsCutOff() throws Exception {
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(UnixDomainSocketAddress.of(folder.resolve("vsock_80")));
      send(1000, 80, VsockHeader.REQUEST, "");
      try (SocketChannel host = listener.accept()) {
        assertThat(receive().operation()).isEqualTo(VsockHeader.RESPONSE);
        assertThat(host.isOpen()).isTrue();
        String block = "x".repeat(60_000);
        int sent = 0;
        // What the host's socket still takes is answered with credit; the first byte beyond, not.
        int answer = VsockHeader.CREDIT_UPDATE;
        while (answer == VsockHeader.CREDIT_UPDATE) {
          while (!driver.queue(0).hasUsed()) {
            send(1000, 80, VsockHeader.DATA, block);
            assertThat(sent++).isLessThan(1000);
          }
          answer = receive().operation();
        }
        assertThat(answer).isEqualTo(VsockHeader.RESET);
      }
    }
  }

  @Test
  void theHostWaitsForTheGuestsCredit() throws Exception {
    try (SocketChannel host =
        SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("vsock")))) {
      write(host, "CONNECT 52\n");
      long port = receive().sourcePort();
      send(52, port, VsockHeader.RESPONSE, ""); // says that it takes 65536 bytes
      read(host, 14);
      host.configureBlocking(false);
      byte[] data = new byte[100_000];
      ByteBuffer out = ByteBuffer.wrap(data);
      int[] got = {0};
      while (got[0] < 65536) {
        host.write(out);
        got[0] += receive().data().length();
      }
      assertThat(got[0]).isEqualTo(65536);
      assertThat(driver.queue(0).hasUsed()).isFalse();
      byte[] update = VirtioVsockTest.header(3, 52, port, 0, VsockHeader.CREDIT_UPDATE);
      ByteBuffer.wrap(update).order(ByteOrder.LITTLE_ENDIAN).putInt(40, 65536);
      driver.queue(1).add(Buffer.readable(guest.allocate(update), 44));
      driver.kick(1);
      while (got[0] < data.length) {
        host.write(out);
        got[0] += receive().data().length();
      }
      assertThat(got[0]).isEqualTo(data.length);
    }
  }
}
