package io.vivarium.devices.virtio.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;

/**
 * Writes frames to a pcap file with nanosecond times, which Wireshark and tcpdump read. Stops at a
 * size, so that a forgotten capture fills no disk. {@code net.observe(new PcapWriter(file, ...))}.
 */
public final class PcapWriter implements VirtioNet.Observer, AutoCloseable {
  private static final int MAGIC_NANOSECONDS = 0xa1b23c4d;
  private static final int LINKTYPE_ETHERNET = 1;
  private static final int SNAP_LENGTH = 65535 + 18;

  private final FileChannel file;
  private final long limit;
  private final InstantSource clock;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(16 + SNAP_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
  private long size;

  /**
   * @param limit bytes after which nothing more is written
   */
  public PcapWriter(Path path, long limit, InstantSource clock) throws IOException {
    this.limit = limit;
    this.clock = clock;
    this.file =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    buffer.putInt(MAGIC_NANOSECONDS).putShort((short) 2).putShort((short) 4);
    buffer.putInt(0).putInt(0).putInt(SNAP_LENGTH).putInt(LINKTYPE_ETHERNET);
    write();
  }

  @Override
  public synchronized void frame(boolean fromGuest, ByteBuffer frame) {
    int length = frame.remaining();
    if (size + 16 + length > limit || length > SNAP_LENGTH || !file.isOpen()) {
      return;
    }
    Instant now = clock.instant();
    buffer.clear();
    buffer.putInt((int) now.getEpochSecond()).putInt(now.getNano());
    buffer.putInt(length).putInt(length).put(frame);
    try {
      write();
    } catch (IOException e) {
      size = limit; // a capture that cannot be written ends; the network goes on
    }
  }

  private void write() throws IOException {
    buffer.flip();
    size += buffer.remaining();
    while (buffer.hasRemaining()) {
      file.write(buffer);
    }
  }

  @Override
  public synchronized void close() throws IOException {
    file.close();
  }
}
