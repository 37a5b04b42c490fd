package io.vivarium.boot;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The "legacy" LZ4 frame that {@code lz4 -l} writes and Linux unpacks: a magic number, then blocks,
 * each a little-endian length and an LZ4 block of at most 8 MiB when unpacked, which refer to
 * nothing outside themselves (LZ4 Frame Format, "Legacy frame"). commons-compress has the modern
 * frame only.
 */
final class LegacyLz4 {
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int MAX_BLOCK_BYTES = 8 << 20;

  private LegacyLz4() {}

  /** Unpacks the frame into all of {@code target}; a frame that gives more or less is refused. */
  static void unpack(MemorySegment frame, MemorySegment target) throws IOException {
    long at = 4;
    long filled = 0;
    byte[] packed = new byte[0];
    byte[] block = new byte[MAX_BLOCK_BYTES];
    while (frame.byteSize() - at >= 4 && filled < target.byteSize()) {
      long length = frame.get(U32, at) & 0xffff_ffffL;
      at += 4;
      if (length == 0 || length > frame.byteSize() - at || length > 2L * MAX_BLOCK_BYTES) {
        throw new IOException("an LZ4 block of %d bytes runs past the end".formatted(length));
      }
      if (packed.length < length) {
        packed = new byte[(int) length];
      }
      MemorySegment.copy(frame, ValueLayout.JAVA_BYTE, at, packed, 0, (int) length);
      at += length;
      int count = unpackBlock(packed, (int) length, block);
      if (count > target.byteSize() - filled) {
        throw new IOException("it unpacks to more than it says");
      }
      MemorySegment.copy(block, 0, target, ValueLayout.JAVA_BYTE, filled, count);
      filled += count;
    }
    if (filled != target.byteSize()) {
      throw new IOException("it ends after %d of %d bytes".formatted(filled, target.byteSize()));
    }
  }

  /**
   * Unpacks one block (LZ4 Block Format) and returns its unpacked length. The arrays' own bounds
   * stand behind each check.
   */
  private static int unpackBlock(byte[] packed, int length, byte[] target) throws IOException {
    int in = 0;
    int out = 0;
    while (in < length) {
      int token = packed[in++] & 0xff;
      int literals = token >> 4;
      if (literals == 15) {
        int more;
        do {
          more = at(packed, in++, length);
          literals += more;
        } while (more == 255);
      }
      if (literals < 0 || literals > length - in || literals > target.length - out) {
        throw new IOException("LZ4 literals run past the end of their block");
      }
      System.arraycopy(packed, in, target, out, literals);
      in += literals;
      out += literals;
      if (in == length) {
        return out; // The last sequence has no match.
      }
      int offset = at(packed, in, length) | at(packed, in + 1, length) << 8;
      in += 2;
      int match = token & 15;
      if (match == 15) {
        int more;
        do {
          more = at(packed, in++, length);
          match += more;
        } while (more == 255);
      }
      match += 4;
      if (offset == 0 || offset > out || match < 0 || match > target.length - out) {
        throw new IOException("an LZ4 match refers to bytes outside its block");
      }
      copyMatch(target, out, offset, match);
      out += match;
    }
    throw new IOException("an LZ4 block ends in the middle of a sequence");
  }

  /** A match may overlap what it makes: then its first {@code offset} bytes repeat. */
  private static void copyMatch(byte[] target, int out, int offset, int match) {
    int done = 0;
    int period = offset;
    while (done < match) {
      int count = Math.min(period, match - done);
      System.arraycopy(target, out - offset, target, out + done, count);
      done += count;
      period += count;
    }
  }

  private static int at(byte[] packed, int index, int length) throws IOException {
    if (index >= length) {
      throw new IOException("an LZ4 block ends in the middle of a sequence");
    }
    return packed[index] & 0xff;
  }
}
