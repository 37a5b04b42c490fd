package io.vivarium.devices.virtio.net;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.NetStatistics;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.devices.virtio.DescriptorChain;
import io.vivarium.devices.virtio.GuestBuffer;
import io.vivarium.devices.virtio.GuestFaultException;
import io.vivarium.devices.virtio.VirtioCore;
import io.vivarium.devices.virtio.VirtioDevice;
import io.vivarium.devices.virtio.Virtqueue;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A network device (virtio 1.2, 5.1) with one pair of queues and a control queue.
 *
 * <p>Checksums that the guest leaves to the device are completed here unless the endpoint takes the
 * header; segmentation is offered where the endpoint takes large frames.
 *
 * <p>Wiring: {@code new VirtioNet("net0", memory, mac, mtu, endpoint)} behind a {@code VirtioPci}.
 * The endpoint's reader calls {@link #receive}; when that returns false it keeps the frame until
 * {@link NetEndpoint#room}. Close the endpoint's threads after the device is paused.
 */
public final class VirtioNet extends VirtioDevice<VirtioNet.State> {
  /** Bytes of {@code virtio_net_hdr_v1}. */
  public static final int HEADER = 12;

  /** Saved state; the driver may have changed the address. */
  @SuppressWarnings("ArrayRecordComponent") // a snapshot: made once, never changed
  public record State(int version, byte[] mac, boolean linkUp, boolean announce) {}

  /** Sees all frames, for a packet capture. Must not block. */
  public interface Observer {
    void frame(boolean fromGuest, ByteBuffer frame);
  }

  private static final int VERSION = 1;
  private static final int TYPE = 1;
  private static final int QUEUE_SIZE = 256;
  private static final int RECEIVE = 0;
  private static final int TRANSMIT = 1;
  private static final int CONTROL = 2;
  private static final int F_CSUM = 0;
  private static final int F_GUEST_CSUM = 1;
  private static final int F_MTU = 3;
  private static final int F_MAC = 5;
  private static final int F_GUEST_TSO4 = 7;
  private static final int F_GUEST_TSO6 = 8;
  private static final int F_HOST_TSO4 = 11;
  private static final int F_HOST_TSO6 = 12;
  private static final int F_MRG_RXBUF = 15;
  private static final int F_STATUS = 16;
  private static final int F_CTRL_VQ = 17;
  private static final int F_CTRL_RX = 18;
  private static final int F_GUEST_ANNOUNCE = 21;
  private static final int F_CTRL_MAC_ADDR = 23;
  private static final int STATUS_LINK_UP = 1;
  private static final int STATUS_ANNOUNCE = 2;
  private static final int NEEDS_CSUM = 1;
  private static final int DATA_VALID = 2;
  private static final int ETHERNET = 14;

  /** An IP packet of 65,535 bytes with its Ethernet header and a VLAN tag. */
  private static final int MAX_FRAME = 65535 + 18;

  private final NetEndpoint endpoint;
  private final NetEndpoint.Framing framing;
  private final int mtu;
  private final ControlQueue control = new ControlQueue(this);
  private final ByteBuffer sendBuffer = ByteBuffer.allocateDirect(HEADER + MAX_FRAME);
  private final List<DescriptorChain> merged = new ArrayList<>();
  private final LongAdder sentFrames = new LongAdder();
  private final LongAdder sentBytes = new LongAdder();
  private final LongAdder sendDrops = new LongAdder();
  private final LongAdder receivedFrames = new LongAdder();
  private final LongAdder receivedBytes = new LongAdder();
  private final LongAdder receiveDrops = new LongAdder();
  private volatile byte[] mac;
  private volatile boolean linkUp = true;
  private volatile boolean announce;
  private volatile boolean wantsRoom;
  private volatile @Nullable Observer observer;

  /**
   * @param mac 6 bytes
   * @param mtu 68 to 65,535 bytes
   */
  public VirtioNet(String id, GuestMemory memory, byte[] mac, int mtu, NetEndpoint endpoint) {
    super(id, TYPE, features(endpoint.framing()), memory, QUEUE_SIZE, QUEUE_SIZE, 64);
    if (mac.length != 6 || mtu < 68 || mtu > 65535) {
      throw new IllegalArgumentException("address of %d bytes, MTU %d".formatted(mac.length, mtu));
    }
    this.mac = mac.clone();
    this.mtu = mtu;
    this.endpoint = endpoint;
    this.framing = endpoint.framing();
  }

  private static long features(NetEndpoint.Framing framing) {
    long common =
        bit(F_CSUM)
            | bit(F_MTU)
            | bit(F_MAC)
            | bit(F_MRG_RXBUF)
            | bit(F_STATUS)
            | bit(F_CTRL_VQ)
            | bit(F_CTRL_RX)
            | bit(F_GUEST_ANNOUNCE)
            | bit(F_CTRL_MAC_ADDR);
    long large = bit(F_HOST_TSO4) | bit(F_HOST_TSO6) | bit(F_GUEST_CSUM);
    return switch (framing) {
      case PLAIN -> common;
      case LARGE -> common | large;
      case VNET_HEADER -> common | large | bit(F_GUEST_TSO4) | bit(F_GUEST_TSO6);
    };
  }

  /** Plugs the cable in or out. */
  public void setLinkUp(boolean up) {
    linkUp = up;
    core().configurationChanged();
  }

  /** Asks the guest to tell the network where it is: after a restore or a fork. */
  public void announce() {
    if (core().negotiated(F_GUEST_ANNOUNCE)) {
      announce = true;
      core().configurationChanged();
    }
  }

  /** Starts or, with null, stops a capture. */
  public void observe(@Nullable Observer newObserver) {
    observer = newObserver;
  }

  public NetStatistics statistics() {
    return new NetStatistics(
        sentFrames.sum(),
        sentBytes.sum(),
        sendDrops.sum(),
        receivedFrames.sum(),
        receivedBytes.sum(),
        receiveDrops.sum());
  }

  byte[] mac() {
    return mac.clone();
  }

  void setMac(byte[] address) {
    mac = address.clone();
  }

  void announced() {
    announce = false;
  }

  @Override
  protected byte[] configuration() {
    ByteBuffer config = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    config.put(0, mac);
    config.putShort(6, (short) ((linkUp ? STATUS_LINK_UP : 0) | (announce ? STATUS_ANNOUNCE : 0)));
    config.putShort(8, (short) 1); // max_virtqueue_pairs
    config.putShort(10, (short) mtu);
    return config.array();
  }

  @Override
  protected void activated() {
    endpoint.negotiated(
        core().negotiated(F_GUEST_CSUM),
        core().negotiated(F_GUEST_TSO4),
        core().negotiated(F_GUEST_TSO6));
  }

  /** After a restore the driver has told long ago what it takes. */
  @Override
  public void resume() {
    if ((core().status() & VirtioCore.DRIVER_OK) != 0) {
      activated();
    }
    super.resume();
  }

  @Override
  protected void deactivated() {
    announce = false;
  }

  @Override
  protected void serve(Virtqueue queue) throws GuestFaultException {
    switch (queue.index()) {
      case RECEIVE -> roomChanged();
      case TRANSMIT -> transmit(queue);
      default -> super.serve(queue);
    }
  }

  @Override
  protected long process(Virtqueue queue, DescriptorChain chain) throws GuestFaultException {
    return queue.index() == CONTROL ? control.process(chain) : 0;
  }

  // --- from the guest ---

  /** The endpoint takes frames again. */
  public void continueSending() {
    core().notifyQueue(TRANSMIT);
  }

  private void transmit(Virtqueue queue) throws GuestFaultException {
    do {
      queue.suppressKicks();
      while (core().active()) {
        DescriptorChain chain = queue.pop();
        if (chain == null) {
          break;
        }
        if (!send(chain.readable())) {
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

  /** Sends or drops a frame; false when it has to wait. */
  private boolean send(GuestBuffer data) throws GuestFaultException {
    long length = data.remaining() - HEADER;
    if (length < ETHERNET || length > MAX_FRAME) {
      sendDrops.increment();
      return true;
    }
    ByteBuffer frame = sendBuffer.clear().limit(HEADER + (int) length);
    GuestBuffer.of(MemorySegment.ofBuffer(frame)).transferFrom(data);
    // From here on only our copy counts.
    ByteBuffer packet = frame.slice(HEADER, (int) length);
    if (framing == NetEndpoint.Framing.VNET_HEADER) {
      frame.putShort(10, (short) 0); // num_buffers is the receiver's
    } else if (!complete(frame, packet)) {
      sendDrops.increment();
      return true;
    }
    Observer watching = observer;
    if (watching != null) {
      watching.frame(true, packet.duplicate());
    }
    boolean taken =
        !linkUp || endpoint.send(framing == NetEndpoint.Framing.VNET_HEADER ? frame : packet);
    if (taken) {
      sentFrames.increment();
      sentBytes.add(length);
    }
    return taken;
  }

  /** Does what the header asks for; false when it asks for what was not offered. */
  private boolean complete(ByteBuffer frame, ByteBuffer packet) {
    int flags = frame.get(0);
    int gso = frame.get(1) & 0x7f;
    if (gso != 0 && framing != NetEndpoint.Framing.LARGE) {
      return false;
    }
    if ((flags & NEEDS_CSUM) == 0) {
      return true;
    }
    int start = Short.toUnsignedInt(Short.reverseBytes(frame.getShort(6)));
    int offset = Short.toUnsignedInt(Short.reverseBytes(frame.getShort(8)));
    return InternetChecksum.complete(packet, start, offset);
  }

  // --- to the guest ---

  /**
   * Gives the guest a frame, from the endpoint's thread; with VNET_HEADER it begins with the
   * header. The buffer's position does not move.
   *
   * @return false when the guest has no room or is paused: keep the frame until {@link
   *     NetEndpoint#room}; true when it was taken, or dropped as nobody can receive it
   */
  public boolean receive(ByteBuffer frame) {
    boolean header = framing == NetEndpoint.Framing.VNET_HEADER;
    int length = frame.remaining() - (header ? HEADER : 0);
    boolean nobody = (core().status() & VirtioCore.DRIVER_OK) == 0 || !linkUp;
    if (length < ETHERNET || length > MAX_FRAME || nobody) {
      receiveDrops.increment();
      return true;
    }
    ByteBuffer head = ByteBuffer.allocate(HEADER);
    if (header) {
      head.put(0, frame, frame.position(), HEADER - 2);
    } else if (framing == NetEndpoint.Framing.LARGE && core().negotiated(F_GUEST_CSUM)) {
      head.put(0, (byte) DATA_VALID); // it came through this host's memory only
    }
    ByteBuffer packet = frame.slice(frame.limit() - length, length);
    boolean[] taken = {false};
    wantsRoom = true; // first, so that buffers that come meanwhile are not missed
    core()
        .withQueue(
            core().queue(RECEIVE),
            () -> {
              taken[0] = deliver(core().queue(RECEIVE), head, packet);
              wantsRoom = !taken[0];
            });
    Observer watching = observer;
    if (taken[0] && watching != null) {
      watching.frame(false, packet.duplicate());
    }
    return taken[0];
  }

  private boolean deliver(Virtqueue queue, ByteBuffer head, ByteBuffer packet)
      throws GuestFaultException {
    long needed = (long) HEADER + packet.remaining();
    boolean merge = core().negotiated(F_MRG_RXBUF);
    long room = collect(queue, needed, merge);
    if (room < needed) {
      for (int i = 0; i < merged.size(); i++) {
        queue.unpop();
      }
      boolean tooSmall = !merged.isEmpty() && (!merge || merged.size() == queue.size());
      merged.clear();
      if (tooSmall) {
        receiveDrops.increment(); // the next buffer would not be larger
      }
      return tooSmall;
    }
    head.putShort(10, Short.reverseBytes((short) merged.size()));
    GuestBuffer source =
        GuestBuffer.of(MemorySegment.ofBuffer(head), MemorySegment.ofBuffer(packet));
    for (DescriptorChain chain : merged) {
      queue.push(chain, chain.writable().transferFrom(source));
    }
    merged.clear();
    queue.signal();
    receivedFrames.increment();
    receivedBytes.add(packet.remaining());
    return true;
  }

  /** Pops chains until they hold enough or there are no more; returns the bytes they hold. */
  private long collect(Virtqueue queue, long needed, boolean merge) throws GuestFaultException {
    long room = 0;
    while (room < needed) {
      DescriptorChain chain = queue.pop();
      if (chain == null) {
        if (!queue.wantKicks()) {
          break;
        }
        continue;
      }
      long size = chain.writable().remaining();
      if (merged.isEmpty() && size < HEADER) {
        queue.push(chain, 0); // no header fits: the driver gets it back, or it would block us
        continue;
      }
      merged.add(chain);
      room += size;
      if (!merge) {
        break;
      }
    }
    return room;
  }

  private void roomChanged() {
    if (wantsRoom) {
      wantsRoom = false;
      endpoint.room();
    }
  }

  // --- state ---

  @Override
  public Class<State> stateType() {
    return State.class;
  }

  @Override
  public State save() {
    return new State(VERSION, mac(), linkUp, announce);
  }

  @Override
  public void restore(State state) throws BadStateException {
    StateCheck check = new StateCheck(id());
    check.version(state.version, VERSION);
    check.exactly("mac", state.mac, 6);
    mac = state.mac.clone();
    linkUp = state.linkUp;
    announce = state.announce;
    wantsRoom = true; // the endpoint may hold a frame from before
  }
}
