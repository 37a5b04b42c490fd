package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.DiskFile;
import io.vivarium.images.disk.DiskRange;
import io.vivarium.images.store.StoreFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Makes new qcow2 images. */
public final class Qcow2 {
  private static final int CLUSTER_BITS = 16;
  private static final int CLUSTER = 1 << CLUSTER_BITS;

  /** Bytes that hold the header and the name of the backing file, mostly. */
  private static final int START = 4096;

  private static final int NAME = 1024;

  private Qcow2() {}

  /**
   * Makes an empty image of version 3 with clusters of 64 KiB; durable on return.
   *
   * @param path must not be there yet
   * @param size of the disk in bytes, a multiple of 512
   * @param backingFile path relative to the image, or null
   * @param backingFormat "raw" or "qcow2", with a backing file
   */
  public static void create(
      Path path, long size, @Nullable String backingFile, @Nullable String backingFormat)
      throws IOException {
    DiskRange.checkGrowth(size, 0);
    long l1Size = Qcow2Header.l1SizeFor(size, CLUSTER_BITS);
    if (l1Size > (32 << 20) / Long.BYTES) {
      throw new IllegalArgumentException("A disk of " + size + " bytes is too large for qcow2.");
    }
    if ((backingFile == null) != (backingFormat == null)) {
      throw new IllegalArgumentException("A backing file and its format are named together.");
    }
    // Header, refcount table, one refcount block, L1 table: at most 512 clusters and 3.
    int l1Clusters = Math.max(1, Math.ceilDiv((int) l1Size * Long.BYTES, CLUSTER));
    Qcow2Header header =
        new Qcow2Header(
            3,
            backingFile,
            backingFormat,
            CLUSTER_BITS,
            size,
            (int) l1Size,
            3L * CLUSTER,
            CLUSTER,
            1,
            0,
            false,
            false,
            false,
            4,
            Qcow2Header.V3_LENGTH);
    // What is zero is not written: a layer of a few changed clusters takes little more than these.
    ByteBuffer refcountTable = ByteBuffer.allocate(Long.BYTES).putLong(0, 2L * CLUSTER);
    ByteBuffer refcounts = ByteBuffer.allocate((3 + l1Clusters) * Short.BYTES);
    for (int i = 0; i < 3 + l1Clusters; i++) {
      refcounts.putShort(i * Short.BYTES, (short) 1);
    }
    ByteBuffer first = header.encode();
    first.limit(Math.min(CLUSTER, START));
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    boolean done = false;
    try (channel) {
      write(channel, first, 0);
      write(channel, refcountTable, CLUSTER);
      write(channel, refcounts, 2L * CLUSTER);
      write(channel, ByteBuffer.allocate(1), (3L + l1Clusters) * CLUSTER - 1);
      channel.force(true);
      done = true;
    } finally {
      if (!done) {
        Files.deleteIfExists(path);
      }
    }
    StoreFiles.syncFolder(StoreFiles.parent(path));
  }

  /**
   * The name of an image's backing file, or null. Takes no lock and harms none, also of an image
   * that this process has open.
   *
   * @throws io.vivarium.images.disk.BadImageException when it is damaged
   */
  public static @Nullable String backingFile(Path path) throws IOException {
    return header(path).backingFile();
  }

  /**
   * Whether an image holds nothing of its own: it reads as what it stands on. One that was changed
   * and not closed well may say so and lie; its owner's flushes tell the truth.
   */
  public static boolean isEmpty(Path path) throws IOException {
    Qcow2Header header = header(path);
    ByteBuffer l1 = ByteBuffer.allocate(header.l1Size() * Long.BYTES);
    DiskFile.peek(path, header.l1Offset(), l1);
    for (int i = 0; i < header.l1Size(); i++) {
      if (l1.getLong(i * Long.BYTES) != 0) {
        return false;
      }
    }
    return true;
  }

  static Qcow2Header header(Path path) throws IOException {
    long length = Files.size(path);
    ByteBuffer start = ByteBuffer.allocate((int) Math.min(length, START));
    DiskFile.peek(path, 0, start);
    start.flip();
    // Ours end with the name of the backing file; others may have more in their first cluster.
    boolean all =
        start.remaining() >= Qcow2Header.V2_LENGTH
            && start.getLong(8) > 0
            && start.getLong(8) <= START - NAME
            && start.getInt(16) >= 0
            && start.getInt(16) <= NAME;
    if (!all && length > START) {
      start = ByteBuffer.allocate((int) Math.min(length, CLUSTER));
      DiskFile.peek(path, 0, start);
      start.flip();
    }
    return Qcow2Header.parse(start, length);
  }

  private static void write(FileChannel channel, ByteBuffer bytes, long offset) throws IOException {
    long at = offset;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
  }
}
