package io.vivarium.devices.virtio.console;

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
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A console device with several ports (virtio 1.2, 5.3): terminals, and named byte streams for an
 * agent. The host's ends are always open.
 *
 * <p>Wiring: {@code new VirtioConsole("console0", memory, List.of(new PortSpec("console", true,
 * output), new PortSpec("io.vivarium.agent", false, other)))} behind a {@code VirtioPci}; then
 * {@link #port} gives each port's end for input. A driver without MULTIPORT sees port 0 only.
 */
public final class VirtioConsole extends VirtioDevice<VirtioConsole.State> {
  /** A port to be made: its name, whether it is a terminal, and the host's end. */
  public record PortSpec(String name, boolean console, ConsoleOutput output) {}

  /** Saved state. */
  public record State(int version, List<PortState> ports, List<Message> pending) {}

  /**
   * A port's part.
   *
   * @param taken bytes of the transmit queue's first chain that the host has already taken
   */
  public record PortState(boolean guestOpen, int columns, int rows, long taken) {}

  /** A control message that waits for a buffer; {@code extra} follows its header. */
  @SuppressWarnings("ArrayRecordComponent") // a snapshot: made once, never changed
  public record Message(int port, int event, int value, byte[] extra) {}

  private static final int VERSION = 1;
  private static final int TYPE = 3;
  private static final int QUEUE_SIZE = 128;
  private static final int MAX_PORTS = 16;
  private static final int F_SIZE = 0;
  private static final int F_MULTIPORT = 1;
  private static final int F_EMERG_WRITE = 2;
  private static final int CONTROL_RECEIVE = 2;
  private static final int CONTROL_TRANSMIT = 3;
  private static final int EMERG_WRITE_AT = 8;
  private static final int DEVICE_READY = 0;
  private static final int PORT_ADD = 1;
  private static final int PORT_READY = 3;
  private static final int CONSOLE_PORT = 4;
  private static final int RESIZE = 5;
  private static final int PORT_OPEN = 6;
  private static final int PORT_NAME = 7;
  private static final int MAX_EXTRA = 64;

  /** A driver that asks again and again without taking answers loses some. */
  private static final int MAX_PENDING = 8 * MAX_PORTS;

  private final List<ConsolePort> ports = new ArrayList<>();
  private final Deque<Message> pending = new ArrayDeque<>();
  private final AtomicLong sent = new AtomicLong();

  public VirtioConsole(String id, GuestMemory memory, List<PortSpec> specs) {
    super(
        id, TYPE, bit(F_SIZE) | bit(F_MULTIPORT) | bit(F_EMERG_WRITE), memory, sizes(specs.size()));
    for (int i = 0; i < specs.size(); i++) {
      PortSpec spec = specs.get(i);
      if (spec.name.length() >= MAX_EXTRA) {
        throw new IllegalArgumentException("console port name too long: " + spec.name);
      }
      Virtqueue receive = core().queue(receiveQueue(i));
      Virtqueue transmit = core().queue(receiveQueue(i) + 1);
      ports.add(new ConsolePort(this, i, spec.name, spec.console, spec.output, receive, transmit));
    }
  }

  private static int[] sizes(int ports) {
    if (ports < 1 || ports > MAX_PORTS) {
      throw new IllegalArgumentException("a console of %d ports".formatted(ports));
    }
    int[] sizes = new int[2 * ports + 2];
    Arrays.fill(sizes, QUEUE_SIZE);
    return sizes;
  }

  /** Port 0 has queues 0 and 1, the control queues are 2 and 3, port n has 2n + 2 (5.3.2). */
  private static int receiveQueue(int port) {
    return port == 0 ? 0 : 2 * port + 2;
  }

  public ConsolePort port(int index) {
    return ports.get(index);
  }

  /** Bytes that the guest has sent through all ports. */
  public long transmitted() {
    return sent.get();
  }

  void count(int bytes) {
    sent.addAndGet(bytes);
  }

  private boolean multiport() {
    return core().negotiated(F_MULTIPORT);
  }

  @Override
  protected byte[] configuration() {
    ByteBuffer config = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    config.putShort(0, (short) ports.getFirst().columns());
    config.putShort(2, (short) ports.getFirst().rows());
    config.putInt(4, ports.size());
    return config.array();
  }

  @Override
  protected void writeConfiguration(int offset, int size, int value) {
    if (offset == EMERG_WRITE_AT) {
      ports.getFirst().emergency(value);
    }
  }

  @Override
  protected void activated() {
    if (!multiport()) {
      ports.getFirst().setGuestOpen(true);
    }
  }

  @Override
  protected void deactivated() {
    synchronized (pending) {
      pending.clear();
    }
    for (ConsolePort port : ports) {
      if (port.guestOpen()) {
        port.setGuestOpen(false);
      }
      port.set(false, 80, 24, 0);
    }
  }

  @Override
  protected void serve(Virtqueue queue) throws GuestFaultException {
    int index = queue.index();
    if (index == CONTROL_TRANSMIT) {
      super.serve(queue);
    } else if (index == CONTROL_RECEIVE) {
      flushPending(queue);
    } else {
      ConsolePort port = ports.get(index < 2 ? 0 : index / 2 - 1);
      if ((index & 1) == 1) {
        port.send();
      } else {
        port.roomChanged();
      }
    }
  }

  /** A control message of the driver's. */
  @Override
  protected long process(Virtqueue queue, DescriptorChain chain) throws GuestFaultException {
    GuestBuffer in = chain.readable();
    int id = in.getU32();
    int event = in.getU16();
    int value = in.getU16();
    if (event == DEVICE_READY) {
      if (value == 1) {
        for (ConsolePort port : ports) {
          post(new Message(port.index(), PORT_ADD, 1, new byte[0]));
        }
      }
    } else if (id >= 0 && id < ports.size()) {
      portMessage(ports.get(id), event, value);
    }
    return 0;
  }

  private void portMessage(ConsolePort port, int event, int value) {
    if (event == PORT_READY && value == 1) {
      if (port.console()) {
        post(new Message(port.index(), CONSOLE_PORT, 1, new byte[0]));
        post(resizeMessage(port));
      }
      // Who finds a port by its name finds it open: before that Linux reads an end from it.
      post(new Message(port.index(), PORT_OPEN, 1, new byte[0]));
      byte[] name = port.name().getBytes(StandardCharsets.UTF_8);
      post(new Message(port.index(), PORT_NAME, 1, Arrays.copyOf(name, name.length + 1)));
    } else if (event == PORT_OPEN) {
      port.setGuestOpen(value == 1);
    }
  }

  private static Message resizeMessage(ConsolePort port) {
    byte[] size = {
      (byte) port.columns(),
      (byte) (port.columns() >> 8),
      (byte) port.rows(),
      (byte) (port.rows() >> 8)
    };
    return new Message(port.index(), RESIZE, 0, size);
  }

  void resized(ConsolePort port) {
    if (port.index() == 0) {
      core().configurationChanged();
    }
    if (port.console() && multiport()) {
      post(resizeMessage(port));
    }
  }

  private void post(Message message) {
    synchronized (pending) {
      if (pending.size() < MAX_PENDING) {
        pending.add(message);
      }
    }
    core().notifyQueue(CONTROL_RECEIVE);
  }

  private void flushPending(Virtqueue queue) throws GuestFaultException {
    synchronized (pending) {
      while (!pending.isEmpty()) {
        DescriptorChain chain = queue.pop();
        if (chain == null) {
          if (!queue.wantKicks()) {
            break;
          }
          continue;
        }
        Message message = pending.remove();
        GuestBuffer out = chain.writable();
        out.putU32(message.port);
        out.putU16(message.event);
        out.putU16(message.value);
        out.put(message.extra);
        queue.push(chain, 8L + message.extra.length);
      }
    }
    queue.signal();
  }

  @Override
  public Class<State> stateType() {
    return State.class;
  }

  @Override
  public State save() {
    List<PortState> states = new ArrayList<>();
    for (ConsolePort port : ports) {
      states.add(new PortState(port.guestOpen(), port.columns(), port.rows(), port.taken()));
    }
    synchronized (pending) {
      return new State(VERSION, List.copyOf(states), List.copyOf(pending));
    }
  }

  @Override
  public void restore(State state) throws BadStateException {
    StateCheck check = new StateCheck(id());
    check.version(state.version, VERSION);
    check.exactly("ports", state.ports, ports.size());
    for (PortState port : state.ports) {
      check.range("columns", port.columns, 0, 0xffff);
      check.range("rows", port.rows, 0, 0xffff);
      check.range("taken", port.taken, 0, 1L << 32);
    }
    check.atMost("pending", state.pending, MAX_PENDING);
    for (Message message : state.pending) {
      check.range("message port", message.port, 0, ports.size() - 1);
      check.bits("message event", message.event, 0xffff);
      check.bits("message value", message.value, 0xffff);
      check.atMost("message extra", message.extra, MAX_EXTRA);
    }
    for (int i = 0; i < ports.size(); i++) {
      PortState port = state.ports.get(i);
      ports.get(i).set(port.guestOpen, port.columns, port.rows, port.taken);
    }
    synchronized (pending) {
      pending.clear();
      pending.addAll(state.pending);
    }
  }
}
