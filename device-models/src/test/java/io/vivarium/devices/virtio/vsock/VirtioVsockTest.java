package io.vivarium.devices.virtio.vsock;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.devices.virtio.VirtioContract;
import io.vivarium.devices.virtio.testkit.MockDriver;
import io.vivarium.devices.virtio.testkit.MockQueue.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtioVsockTest extends VirtioContract<VirtioVsock.State, VirtioVsock> {
  private final List<String> packets = new ArrayList<>();
  private boolean full;

  private final VsockPeer peer =
      new VsockPeer() {
        @Override
        public boolean packet(VsockHeader header, byte[] payload) {
          if (!full) {
            packets.add(header.operation() + ":" + header.targetPort() + ":" + payload.length);
          }
          return !full;
        }

        @Override
        public void room() {}

        @Override
        public void reset() {}
      };

  @Override
  protected VirtioVsock create(GuestMemory memory) {
    return new VirtioVsock("vsock0", memory, 3, peer);
  }

  @Override
  protected int pullQueue() {
    return 1;
  }

  static byte[] header(long source, long sourcePort, long targetPort, int length, int operation) {
    return ByteBuffer.allocate(44)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(source)
        .putLong(2)
        .putInt((int) sourcePort)
        .putInt((int) targetPort)
        .putInt(length)
        .putShort((short) 1)
        .putShort((short) operation)
        .putInt(0)
        .putInt(1 << 16)
        .putInt(0)
        .array();
  }

  @Override
  protected List<byte[]> requestHeads() {
    return List.of(
        header(3, 1000, 52, 0, 1), header(3, 1000, 52, 40, 5), header(3, 1000, 52, 0, 3));
  }

  @Override
  protected void forget() {
    packets.clear();
  }

  @Override
  protected void exchange(VirtioVsock device, MockDriver driver) {
    packets.clear();
    long head = guest.allocate(header(3, 1000, 52, 10, 5));
    long data = guest.allocate(10);
    driver.queue(1).add(Buffer.readable(head, 44), Buffer.readable(data, 10));
    driver.kick(1);
    driver.queue(1).mustCollect();
    assertThat(packets).containsExactly("5:52:10");
  }

  @Test
  void packetsOfOthersAreDroppedAndLyingLengthsAreFaults() {
    VirtioVsock device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(-1);
    long head = guest.allocate(header(99, 1000, 52, 0, 1));
    driver.queue(1).add(Buffer.readable(head, 44));
    driver.kick(1);
    driver.queue(1).mustCollect();
    assertThat(packets).isEmpty();
    for (int length : new int[] {1, -1, 70_000}) {
      driver.queue(1).add(Buffer.readable(guest.allocate(header(3, 1, 2, length, 5)), 44));
      driver.kick(1);
      assertThat(driver.needsReset()).isTrue();
      guest.freeAll();
      driver.start(-1);
    }
  }

  @Test
  void aFullPeerHoldsTheQueue() {
    VirtioVsock device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(-1);
    full = true;
    driver.queue(1).add(Buffer.readable(guest.allocate(header(3, 1, 2, 0, 1)), 44));
    driver.kick(1);
    assertThat(driver.queue(1).hasUsed()).isFalse();
    full = false;
    device.continueSending();
    assertThat(driver.queue(1).hasUsed()).isTrue();
  }

  @Test
  void aRestoredGuestHearsThatItsConnectionsAreGone() throws Exception {
    VirtioVsock device = create(guest.memory());
    MockDriver driver = new MockDriver(guest, device);
    driver.start(-1);
    exchange(device, driver);
    long event = guest.allocate(new byte[] {1, 1, 1, 1});
    driver.queue(2).add(Buffer.writable(event, 4));
    driver.kick(2);
    assertThat(driver.queue(2).hasUsed()).isFalse();
    device.pause();
    VirtioVsock other = create(guest.memory());
    other.core().restore(device.core().save());
    other.restore(device.save());
    MockDriver moved = driver.moveTo(other);
    other.resume();
    other.core().setTransportRuns(true);
    assertThat(moved.queue(2).mustCollect().written()).isEqualTo(4);
    assertThat(guest.memory().getU32(event)).isZero();
  }
}
