package io.vivarium.memory;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC32C (RFC 3720, B.4) of what is kept. */
final class Checksums {
  private Checksums() {}

  /** Of the bytes between position and limit, which do not move. */
  static int of(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate());
    return (int) crc.getValue();
  }

  static int of(byte[] bytes) {
    return of(ByteBuffer.wrap(bytes));
  }
}
