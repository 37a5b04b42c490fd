package io.vivarium.devices.virtio.vsock;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.devices.virtio.DescriptorChain;
import io.vivarium.devices.virtio.GuestBuffer;
import io.vivarium.devices.virtio.GuestFaultException;
import io.vivarium.devices.virtio.VirtioDevice;
import io.vivarium.devices.virtio.Virtqueue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A socket device (virtio 1.2, 5.10): carries packets between the guest and a {@link VsockPeer}.
 *
 * <p>Connections end with a snapshot: a restored guest is told by a transport reset event, and its
 * programs connect again.
 *
 * <p>Wiring: {@code peer = new VsockUnix(folder.resolve("vsock")); device = new
 * VirtioVsock("vsock0", memory, 3, peer); peer.start(device)} behind a {@code VirtioPci}; close the
 * peer after the device.
 */
public final class VirtioVsock extends VirtioDevice<VirtioVsock.State> {
  /** The host's context id. */
  public static final long HOST_CID = 2;

  /** Saved state: whether the guest still has to hear of a reset. */
  public record State(int version, boolean resetPending) {}

  private static final int VERSION = 1;
  private static final int TYPE = 19;
  private static final int QUEUE_SIZE = 128;
  private static final int RECEIVE = 0;
  private static final int TRANSMIT = 1;

  /** Linux sends at most 64 KiB in a packet. */
  private static final int MAX_PAYLOAD = 64 << 10;

  private final long guestCid;
  private final VsockPeer peer;
  private volatile boolean resetPending;
  private volatile boolean used;

  /**
   * @param guestCid 3 or more
   */
  public VirtioVsock(String id, GuestMemory memory, long guestCid, VsockPeer peer) {
    super(id, TYPE, 0, memory, QUEUE_SIZE, QUEUE_SIZE, 16);
    this.guestCid = guestCid;
    this.peer = peer;
  }

  public long guestCid() {
    return guestCid;
  }

  @Override
  protected byte[] configuration() {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(guestCid).array();
  }

  /** The peer takes packets again. */
  void continueSending() {
    core().notifyQueue(TRANSMIT);
  }

  @Override
  protected void serve(Virtqueue queue) throws GuestFaultException {
    switch (queue.index()) {
      case RECEIVE -> peer.room();
      case TRANSMIT -> transmit(queue);
      default -> sendEvent(queue);
    }
  }

  private void transmit(Virtqueue queue) throws GuestFaultException {
    do {
      queue.suppressKicks();
      while (core().active()) {
        DescriptorChain chain = queue.pop();
        if (chain == null) {
          break;
        }
        if (!receive(chain.readable())) {
          queue.unpop();
          queue.signal();
          return; // until continueSending()
        }
        queue.push(chain, 0);
        queue.letOthers();
      }
      queue.signal();
    } while (core().active() && queue.wantKicks());
  }

  private boolean receive(GuestBuffer in) throws GuestFaultException {
    if (in.remaining() < VsockHeader.SIZE) {
      throw new GuestFaultException("a packet of %d bytes".formatted(in.remaining()));
    }
    VsockHeader header = VsockHeader.read(in);
    if (header.length() > MAX_PAYLOAD || header.length() > in.remaining()) {
      throw new GuestFaultException(
          "a packet that says it has %d bytes".formatted(header.length()));
    }
    if (header.sourceCid() != guestCid || header.targetCid() != HOST_CID) {
      return true; // nobody's: dropped (5.10.6.4)
    }
    byte[] payload = in.bytes((int) header.length());
    used = true;
    return peer.packet(header, payload);
  }

  /**
   * Gives the guest a packet; the payload must fit {@link #MAX_PAYLOAD}.
   *
   * @return how many bytes of the payload it took, or -1 when it has no room or is paused
   */
  int send(VsockHeader header, byte[] payload, int offset) {
    Virtqueue queue = core().queue(RECEIVE);
    int[] taken = {-1};
    core().withQueue(queue, () -> taken[0] = deliver(queue, header, payload, offset));
    return taken[0];
  }

  private static int deliver(Virtqueue queue, VsockHeader header, byte[] payload, int offset)
      throws GuestFaultException {
    DescriptorChain chain = queue.pop();
    while (chain == null) {
      if (!queue.wantKicks()) {
        return -1;
      }
      chain = queue.pop();
    }
    GuestBuffer out = chain.writable();
    int count = (int) Math.min(header.length(), out.remaining() - VsockHeader.SIZE);
    if (count < 0) {
      throw new GuestFaultException("a buffer that no packet's header fits into");
    }
    sized(header, count).write(out);
    out.put(payload, offset, count);
    queue.push(chain, (long) VsockHeader.SIZE + count);
    queue.signal();
    return count;
  }

  private static VsockHeader sized(VsockHeader h, int length) {
    return new VsockHeader(
        h.sourceCid(),
        h.targetCid(),
        h.sourcePort(),
        h.targetPort(),
        length,
        h.type(),
        h.operation(),
        h.flags(),
        h.bufferSize(),
        h.forwarded());
  }

  /** VIRTIO_VSOCK_EVENT_TRANSPORT_RESET, as soon as the guest has a buffer for it. */
  private void sendEvent(Virtqueue queue) throws GuestFaultException {
    if (!resetPending) {
      return;
    }
    DescriptorChain chain = queue.pop();
    if (chain == null) {
      queue.wantKicks();
      return;
    }
    chain.writable().putU32(0);
    queue.push(chain, 4);
    queue.signal();
    resetPending = false;
  }

  @Override
  protected void deactivated() {
    resetPending = false;
    used = false;
    peer.reset();
  }

  @Override
  public Class<State> stateType() {
    return State.class;
  }

  /** What is saved is what the restored guest needs: its connections will not be there. */
  @Override
  public State save() {
    return new State(VERSION, resetPending || used);
  }

  @Override
  public void restore(State state) throws BadStateException {
    new StateCheck(id()).version(state.version, VERSION);
    peer.reset();
    resetPending = state.resetPending;
    used = state.resetPending;
  }
}
