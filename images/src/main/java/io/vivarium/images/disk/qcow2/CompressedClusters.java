package io.vivarium.images.disk.qcow2;

import com.github.luben.zstd.ZstdInputStream;
import io.vivarium.images.disk.BadImageException;
import io.vivarium.images.disk.DiskFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Unpacks compressed clusters, and keeps the newest one, as small reads come in order. */
final class CompressedClusters {
  private final DiskFile file;
  private final int clusterBits;
  private final boolean zstd;
  private long newestEntry; // 0 is no compressed entry
  private byte[] newest = new byte[0];

  CompressedClusters(DiskFile file, Qcow2Header header) {
    this.file = file;
    this.clusterBits = header.clusterBits();
    this.zstd = header.zstd();
  }

  /**
   * Fills the target with a part of a cluster's contents.
   *
   * @param from the part's first byte inside the cluster
   */
  synchronized void read(long entry, int from, MemorySegment target) throws IOException {
    if (entry != newestEntry) {
      newestEntry = 0;
      if (newest.length == 0) {
        newest = new byte[1 << clusterBits]; // most layers of a chain hold nothing compressed
      }
      unpack(entry);
      newestEntry = entry;
    }
    MemorySegment.copy(MemorySegment.ofArray(newest), from, target, 0, target.byteSize());
  }

  private void unpack(long entry) throws IOException {
    byte[] packed = new byte[L2Entry.compressedLength(entry, clusterBits)];
    if (packed.length > 2 * newest.length + 1024) {
      throw damaged(null);
    }
    long offset = L2Entry.compressedOffset(entry, clusterBits);
    file.read(offset, MemorySegment.ofArray(packed));
    if (zstd) {
      unpackZstd(packed);
    } else {
      unpackDeflate(packed);
    }
  }

  private void unpackDeflate(byte[] packed) throws IOException {
    // Raw deflate with a window of 4 KiB, and whatever follows in the last sector.
    try (Inflater inflater = new Inflater(true)) {
      inflater.setInput(packed);
      int done = 0;
      while (done < newest.length) {
        int n = inflater.inflate(newest, done, newest.length - done);
        if (n == 0) {
          throw damaged(null);
        }
        done += n;
      }
    } catch (DataFormatException e) {
      throw damaged(e);
    }
  }

  private void unpackZstd(byte[] packed) throws IOException {
    try (ZstdInputStream in = new ZstdInputStream(new ByteArrayInputStream(packed))) {
      if (in.readNBytes(newest, 0, newest.length) != newest.length) {
        throw damaged(null);
      }
    } catch (BadImageException e) {
      throw e;
    } catch (IOException e) {
      throw damaged(e);
    }
  }

  private static BadImageException damaged(@org.jspecify.annotations.Nullable Exception cause) {
    String what = "The qcow2 image is damaged: a compressed cluster cannot be unpacked.";
    return cause == null ? new BadImageException(what) : new BadImageException(what, cause);
  }
}
