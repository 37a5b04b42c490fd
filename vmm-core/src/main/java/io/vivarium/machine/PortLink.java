package io.vivarium.machine;

import io.vivarium.devices.virtio.console.ConsoleOutput;
import io.vivarium.devices.virtio.console.ConsolePort;
import org.jspecify.annotations.Nullable;

/**
 * Between a virtio console port and its listener on the host. What the guest sends waits in the
 * guest once {@value #CAPACITY} bytes wait here, so a listener that is slow loses nothing and holds
 * up no thread of the device.
 */
final class PortLink implements SerialPort, ConsoleOutput {
  private static final int CAPACITY = 1 << 16;

  private final String name;
  private final ByteRing toGuest = new ByteRing(CAPACITY);
  private final ByteRing toHost = new ByteRing(CAPACITY);
  private @Nullable ConsolePort port;
  private @Nullable Thread deliverer;
  private Listener listener = (data, offset, length) -> {};
  private boolean guestWaits;
  private boolean closed;

  /** The name is its thread's. */
  PortLink(String name) {
    this.name = name;
  }

  /** To be called once, before the machine runs. */
  synchronized void attach(ConsolePort device) {
    port = device;
  }

  /** Whether a program in the guest has it open. */
  synchronized boolean guestOpen() {
    return port != null && port.guestOpen();
  }

  @Override
  public void send(byte[] data, int offset, int length) throws InterruptedException {
    int sent = 0;
    while (true) {
      synchronized (this) {
        if (closed) {
          throw new InterruptedException(name + " is closed");
        }
        sent += toGuest.add(data, offset + sent, length - sent);
      }
      pump();
      synchronized (this) {
        if (sent == length) {
          return;
        }
        if (toGuest.free() == 0 && !closed) {
          wait();
        }
      }
    }
  }

  @Override
  public synchronized void flush() throws InterruptedException {
    while (toGuest.size() > 0) {
      if (closed) {
        throw new InterruptedException(name + " is closed");
      }
      wait();
    }
  }

  @Override
  public synchronized void listen(Listener newListener) {
    listener = newListener;
  }

  /** From the device, under its queue's lock: there is room again. */
  @Override
  public void room() {
    Thread.ofVirtual().name(name).start(this::pump);
  }

  /**
   * Gives the guest what it has room for. The device is called without our lock, as it calls us
   * under its own.
   */
  private void pump() {
    synchronized (pumping) {
      byte[] block = new byte[4096];
      while (true) {
        ConsolePort target;
        int count;
        synchronized (this) {
          target = port;
          count = toGuest.peek(block);
        }
        if (target == null || count == 0) {
          return;
        }
        int taken = target.offer(block, 0, count);
        synchronized (this) {
          toGuest.drop(taken);
          notifyAll();
        }
        if (taken < count) {
          return; // until room()
        }
      }
    }
  }

  private final Object pumping = new Object();

  @Override
  public synchronized int transmit(byte[] data, int offset, int length) {
    if (closed) {
      return length;
    }
    int taken = toHost.add(data, offset, length);
    guestWaits = taken < length;
    if (deliverer == null) {
      deliverer = Thread.ofPlatform().daemon().name(name).start(this::deliver);
    }
    notifyAll();
    return taken;
  }

  private void deliver() {
    byte[] block = new byte[16 << 10];
    while (true) {
      int count;
      Listener target;
      ConsolePort waiting = null;
      synchronized (this) {
        while (toHost.size() == 0 && !closed) {
          try {
            wait();
          } catch (InterruptedException e) {
            return;
          }
        }
        if (toHost.size() == 0) {
          return;
        }
        count = toHost.take(block);
        target = listener;
        if (guestWaits) {
          guestWaits = false;
          waiting = port;
        }
      }
      if (waiting != null) {
        waiting.continueOutput();
      }
      target.received(block, 0, count);
    }
  }

  /** What is still on its way to the listener is delivered; whoever sends is told. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }
}
