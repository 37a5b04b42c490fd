package io.vivarium.devices.virtio.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.devices.virtio.VirtioContract;
import io.vivarium.devices.virtio.testkit.MockDriver;
import io.vivarium.devices.virtio.testkit.MockQueue.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VirtioNetTest extends VirtioContract<VirtioNet.State, VirtioNet> {
  private static final long MRG_RXBUF = 1 << 15;
  private static final byte[] MAC = {0x52, 0x54, 0, 1, 2, 3};

  private static final class Wire implements NetEndpoint {
    final Framing framing;
    final List<byte[]> frames = new ArrayList<>();
    boolean blocked;
    int rooms;

    Wire(Framing framing) {
      this.framing = framing;
    }

    @Override
    public Framing framing() {
      return framing;
    }

    @Override
    public boolean send(ByteBuffer frame) {
      if (blocked) {
        return false;
      }
      byte[] bytes = new byte[frame.remaining()];
      frame.get(bytes);
      frames.add(bytes);
      return true;
    }

    @Override
    public void room() {
      rooms++;
    }
  }

  private final Wire wire = new Wire(NetEndpoint.Framing.LARGE);

  @Override
  protected VirtioNet create(GuestMemory memory) {
    return new VirtioNet("net0", memory, MAC, 1500, wire);
  }

  private VirtioNet with(NetEndpoint endpoint) {
    return new VirtioNet("net0", guest.memory(), MAC, 1500, endpoint);
  }

  @Override
  protected int pullQueue() {
    return 1;
  }

  @Override
  protected List<byte[]> requestHeads() {
    byte[] checksum = new byte[80];
    checksum[0] = 1;
    checksum[6] = 34;
    checksum[8] = 16;
    byte[] segment = checksum.clone();
    segment[1] = 1;
    return List.of(
        new byte[76], checksum, segment, new byte[] {0, 0, 1}, new byte[] {1, 1, 0, 0, 0, 0, 0, 0});
  }

  @Override
  protected void forget() {
    wire.frames.clear();
  }

  @Override
  protected void exchange(VirtioNet device, MockDriver driver) {
    wire.frames.clear();
    byte[] frame = frame(100, 1);
    sendFrame(driver, new byte[12], frame);
    assertThat(wire.frames).singleElement().isEqualTo(frame);

    long buffer = guest.allocate(2048);
    driver.queue(0).add(Buffer.writable(buffer, 12), Buffer.writable(buffer + 12, 1600));
    driver.kick(0);
    assertThat(device.receive(ByteBuffer.wrap(frame))).isTrue();
    assertThat(driver.queue(0).mustCollect().written()).isEqualTo(112);
    byte[] got = new byte[100];
    guest.memory().read(buffer + 12, got);
    assertThat(got).isEqualTo(frame);
    assertThat(guest.memory().getU16(buffer + 10)).isEqualTo(1);
  }

  private static byte[] frame(int length, int seed) {
    byte[] frame = new byte[length];
    new Random(seed).nextBytes(frame);
    return frame;
  }

  private void sendFrame(MockDriver driver, byte[] header, byte[] frame) {
    long head = guest.allocate(header);
    long data = guest.allocate(frame);
    driver.queue(1).add(Buffer.readable(head, header.length), Buffer.readable(data, frame.length));
    driver.kick(1);
    if (!wire.blocked) {
      driver.queue(1).mustCollect();
    }
  }

  private static byte[] header(int flags, int gso, int start, int offset) {
    return ByteBuffer.allocate(12)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) flags)
        .put((byte) gso)
        .putShort((short) 54)
        .putShort((short) 1448)
        .putShort((short) start)
        .putShort((short) offset)
        .array();
  }

  private MockDriver started(VirtioNet device, long features) {
    MockDriver driver = new MockDriver(guest, device);
    driver.start(features);
    return driver;
  }

  @Test
  void checksumsThatTheGuestLeavesAreCompleted() {
    VirtioNet device = create(guest.memory());
    MockDriver driver = started(device, -1);
    for (int length : new int[] {60, 61, 1514, 65000}) {
      byte[] frame = frame(length, length);
      frame[50] = 0x12;
      frame[51] = 0x34;
      sendFrame(driver, header(1, length > 1514 ? 1 : 0, 34, 16), frame);
      byte[] got = wire.frames.getLast();
      frame[50] = got[50];
      frame[51] = got[51];
      assertThat(got).isEqualTo(frame);
      assertThat(referenceSum(frame, length)).isEqualTo(0xffff - 0x1234);
    }
  }

  /** The sum of all that a right checksum covers is the complement of the pseudo header's. */
  private static int referenceSum(byte[] frame, int length) {
    long sum = 0;
    for (int i = 34; i < length; i += 2) {
      sum += (frame[i] & 0xff) << 8 | (i + 1 < length ? frame[i + 1] & 0xff : 0);
    }
    while (sum >> 16 != 0) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return (int) sum;
  }

  @Test
  void framesWithBadLengthsOrHeadersAreDropped() {
    VirtioNet device = create(guest.memory());
    MockDriver driver = started(device, -1);
    sendFrame(driver, new byte[12], new byte[13]);
    sendFrame(driver, new byte[5], new byte[3]);
    sendFrame(driver, new byte[12], new byte[65554]);
    sendFrame(driver, header(1, 0, 34, 16), frame(51, 1));
    sendFrame(driver, header(1, 0, 0xffff, 0xffff), frame(100, 1));
    assertThat(wire.frames).isEmpty();
    assertThat(device.statistics().sendDrops()).isEqualTo(5);
    assertThat(driver.needsReset()).isFalse();
  }

  @Test
  void plainEndpointsAreOfferedNoSegmentation() {
    Wire plain = new Wire(NetEndpoint.Framing.PLAIN);
    VirtioNet device = with(plain);
    MockDriver driver = started(device, -1);
    assertThat(device.core().offeredFeatures() & (1 << 11 | 1 << 12 | 1 << 7)).isZero();
    sendFrame(driver, header(1, 1, 34, 16), frame(3000, 1));
    assertThat(plain.frames).isEmpty();
  }

  @Test
  void endpointsWithHeadersGetThemAsTheyAre() {
    Wire tap = new Wire(NetEndpoint.Framing.VNET_HEADER);
    VirtioNet device = with(tap);
    MockDriver driver = started(device, -1);
    byte[] header = header(1, 1, 34, 16);
    header[10] = 77;
    byte[] frame = frame(3000, 1);
    sendFrame(driver, header, frame);
    header[10] = 0;
    assertThat(Arrays.copyOf(tap.frames.getFirst(), 12)).isEqualTo(header);
    assertThat(Arrays.copyOfRange(tap.frames.getFirst(), 12, 3012)).isEqualTo(frame);

    long buffer = guest.allocate(4096);
    driver.queue(0).add(Buffer.writable(buffer, 4096));
    assertThat(device.receive(ByteBuffer.wrap(tap.frames.getFirst()))).isTrue();
    assertThat(guest.memory().getU8(buffer + 1)).isEqualTo(1);
    assertThat(guest.memory().getU16(buffer + 10)).isEqualTo(1);
  }

  @Test
  void aLargeFrameIsMergedFromSeveralBuffers() {
    VirtioNet device = create(guest.memory());
    MockDriver driver = started(device, MRG_RXBUF);
    byte[] frame = frame(5000, 9);
    assertThat(device.receive(ByteBuffer.wrap(frame))).isFalse();
    long buffers = guest.allocate(4 * 2048);
    for (int i = 0; i < 2; i++) {
      driver.queue(0).add(Buffer.writable(buffers + 2048L * i, 2048));
    }
    driver.kick(0);
    assertThat(wire.rooms).isEqualTo(1);
    assertThat(device.receive(ByteBuffer.wrap(frame))).isFalse();
    driver.queue(0).add(Buffer.writable(buffers + 4096, 2048));
    driver.kick(0);
    assertThat(wire.rooms).isEqualTo(2);
    assertThat(device.receive(ByteBuffer.wrap(frame))).isTrue();
    assertThat(guest.memory().getU16(buffers + 10)).isEqualTo(3);
    assertThat(driver.queue(0).mustCollect().written()).isEqualTo(2048);
    assertThat(driver.queue(0).mustCollect().written()).isEqualTo(2048);
    assertThat(driver.queue(0).mustCollect().written()).isEqualTo(5012 - 4096);
    byte[] got = new byte[5000];
    guest.memory().read(buffers + 12, got);
    assertThat(got).isEqualTo(frame);
  }

  @Test
  void withoutMergingAFrameThatDoesNotFitIsDropped() {
    VirtioNet device = create(guest.memory());
    MockDriver driver = started(device, 0);
    long buffer = guest.allocate(2048);
    driver.queue(0).add(Buffer.writable(buffer, 1526));
    assertThat(device.receive(ByteBuffer.wrap(frame(5000, 9)))).isTrue();
    assertThat(driver.queue(0).hasUsed()).isFalse();
    assertThat(device.statistics().receiveDrops()).isEqualTo(1);
    assertThat(device.receive(ByteBuffer.wrap(frame(1514, 9)))).isTrue();
    assertThat(driver.queue(0).mustCollect().written()).isEqualTo(1526);
  }

  @Test
  void buffersTooSmallForAHeaderComeBack() {
    VirtioNet device = create(guest.memory());
    MockDriver driver = started(device, MRG_RXBUF);
    long buffer = guest.allocate(2048);
    driver.queue(0).add(Buffer.writable(buffer, 4));
    driver.queue(0).add(Buffer.readable(buffer, 100));
    driver.queue(0).add(Buffer.writable(buffer, 2000));
    assertThat(device.receive(ByteBuffer.wrap(frame(100, 9)))).isTrue();
    assertThat(driver.queue(0).mustCollect().written()).isZero();
    assertThat(driver.queue(0).mustCollect().written()).isZero();
    assertThat(driver.queue(0).mustCollect().written()).isEqualTo(112);
  }

  @Test
  void framesWaitWhileTheEndpointOrTheGuestCannotTakeThem() {
    VirtioNet device = create(guest.memory());
    MockDriver driver = started(device, -1);
    wire.blocked = true;
    sendFrame(driver, new byte[12], frame(60, 1));
    assertThat(driver.queue(1).hasUsed()).isFalse();
    wire.blocked = false;
    device.continueSending();
    assertThat(driver.queue(1).hasUsed()).isTrue();
    assertThat(wire.frames).hasSize(1);

    driver.queue(0).add(Buffer.writable(guest.allocate(2048), 2048));
    device.pause();
    assertThat(device.receive(ByteBuffer.wrap(frame(60, 2)))).isFalse();
    device.resume();
    assertThat(wire.rooms).isEqualTo(1);
    assertThat(device.receive(ByteBuffer.wrap(frame(60, 2)))).isTrue();
  }

  @Test
  void nobodyReceivesBeforeTheDriverIsThere() {
    VirtioNet device = create(guest.memory());
    assertThat(device.receive(ByteBuffer.wrap(frame(60, 2)))).isTrue();
    assertThat(device.statistics().receiveDrops()).isEqualTo(1);
  }

  private int command(MockDriver driver, int... bytes) {
    byte[] command = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      command[i] = (byte) bytes[i];
    }
    long at = guest.allocate(command);
    long ack = guest.allocate(new byte[] {(byte) 0xaa});
    driver
        .queue(2)
        .add(
            Buffer.readable(at, 2),
            Buffer.readable(at + 2, command.length - 2),
            Buffer.writable(ack, 1));
    driver.kick(2);
    assertThat(driver.queue(2).mustCollect().written()).isEqualTo(1);
    return guest.memory().getU8(ack);
  }

  @Test
  void controlCommandsAreAnswered() {
    VirtioNet device = create(guest.memory());
    MockDriver driver = started(device, -1);
    assertThat(command(driver, 0, 0, 1)).isZero();
    assertThat(command(driver, 0, 0)).isEqualTo(1);
    assertThat(command(driver, 1, 1, 2, 0, 0, 0, 0, 9)).isZero();
    assertThat(device.readConfig(5, 1)).isEqualTo(9);
    assertThat(command(driver, 1, 1, 2, 0)).isEqualTo(1);
    assertThat(command(driver, 4, 0, 2, 0)).isEqualTo(1);
    assertThat(command(driver, 99, 0)).isEqualTo(1);
  }

  @Test
  void linkAndAnnouncementAreInTheConfiguration() {
    VirtioNet device = create(guest.memory());
    MockDriver driver = started(device, -1);
    assertThat(device.readConfig(6, 2)).isEqualTo(1);
    assertThat(device.readConfig(10, 2)).isEqualTo(1500);
    device.setLinkUp(false);
    assertThat(device.readConfig(6, 2)).isZero();
    sendFrame(driver, new byte[12], frame(60, 1));
    assertThat(wire.frames).isEmpty();
    device.setLinkUp(true);
    device.announce();
    assertThat(device.readConfig(6, 2)).isEqualTo(3);
    assertThat(driver.configInterrupts()).isEqualTo(3);
    command(driver, 3, 0);
    assertThat(device.readConfig(6, 2)).isEqualTo(1);
  }

  @Test
  void twoDevicesShareACable() {
    LinkEndpoint a = new LinkEndpoint();
    LinkEndpoint b = new LinkEndpoint();
    VirtioNet first = with(a);
    VirtioNet second = with(b);
    LinkEndpoint.connect(a, first, b, second);
    MockDriver firstDriver = started(first, -1);
    MockDriver secondDriver = started(second, -1);
    long buffer = guest.allocate(2048);
    secondDriver.queue(0).add(Buffer.writable(buffer, 2048));
    byte[] frame = frame(200, 4);
    sendFrame(firstDriver, new byte[12], frame);
    sendFrame(firstDriver, new byte[12], frame); // no room: dropped
    assertThat(secondDriver.queue(0).mustCollect().written()).isEqualTo(212);
    assertThat(second.statistics().receivedFrames()).isEqualTo(1);
  }

  @Test
  void capturesAreReadableByOthers(@TempDir Path folder) throws Exception {
    VirtioNet device = create(guest.memory());
    MockDriver driver = started(device, -1);
    Path file = folder.resolve("net0.pcap");
    try (PcapWriter pcap =
        new PcapWriter(file, 24 + 16 + 60 + 16 + 59, () -> Instant.ofEpochSecond(7, 8))) {
      device.observe(pcap);
      sendFrame(driver, new byte[12], frame(60, 1));
      sendFrame(driver, new byte[12], frame(60, 2)); // beyond the limit
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes.limit()).isEqualTo(24 + 16 + 60);
    assertThat(bytes.getInt(0)).isEqualTo(0xa1b23c4d);
    assertThat(bytes.getInt(20)).isEqualTo(1);
    assertThat(bytes.getInt(24)).isEqualTo(7);
    assertThat(bytes.getInt(28)).isEqualTo(8);
    assertThat(bytes.getInt(32)).isEqualTo(60);
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

  @Test
  void framesFlowThroughAStreamBothWays(@TempDir Path folder) throws Exception {
    try (SocketPair pair = new SocketPair(folder)) {
      AtomicReference<String> gone = new AtomicReference<>("");
      try (StreamEndpoint stream = new StreamEndpoint("net0", pair.left(), gone::set)) {
        VirtioNet device = with(stream);
        MockDriver driver = started(device, -1);
        stream.start(device);
        SocketChannel peer = pair.right();
        // To the guest: three frames in odd pieces, the guest having room for none at first.
        ByteBuffer out = ByteBuffer.allocate(3 * 1004);
        for (int i = 0; i < 3; i++) {
          out.putInt(1000).put(frame(1000, i));
        }
        out.flip();
        while (out.hasRemaining()) {
          ByteBuffer piece = out.slice(out.position(), Math.min(333, out.remaining()));
          out.position(out.position() + peer.write(piece));
        }
        long buffer = guest.allocate(3 * 2048);
        for (int i = 0; i < 3; i++) {
          driver.queue(0).add(Buffer.writable(buffer + 2048L * i, 2048));
          driver.kick(0);
        }
        for (int i = 0; i < 3; i++) {
          await(() -> driver.queue(0).hasUsed());
          assertThat(driver.queue(0).mustCollect().written()).isEqualTo(1012);
        }
        byte[] got = new byte[1000];
        guest.memory().read(buffer + 4096 + 12, got);
        assertThat(got).isEqualTo(frame(1000, 2));

        // From the guest: more than the socket holds.
        byte[] large = frame(60_000, 3);
        long head = guest.allocate(new byte[12]);
        long data = guest.allocate(large);
        for (int i = 0; i < 50; i++) {
          driver.queue(1).add(Buffer.readable(head, 12), Buffer.readable(data, large.length));
        }
        driver.kick(1);
        for (int i = 0; i < 50; i++) {
          ByteBuffer in = ByteBuffer.allocate(4 + large.length);
          while (in.hasRemaining()) {
            assertThat(peer.read(in)).isPositive();
          }
          assertThat(in.getInt(0)).isEqualTo(large.length);
          assertThat(Arrays.copyOfRange(in.array(), 4, in.capacity())).isEqualTo(large);
        }
        for (int i = 0; i < 50; i++) {
          await(() -> driver.queue(1).hasUsed());
          driver.queue(1).mustCollect();
        }
        // A peer that talks nonsense is left, and the guest goes on.
        peer.write(ByteBuffer.allocate(4).putInt(0, -1));
        await(() -> !gone.get().isEmpty());
        assertThat(gone.get()).contains("a frame of -1 bytes");
        driver.queue(1).add(Buffer.readable(head, 12), Buffer.readable(data, 100));
        driver.kick(1);
        driver.queue(1).mustCollect();
        device.close();
      }
    }
  }
}
