package io.vivarium.images.disk;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.function.DoublePredicate;
import org.jspecify.annotations.Nullable;

/** Writes a disk's bytes as they are: with holes into a file, one after another into a pipe. */
public final class RawExport {
  private static final int CHUNK = 1 << 20;
  private static final int GRAIN = 1 << 16;

  private RawExport() {}

  /**
   * Writes all of a disk that nobody changes meanwhile.
   *
   * @param target a {@link FileOutputStream} on a regular file gets holes for what is zeroes
   * @param goOn told after each MiB which part is done, 0.0 to 1.0; false ends it
   * @return whether all was written
   */
  public static boolean write(Disk disk, OutputStream target, DoublePredicate goOn)
      throws IOException {
    byte[] bytes = new byte[CHUNK];
    FileChannel file = file(target);
    long start = file == null ? 0 : file.position();
    for (long at = 0; at < disk.size(); at += CHUNK) {
      int n = (int) Math.min(CHUNK, disk.size() - at);
      disk.read(at, MemorySegment.ofArray(bytes).asSlice(0, n));
      if (file == null) {
        target.write(bytes, 0, n);
      } else {
        writeGrains(file, bytes, n, start + at);
      }
      if (!goOn.test((double) (at + n) / disk.size())) {
        return false;
      }
    }
    if (file != null) {
      end(file, start + disk.size());
    } else {
      target.flush();
    }
    return true;
  }

  private static @Nullable FileChannel file(OutputStream target) {
    if (!(target instanceof FileOutputStream stream)) {
      return null;
    }
    FileChannel channel = stream.getChannel();
    try {
      // A pipe has no place; what stood in a file before would show through holes.
      return channel.position() == channel.size() ? channel : null;
    } catch (IOException e) {
      return null;
    }
  }

  private static void writeGrains(FileChannel file, byte[] bytes, int length, long at)
      throws IOException {
    for (int i = 0; i < length; i += GRAIN) {
      int n = Math.min(GRAIN, length - i);
      if (!Zeroes.only(bytes, i, n)) {
        writeAll(file, ByteBuffer.wrap(bytes, i, n), at + i);
      }
    }
  }

  private static void writeAll(FileChannel file, ByteBuffer bytes, long offset) throws IOException {
    long at = offset;
    while (bytes.hasRemaining()) {
      at += file.write(bytes, at);
    }
  }

  /** Gives the file its length, also where it ends with a hole. */
  private static void end(FileChannel file, long length) throws IOException {
    if (file.size() < length) {
      writeAll(file, ByteBuffer.allocate(1), length - 1);
    }
    file.position(length);
  }
}
