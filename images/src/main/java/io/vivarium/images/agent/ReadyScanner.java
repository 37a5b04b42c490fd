package io.vivarium.images.agent;

import java.nio.charset.StandardCharsets;

/**
 * Waits for an announcement in the guest, {@code 0x1E WORD " " VERSION "\n"}, and tells the
 * version.
 */
public final class ReadyScanner {
  private static final int MAX_DIGITS = 4;

  private final byte[] head;
  private int matched;
  private int digits;
  private int version;
  private boolean ready;

  /** Waits for the agent's, on the guest's port 1. */
  public ReadyScanner() {
    this("READY");
  }

  ReadyScanner(String word) {
    head = ((char) AgentProtocol.MARK + word + " ").getBytes(StandardCharsets.US_ASCII);
  }

  /** Takes what came; returns whether the guest is ready. Bytes after that are passed over. */
  public boolean feed(byte[] data, int offset, int length) {
    for (int i = offset; i < offset + length && !ready; i++) {
      step(data[i]);
    }
    return ready;
  }

  /** The protocol's version that the guest announced, 0 before. */
  public int version() {
    return ready ? version : 0;
  }

  private void step(byte b) {
    if (matched == head.length && b >= '0' && b <= '9' && digits < MAX_DIGITS) {
      version = version * 10 + (b - '0');
      digits++;
    } else if (matched == head.length && digits > 0 && b == '\n') {
      ready = true;
    } else if (matched < head.length && b == head[matched]) {
      matched++;
    } else {
      matched = b == head[0] ? 1 : 0;
      version = 0;
      digits = 0;
    }
  }
}
