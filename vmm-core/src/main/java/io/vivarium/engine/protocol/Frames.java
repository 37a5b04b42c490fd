package io.vivarium.engine.protocol;

import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Messages on a channel: JSON objects, each on one line. One thread may receive; a message is
 * written whole under a lock, so any may send.
 */
public final class Frames implements AutoCloseable {
  /** Bytes of a message, line feed included. A longer one ends the connection. */
  public static final int MAX_FRAME = 1 << 20;

  private static final int CHUNK = 16 << 10;

  private final ByteChannel channel;
  private final Object sending = new Object();
  private byte[] buffer = new byte[CHUNK];
  private int start;
  private int scanned;
  private int end;

  public Frames(ByteChannel channel) {
    this.channel = channel;
  }

  /**
   * The next message, or null when the peer closed the channel between two.
   *
   * @throws JsonException when it is no JSON object; the connection may go on
   * @throws IOException when it is too long or the channel broke; the connection is over
   */
  public @Nullable JsonObject receive() throws IOException, JsonException {
    while (true) {
      while (scanned < end) {
        if (buffer[scanned++] == '\n') {
          int from = start;
          int length = scanned - 1 - from;
          start = scanned;
          boolean empty = length == 0 || (length == 1 && buffer[from] == '\r');
          if (!empty) {
            return Json.parse(buffer, from, length);
          }
        }
      }
      if (!fill()) {
        return null;
      }
    }
  }

  private boolean fill() throws IOException {
    if (start == end) {
      start = 0;
      scanned = 0;
      end = 0;
    }
    if (end - start >= MAX_FRAME) {
      throw new IOException("a message is longer than " + MAX_FRAME + " bytes");
    }
    if (end == buffer.length) {
      int length = end - start;
      byte[] target =
          length > buffer.length / 2 ? new byte[Math.min(2 * length, MAX_FRAME + CHUNK)] : buffer;
      System.arraycopy(buffer, start, target, 0, length);
      buffer = target;
      scanned -= start;
      start = 0;
      end = length;
    }
    int count = channel.read(ByteBuffer.wrap(buffer, end, buffer.length - end));
    if (count < 0) {
      if (start < end) {
        throw new IOException("the connection ended in the middle of a message");
      }
      return false;
    }
    end += count;
    return true;
  }

  /** The bytes of a message, line feed included. */
  public static byte[] encode(JsonObject message) {
    byte[] json = Json.write(message).getBytes(StandardCharsets.UTF_8);
    byte[] line = Arrays.copyOf(json, json.length + 1);
    line[json.length] = '\n';
    return line;
  }

  public void send(JsonObject message) throws IOException {
    send(encode(message));
  }

  /** Sends an encoded message; blocks while the peer does not take it. */
  public void send(byte[] line) throws IOException {
    synchronized (sending) {
      ByteBuffer bytes = ByteBuffer.wrap(line);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Closed is closed.
    }
  }
}
