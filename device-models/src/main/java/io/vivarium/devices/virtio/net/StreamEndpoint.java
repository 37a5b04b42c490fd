package io.vivarium.devices.virtio.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * Frames over a stream socket, each after its length in 4 bytes, big-endian: what passt and QEMU's
 * stream netdev speak.
 *
 * <p>Wiring: {@code endpoint = new StreamEndpoint("net0", channel, listener); net = new
 * VirtioNet(..., endpoint); endpoint.start(net)}. Close it after the device.
 */
public final class StreamEndpoint implements NetEndpoint, AutoCloseable {
  /** Hears, from the endpoint's thread, that the other side has gone. */
  @FunctionalInterface
  public interface Listener {
    /**
     * @param reason one sentence
     */
    void gone(String reason);
  }

  private static final int LENGTH = 4;
  private static final int MIN_FRAME = 14;
  private static final int MAX_FRAME = 65535 + 18;

  private final String name;
  private final SocketChannel channel;
  private final Listener listener;
  private final Selector selector;
  private final ByteBuffer input = ByteBuffer.allocateDirect(256 << 10);
  private final ByteBuffer length = ByteBuffer.allocateDirect(LENGTH);
  private final ByteBuffer backlog = ByteBuffer.allocateDirect(LENGTH + MAX_FRAME).flip();
  private final Object sending = new Object();
  private @Nullable Thread thread;
  private volatile boolean waitsForRoom;
  private volatile boolean senderWaits;
  private volatile boolean closed;

  /** Takes over a connected channel. */
  public StreamEndpoint(String name, SocketChannel channel, Listener listener) throws IOException {
    this.name = name;
    this.channel = channel;
    this.listener = listener;
    channel.configureBlocking(false);
    this.selector = Selector.open();
  }

  /** Lets frames flow. */
  public void start(VirtioNet device) throws IOException {
    SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
    thread = Thread.ofPlatform().daemon().name(name + "-stream").start(() -> run(key, device));
  }

  @Override
  public Framing framing() {
    return Framing.LARGE;
  }

  @Override
  public boolean send(ByteBuffer frame) {
    synchronized (sending) {
      if (closed) {
        return true; // nobody is there any more
      }
      if (backlog.hasRemaining()) {
        senderWaits = true;
        return false;
      }
      length.clear().putInt(frame.remaining()).flip();
      try {
        channel.write(new ByteBuffer[] {length, frame});
      } catch (IOException e) {
        return true; // the reading side will say why
      }
      if (length.hasRemaining() || frame.hasRemaining()) {
        backlog.clear();
        backlog.put(length).put(frame).flip();
        selector.wakeup();
      }
      return true;
    }
  }

  @Override
  public void room() {
    waitsForRoom = false;
    selector.wakeup();
  }

  private void run(SelectionKey key, VirtioNet device) {
    String reason = "the connection was closed";
    try {
      while (!closed) {
        boolean stuck = !deliver(device);
        boolean blocked;
        synchronized (sending) {
          blocked = backlog.hasRemaining();
        }
        key.interestOps((stuck ? 0 : SelectionKey.OP_READ) | (blocked ? SelectionKey.OP_WRITE : 0));
        if (stuck && !waitsForRoom) {
          continue; // room came in between
        }
        selector.select();
        if (key.isWritable()) {
          drainBacklog(device);
        }
        if (key.isReadable() && channel.read(input) < 0) {
          reason = "the other side has closed the connection";
          break;
        }
      }
    } catch (IOException | java.nio.channels.CancelledKeyException e) {
      reason = String.valueOf(e.getMessage());
    }
    boolean expected = closed;
    closeChannel();
    if (!expected) {
      listener.gone("network of " + name + ": " + reason);
    }
  }

  private void drainBacklog(VirtioNet device) throws IOException {
    boolean free;
    synchronized (sending) {
      channel.write(backlog);
      free = !backlog.hasRemaining() && senderWaits;
      if (free) {
        senderWaits = false;
      }
    }
    if (free) {
      device.continueSending();
    }
  }

  /** Gives the guest all whole frames that have been read; false when it has no room for one. */
  private boolean deliver(VirtioNet device) throws IOException {
    input.flip();
    try {
      while (input.remaining() >= LENGTH) {
        int size = input.getInt(input.position());
        if (size < MIN_FRAME || size > MAX_FRAME) {
          throw new IOException("a frame of %d bytes".formatted(size));
        }
        if (input.remaining() < LENGTH + size) {
          return true;
        }
        waitsForRoom = true;
        if (!device.receive(input.slice(input.position() + LENGTH, size))) {
          return false;
        }
        input.position(input.position() + LENGTH + size);
      }
      return true;
    } finally {
      input.compact();
    }
  }

  private void closeChannel() {
    synchronized (sending) {
      closed = true;
    }
    try {
      channel.close();
      selector.close();
    } catch (IOException e) {
      // There is nothing left to lose.
    }
  }

  @Override
  public void close() {
    closed = true;
    selector.wakeup();
    Thread running = thread;
    if (running == null) {
      closeChannel();
      return;
    }
    try {
      running.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
