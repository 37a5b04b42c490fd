package io.vivarium.machine;

import io.vivarium.devices.legacy.Uart16550;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Between a serial port's device and its listener on the host.
 *
 * <p>What the guest sends is handed over in blocks by a thread of its own, the first byte after a
 * silence at once and what follows it within some milliseconds, so that a slow listener holds up no
 * vCPU before {@value #CAPACITY} bytes wait for it. A flood beyond that stops the vCPU that sends,
 * until the listener comes along or the machine pauses. What the host sends waits here while the
 * device's buffer is full.
 */
final class SerialLink implements SerialPort, Uart16550.Output {
  private static final int CAPACITY = 1 << 16;

  /** So long after a block the next one gathers, so that a flood doesn't wake a thread a byte. */
  private static final long GATHER_NANOS = 10_000_000;

  private static final int LARGE_BLOCK = 1024;

  private final String name;
  private final @Nullable PanicWatcher watcher;
  private final ByteRing toGuest = new ByteRing(CAPACITY);
  private final ByteRing toHost = new ByteRing(CAPACITY);
  private @Nullable Uart16550 uart;
  private @Nullable Thread deliverer;
  private Listener listener = (data, offset, length) -> {};
  private boolean held;
  private boolean closed;

  /** The name is its thread's; the watcher, if any, sees all that the guest sends. */
  SerialLink(String name, @Nullable PanicWatcher watcher) {
    this.name = name;
    this.watcher = watcher;
  }

  /** To be called once, before the machine runs. */
  synchronized void attach(Uart16550 device) {
    uart = device;
  }

  @Override
  public synchronized void send(byte[] data, int offset, int length) throws InterruptedException {
    int sent = 0;
    while (true) {
      if (closed) {
        throw new InterruptedException(name + " is closed");
      }
      sent += toGuest.add(data, offset + sent, length - sent);
      pump();
      if (sent == length) {
        return;
      }
      wait();
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

  /** From the device: there is room again. */
  @Override
  public synchronized void room() {
    pump();
    notifyAll();
  }

  private synchronized void pump() {
    if (uart == null) {
      return;
    }
    while (toGuest.size() > 0) {
      int run = toGuest.run();
      int taken = uart.offer(toGuest.bytes(), toGuest.start(), run);
      toGuest.drop(taken);
      if (taken < run) {
        return;
      }
    }
  }

  /** From the device: the guest sends. */
  @Override
  public void transmit(byte value) {
    if (watcher != null) {
      watcher.transmit(value);
    }
    synchronized (this) {
      while (toHost.free() == 0 && !held && !closed) {
        try {
          wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
      if (closed) {
        return;
      }
      // Only while the machine pauses can it be full here: then the oldest byte gives way.
      toHost.put(value);
      if (deliverer == null) {
        deliverer = Thread.ofPlatform().daemon().name(name).start(this::deliver);
      } else if (toHost.size() == 1 || toHost.size() == LARGE_BLOCK) {
        notifyAll();
      }
    }
  }

  /** While held, no vCPU waits here, so that the machine can pause. */
  synchronized void hold(boolean on) {
    held = on;
    notifyAll();
  }

  private void deliver() {
    byte[] block = new byte[4096];
    long delivered = System.nanoTime() - GATHER_NANOS;
    while (true) {
      int count;
      Listener target;
      synchronized (this) {
        try {
          while (toHost.size() == 0 && !closed) {
            wait();
          }
          long left = delivered + GATHER_NANOS - System.nanoTime();
          while (left > 0 && toHost.size() < LARGE_BLOCK && !closed) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
            left = delivered + GATHER_NANOS - System.nanoTime();
          }
        } catch (InterruptedException e) {
          return;
        }
        if (toHost.size() == 0) {
          return;
        }
        boolean wasFull = toHost.free() == 0;
        count = toHost.take(block);
        target = listener;
        if (wasFull) {
          notifyAll();
        }
      }
      target.received(block, 0, count);
      delivered = System.nanoTime();
    }
  }

  /** What is still on its way to the listener is delivered; whoever sends is told. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }
}
