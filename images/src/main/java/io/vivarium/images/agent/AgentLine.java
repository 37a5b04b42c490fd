package io.vivarium.images.agent;

import org.jspecify.annotations.Nullable;

/** The two ways in which a guest is spoken to; the package's documentation has both. */
public enum AgentLine {
  /** Over serial ports, which the guest reads as terminals. */
  TERMINALS(1),
  /** Over byte streams: ports of a virtio console. */
  STREAMS(2);

  private final int version;

  AgentLine(int version) {
    this.version = version;
  }

  /** The protocol's version, which the guest says when it is ready. */
  public int version() {
    return version;
  }

  /** The one of that version, or null. */
  public static @Nullable AgentLine of(int version) {
    for (AgentLine line : values()) {
      if (line.version == version) {
        return line;
      }
    }
    return null;
  }
}
