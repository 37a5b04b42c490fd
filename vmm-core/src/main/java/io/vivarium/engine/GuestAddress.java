package io.vivarium.engine;

import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A guest's IPv4 address in the network "user", and its prefix's length in bits. Each VM has such a
 * network of its own, so that all could have one address, and those that are no forks do; a fork's
 * is made of its MAC. The gateway, which is the host too, is {@link Passt#GATEWAY} for all of them.
 */
record GuestAddress(String ip, int prefix) {
  private static final GuestAddress COMMON = new GuestAddress("10.0.2.15", 24);

  /** Below are the gateway's network and what else may be at its beginning. */
  private static final int FIRST_OF_FORKS = 16;

  static GuestAddress of(@Nullable String mac) {
    if (mac == null) {
      return COMMON;
    }
    byte[] bytes = HexFormat.ofDelimiter(":").parseHex(mac);
    int third = FIRST_OF_FORKS + Math.floorMod(bytes[4], 256 - FIRST_OF_FORKS);
    int last = 1 + Math.floorMod(bytes[5], 254);
    return new GuestAddress("10.0." + third + "." + last, 16);
  }
}
