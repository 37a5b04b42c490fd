package io.vivarium.images.agent;

import java.nio.charset.StandardCharsets;

/**
 * Finds the marker that ends a stream and hands on everything before it, byte for byte. Nothing is
 * held back but what may still become the marker.
 */
final class MarkerScanner {
  private static final int MAX_STATUS_DIGITS = 3;
  private static final int MAX_STATUS = 255;

  private final byte[] head;
  private final boolean withStatus;
  private final AgentCall.Output sink;

  /** What may become the marker: {@code held} bytes, all matched so far. */
  private final byte[] candidate;

  private int held;
  private int status;
  private boolean done;

  /**
   * @param nonce between the mark and the status, or the line's end
   * @param withStatus whether {@code " STATUS"} follows the nonce
   */
  MarkerScanner(String nonce, boolean withStatus, AgentCall.Output sink) {
    byte[] text = nonce.getBytes(StandardCharsets.US_ASCII);
    head = new byte[text.length + 1 + (withStatus ? 1 : 0)];
    head[0] = AgentProtocol.MARK;
    System.arraycopy(text, 0, head, 1, text.length);
    if (withStatus) {
      head[head.length - 1] = ' ';
    }
    this.withStatus = withStatus;
    this.sink = sink;
    this.candidate = new byte[head.length + MAX_STATUS_DIGITS];
  }

  /** Whether the marker came; bytes after it are passed over. */
  boolean done() {
    return done;
  }

  /** The status, once {@link #done}; 0 where there is none. */
  int status() {
    return status;
  }

  /**
   * Takes bytes, and returns how many of them came before the marker's end: all, unless it came.
   */
  int feed(byte[] data, int offset, int length) {
    if (done) {
      return 0;
    }
    int end = offset + length;
    int start = offset; // of what is surely output and not handed on yet
    for (int i = offset; i < end; i++) {
      byte b = data[i];
      if (accepts(b)) {
        if (held == 0) {
          emit(data, start, i);
        }
        candidate[held++] = b;
        start = i + 1;
      } else if (held >= head.length && b == '\n' && complete()) {
        done = true;
        return i + 1 - offset;
      } else if (held > 0) {
        // The mark stands only at the marker's front, so no part of what is held can begin another.
        emit(candidate, 0, held);
        held = 0;
        start = i;
        i--; // The byte may itself be a mark: look at it again with nothing held.
      }
    }
    if (held == 0) {
      emit(data, start, end);
    }
    return length;
  }

  private boolean accepts(byte b) {
    if (held < head.length) {
      return b == head[held];
    }
    return withStatus && held < candidate.length && b >= '0' && b <= '9';
  }

  private boolean complete() {
    if (!withStatus) {
      return true;
    }
    int value = 0;
    for (int i = head.length; i < held; i++) {
      value = value * 10 + (candidate[i] - '0');
    }
    status = value;
    return held > head.length && value <= MAX_STATUS;
  }

  private void emit(byte[] data, int from, int to) {
    if (to > from) {
      sink.write(data, from, to - from);
    }
  }
}
