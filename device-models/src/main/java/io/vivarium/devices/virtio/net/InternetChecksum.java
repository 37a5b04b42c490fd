package io.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;

/** The Internet checksum (RFC 1071). */
final class InternetChecksum {
  private InternetChecksum() {}

  /**
   * Completes a checksum that a guest left to its device (virtio 1.2, 5.1.6.2): the field holds the
   * pseudo header's sum already.
   *
   * @param frame big-endian; positions count from 0
   * @param start first byte that is summed
   * @param offset of the field from {@code start}
   * @return false when the field is not in the frame
   */
  static boolean complete(ByteBuffer frame, int start, int offset) {
    int at = start + offset;
    if (start < 0 || offset < 0 || at + 2 > frame.limit()) {
      return false;
    }
    int sum = ~sum(frame, start, frame.limit()) & 0xffff;
    frame.putShort(at, (short) (sum == 0 ? 0xffff : sum)); // 0 would mean "none" in UDP
    return true;
  }

  /** The one's complement sum of the bytes, 16 bits. */
  static int sum(ByteBuffer bytes, int start, int end) {
    long sum = 0;
    int at = start;
    for (; at + 8 <= end; at += 8) {
      long word = bytes.getLong(at);
      sum += (word >>> 32) + (word & 0xffff_ffffL);
    }
    for (; at + 2 <= end; at += 2) {
      sum += bytes.getShort(at) & 0xffff;
    }
    if (at < end) {
      sum += (bytes.get(at) & 0xff) << 8;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return (int) sum;
  }
}
