package io.vivarium.images.disk;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.DoublePredicate;

/** Copies a disk's contents, without what is zeroes. */
public final class DiskCopy {
  private static final int CHUNK = 1 << 20;
  private static final int GRAIN = 1 << 16;
  private static final MemorySegment ZEROES = MemorySegment.ofArray(new byte[GRAIN]);

  private DiskCopy() {}

  /**
   * Copies to a disk that reads as zeroes and is at least as large, and flushes it.
   *
   * @param goOn told after each MiB which part is done, 0.0 to 1.0; false ends the copy
   * @return whether all was copied
   */
  public static boolean copy(Disk from, Disk to, DoublePredicate goOn) throws IOException {
    MemorySegment buffer = MemorySegment.ofArray(new byte[CHUNK]);
    for (long at = 0; at < from.size(); at += CHUNK) {
      MemorySegment chunk = buffer.asSlice(0, Math.min(CHUNK, from.size() - at));
      from.read(at, chunk);
      copyGrains(chunk, to, at);
      if (!goOn.test((double) at / from.size())) {
        return false;
      }
    }
    to.flush();
    return true;
  }

  private static void copyGrains(MemorySegment chunk, Disk to, long at) throws IOException {
    for (long i = 0; i < chunk.byteSize(); i += GRAIN) {
      MemorySegment grain = chunk.asSlice(i, Math.min(GRAIN, chunk.byteSize() - i));
      if (grain.mismatch(ZEROES.asSlice(0, grain.byteSize())) >= 0) {
        to.write(at + i, grain);
      }
    }
  }
}
