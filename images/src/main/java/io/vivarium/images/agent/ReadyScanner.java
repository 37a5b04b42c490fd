package io.vivarium.images.agent;

import java.nio.charset.StandardCharsets;

/** Waits for the agent's announcement on the guest's port 1 and tells the version it speaks. */
public final class ReadyScanner {
  private static final byte[] HEAD =
      "\u001eREADY ".getBytes(StandardCharsets.US_ASCII); // 0x1E is AgentProtocol.MARK
  private static final int MAX_DIGITS = 4;

  private int matched;
  private int digits;
  private int version;
  private boolean ready;

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
    if (matched == HEAD.length && b >= '0' && b <= '9' && digits < MAX_DIGITS) {
      version = version * 10 + (b - '0');
      digits++;
    } else if (matched == HEAD.length && digits > 0 && b == '\n') {
      ready = true;
    } else if (matched < HEAD.length && b == HEAD[matched]) {
      matched++;
    } else {
      matched = b == HEAD[0] ? 1 : 0;
      version = 0;
      digits = 0;
    }
  }
}
