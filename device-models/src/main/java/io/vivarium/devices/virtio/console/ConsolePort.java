package io.vivarium.devices.virtio.console;

import io.vivarium.devices.virtio.DescriptorChain;
import io.vivarium.devices.virtio.GuestBuffer;
import io.vivarium.devices.virtio.GuestFaultException;
import io.vivarium.devices.virtio.Virtqueue;
import java.util.concurrent.atomic.AtomicLong;

/** One port of a {@link VirtioConsole}. Safe from any thread. */
public final class ConsolePort {
  private static final int BLOCK = 16 << 10;

  private final VirtioConsole device;
  private final int index;
  private final String name;
  private final boolean console;
  private final ConsoleOutput output;
  private final Virtqueue receive;
  private final Virtqueue transmit;
  private final byte[] block = new byte[BLOCK];

  private volatile boolean guestOpen;
  private volatile boolean wantsRoom;
  private volatile int columns = 80;
  private volatile int rows = 24;

  /** Bytes of the transmit queue's first chain that the host has already taken. */
  private final AtomicLong taken = new AtomicLong();

  ConsolePort(
      VirtioConsole device,
      int index,
      String name,
      boolean console,
      ConsoleOutput output,
      Virtqueue receive,
      Virtqueue transmit) {
    this.device = device;
    this.index = index;
    this.name = name;
    this.console = console;
    this.output = output;
    this.receive = receive;
    this.transmit = transmit;
  }

  public int index() {
    return index;
  }

  /** The guest finds it as {@code /dev/virtio-ports/NAME}. */
  public String name() {
    return name;
  }

  /** Whether it is a terminal ({@code /dev/hvcN}) and not a plain byte stream. */
  public boolean console() {
    return console;
  }

  /** Whether somebody in the guest listens. */
  public boolean guestOpen() {
    return guestOpen;
  }

  /**
   * Sends bytes to the guest.
   *
   * @return how many were taken; when fewer than {@code length}, {@link ConsoleOutput#room} will be
   *     called
   */
  public int offer(byte[] data, int offset, int length) {
    int[] done = {0};
    wantsRoom = true; // first, so that buffers that come meanwhile are not missed
    if (guestOpen) {
      device
          .core()
          .withQueue(
              receive,
              () -> {
                done[0] = fill(data, offset, length);
                wantsRoom = done[0] < length;
              });
    }
    return done[0];
  }

  private int fill(byte[] data, int offset, int length) throws GuestFaultException {
    int done = 0;
    while (done < length) {
      DescriptorChain chain = receive.pop();
      if (chain == null) {
        if (!receive.wantKicks()) {
          break;
        }
        continue;
      }
      GuestBuffer target = chain.writable();
      int count = (int) Math.min(target.remaining(), length - done);
      target.put(data, offset + done, count);
      receive.push(chain, count);
      done += count;
    }
    receive.signal();
    return done;
  }

  /** The host takes output again. */
  public void continueOutput() {
    device.core().notifyQueue(transmit.index());
  }

  /** The size of the terminal that shows a console port. */
  public void resize(int newColumns, int newRows) {
    columns = newColumns;
    rows = newRows;
    device.resized(this);
  }

  int columns() {
    return columns;
  }

  int rows() {
    return rows;
  }

  long taken() {
    return taken.get();
  }

  void set(boolean open, int newColumns, int newRows, long alreadyTaken) {
    guestOpen = open;
    columns = newColumns;
    rows = newRows;
    taken.set(alreadyTaken);
  }

  void setGuestOpen(boolean open) {
    guestOpen = open;
    output.guestOpen(open);
    if (open) {
      roomChanged();
    }
  }

  /** There may be receive buffers again, or somebody who listens. */
  void roomChanged() {
    if (wantsRoom && guestOpen) {
      wantsRoom = false;
      output.room();
    }
  }

  /** Serves the transmit queue, under its lock. */
  void send() throws GuestFaultException {
    do {
      transmit.suppressKicks();
      while (device.core().active()) {
        DescriptorChain chain = transmit.pop();
        if (chain == null) {
          break;
        }
        if (!send(chain)) {
          transmit.unpop();
          transmit.signal();
          return; // until continueOutput()
        }
        taken.set(0);
        transmit.push(chain, 0);
        transmit.letOthers();
      }
      transmit.signal();
    } while (device.core().active() && transmit.wantKicks());
  }

  /** Hands a chain to the host; false when it did not take all. */
  private boolean send(DescriptorChain chain) throws GuestFaultException {
    GuestBuffer data = chain.readable();
    data.skip(Math.min(taken.get(), data.remaining()));
    while (data.remaining() > 0) {
      int count = (int) Math.min(data.remaining(), BLOCK);
      data.get(block, 0, count);
      int accepted = output.transmit(block, 0, count);
      taken.addAndGet(accepted);
      device.count(accepted);
      if (accepted < count) {
        return false;
      }
    }
    return true;
  }

  /** A byte written through the configuration, before the driver has queues. */
  void emergency(int value) {
    output.transmit(new byte[] {(byte) value}, 0, 1);
  }
}
