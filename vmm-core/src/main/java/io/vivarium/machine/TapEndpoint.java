package io.vivarium.machine;

import io.vivarium.devices.virtio.net.NetEndpoint;
import io.vivarium.devices.virtio.net.VirtioNet;
import io.vivarium.linux.Epoll;
import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.EventFd;
import io.vivarium.linux.Tap;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Frames through a tap interface, each with its virtio header, one a call. */
final class TapEndpoint implements NetEndpoint, AutoCloseable {
  private static final int MAX_FRAME = VirtioNet.HEADER + 65535 + 18;
  private static final long FRAMES = 0;
  private static final long NEWS = 1;

  private final String name;
  private final Tap tap;
  private final Consumer<String> gone;
  private final Epoll epoll;
  private final EventFd news;
  private volatile boolean senderWaits;
  private volatile boolean waitsForRoom;
  private volatile boolean closed;
  private @Nullable Thread thread;

  /**
   * @param gone hears why the interface can no longer be read
   */
  TapEndpoint(String name, String interfaceName, Consumer<String> gone) throws ErrnoException {
    this.name = name;
    this.gone = gone;
    this.tap = Tap.open(interfaceName);
    this.epoll = new Epoll();
    this.news = EventFd.nonBlocking();
    epoll.add(tap.fd(), Epoll.EPOLLIN, FRAMES);
    epoll.add(news.fd(), Epoll.EPOLLIN, NEWS);
  }

  /** Lets frames flow. */
  void start(VirtioNet device) {
    thread = Thread.ofPlatform().daemon().name(name + "-tap").start(() -> run(device));
  }

  @Override
  public Framing framing() {
    return Framing.VNET_HEADER;
  }

  @Override
  public boolean send(ByteBuffer frame) {
    try {
      if (closed || tap.fd().write(MemorySegment.ofBuffer(frame)) >= 0) {
        return true;
      }
      senderWaits = true;
      news.signal();
      return false;
    } catch (ErrnoException e) {
      return true; // dropped, as on a cable: the interface is down (EIO), or the frame is none
    }
  }

  @Override
  public void room() {
    waitsForRoom = false;
    try {
      news.signal();
    } catch (ErrnoException e) {
      throw new IllegalStateException(e); // an eventfd that is open takes a one
    }
  }

  @Override
  public void negotiated(boolean checksum, boolean tso4, boolean tso6) {
    try {
      tap.setOffload(
          (checksum ? Tap.TUN_F_CSUM : 0)
              | (checksum && tso4 ? Tap.TUN_F_TSO4 : 0)
              | (checksum && tso6 ? Tap.TUN_F_TSO6 : 0));
    } catch (ErrnoException e) {
      gone.accept(String.valueOf(e.getMessage()));
    }
  }

  private void run(VirtioNet device) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_FRAME);
    MemorySegment memory = MemorySegment.ofBuffer(buffer);
    boolean stuck = false;
    try {
      while (!closed) {
        if (stuck) {
          stuck = !offer(device, buffer);
        }
        boolean sending = senderWaits;
        epoll.modify(
            tap.fd(), (stuck ? 0 : Epoll.EPOLLIN) | (sending ? Epoll.EPOLLOUT : 0), FRAMES);
        if (stuck && !waitsForRoom) {
          continue; // room came in between
        }
        int ready = epoll.await(-1);
        for (int i = 0; i < ready && !closed; i++) {
          if (epoll.token(i) == NEWS) {
            news.take();
          } else if (sending && (epoll.events(i) & Epoll.EPOLLOUT) != 0) {
            senderWaits = false;
            device.continueSending();
          }
        }
        while (!stuck && !closed) {
          long size = tap.fd().read(memory);
          if (size <= 0) {
            break;
          }
          buffer.clear().limit((int) size);
          stuck = !offer(device, buffer);
        }
      }
    } catch (ErrnoException e) {
      if (!closed) {
        gone.accept("the tap interface %s: %s".formatted(tap.name(), e.getMessage()));
      }
    }
  }

  private boolean offer(VirtioNet device, ByteBuffer frame) {
    waitsForRoom = true;
    return device.receive(frame);
  }

  /** The device must be paused or closed before, or be plugged elsewhere. */
  @Override
  public void close() {
    closed = true;
    try {
      news.signal();
      Thread running = thread;
      if (running != null) {
        running.join();
      }
    } catch (ErrnoException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    epoll.close();
    news.close();
    tap.close();
  }
}
