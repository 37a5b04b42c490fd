package io.vivarium.devices.virtio.vsock;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * One stream between a host's Unix socket and a guest's port, with the credits of virtio 1.2,
 * 5.10.6.3. Belongs to the one thread of {@link VsockUnix}.
 */
final class VsockConnection {
  /** Bytes that the guest may send before we have passed them on. */
  static final int WINDOW = 256 << 10;

  /** Where a connection is in its life. */
  enum Phase {
    /** The host's program has not said yet to which port it wants. */
    GREETING,
    /** The guest was asked. */
    REQUESTED,
    OPEN,
    CLOSED
  }

  final SocketChannel channel;
  final SelectionKey key;
  Phase phase;
  long hostPort;
  long guestPort;

  /** The host's program has sent its last byte, and the guest was told. */
  boolean hostEnded;

  /** The guest will send no more: close when all is passed on. */
  boolean guestEnded;

  private final ByteBuffer toHost = ByteBuffer.allocate(WINDOW + 64).flip();
  private final byte[] toGuest = new byte[16 << 10];
  private int toGuestAt;
  private int toGuestEnd;
  private long guestWindow;
  private long guestForwarded;
  private long sent;
  private long forwarded;
  private long forwardedTold;

  VsockConnection(SocketChannel channel, SelectionKey key, Phase phase) {
    this.channel = channel;
    this.key = key;
    this.phase = phase;
  }

  /** Takes the guest's credit from any of its packets. */
  void credit(VsockHeader header) {
    guestWindow = header.bufferSize();
    guestForwarded = header.forwarded();
  }

  /** Bytes that the guest can take now. */
  long room() {
    long inFlight = (sent - guestForwarded) & 0xffff_ffffL;
    return Math.max(0, guestWindow - inFlight);
  }

  /** Takes data from the guest; false when it sends more than it was allowed. */
  boolean accept(byte[] payload) {
    toHost.compact();
    boolean fits = payload.length <= toHost.remaining();
    if (fits) {
      toHost.put(payload);
    }
    toHost.flip();
    return fits;
  }

  /** Text for the host's program that is no data of the guest's. */
  void tell(String text) {
    byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    forwarded -= bytes.length; // it costs the guest no credit
    forwardedTold -= bytes.length;
    accept(bytes);
  }

  /** Passes on what the host's socket takes; true when the guest should hear of new credit. */
  boolean flush() throws IOException {
    forwarded += channel.write(toHost);
    return forwarded - forwardedTold >= WINDOW / 2;
  }

  boolean hostIsBehind() {
    return toHost.hasRemaining();
  }

  /** What we have passed on, for a header; the guest knows it from now on. */
  long tellForwarded() {
    forwardedTold = forwarded;
    return forwarded & 0xffff_ffffL;
  }

  /** Reads from the host's socket when nothing waits; -1 at its end. */
  int fill() throws IOException {
    if (toGuestAt < toGuestEnd) {
      return toGuestEnd - toGuestAt;
    }
    int count = channel.read(ByteBuffer.wrap(toGuest));
    toGuestAt = 0;
    toGuestEnd = Math.max(0, count);
    return count;
  }

  /** A line of the greeting, or null while it is not whole; too long a one is no greeting. */
  @Nullable String greeting() throws IOException {
    ByteBuffer one = ByteBuffer.wrap(toGuest, toGuestEnd, 1);
    while (toGuestEnd < 32) {
      int count = channel.read(one);
      if (count < 0) {
        throw new IOException("closed before its greeting");
      }
      if (count == 0) {
        return null;
      }
      if (toGuest[toGuestEnd] == '\n') {
        String line =
            new String(toGuest, 0, toGuestEnd, java.nio.charset.StandardCharsets.US_ASCII);
        toGuestEnd = 0;
        return line;
      }
      toGuestEnd++;
      one = ByteBuffer.wrap(toGuest, toGuestEnd, 1);
    }
    throw new IOException("no greeting");
  }

  byte[] data() {
    return toGuest;
  }

  int dataAt() {
    return toGuestAt;
  }

  int dataLength() {
    return toGuestEnd - toGuestAt;
  }

  /** The guest has taken so many bytes. */
  void passed(int count) {
    toGuestAt += count;
    sent += count;
  }
}
