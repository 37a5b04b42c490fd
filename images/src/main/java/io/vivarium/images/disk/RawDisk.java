package io.vivarium.images.disk;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A disk whose file holds its bytes as they are, with holes for what was never written. */
public final class RawDisk implements Disk {
  private final DiskFile file;
  private volatile long size;
  private boolean closed;

  private RawDisk(DiskFile file, long size) {
    this.file = file;
    this.size = size;
  }

  /**
   * Opens a raw image. Nothing of its contents is looked at: a guest may write any format's header
   * there, and it stays raw. A last sector that is cut short counts whole.
   */
  public static RawDisk open(Path path, boolean readOnly, HolePunch.Factory holes)
      throws IOException {
    return over(DiskFile.open(path, readOnly, holes));
  }

  /**
   * The same around the host's cache; what does not lie at multiples of the file system's blocks,
   * in the file and in memory, still goes through it.
   *
   * @throws IOException also when the file system cannot do that
   */
  public static RawDisk open(
      Path path, boolean readOnly, HolePunch.Factory holes, DirectFile.Factory direct)
      throws IOException {
    return over(DiskFile.open(path, readOnly, holes, direct));
  }

  private static RawDisk over(DiskFile file) throws IOException {
    try {
      long length = file.length();
      long size = Math.ceilDiv(length, DiskRange.SECTOR) * DiskRange.SECTOR;
      return new RawDisk(file, size);
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  /** Makes a new raw image of holes; the file must not be there yet. */
  public static void create(Path path, long size) throws IOException {
    DiskRange.checkGrowth(size, 0);
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      if (size > 0) {
        channel.write(ByteBuffer.allocate(1), size - 1);
      }
      channel.force(true);
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean readOnly() {
    return file.readOnly();
  }

  @Override
  public void read(long offset, MemorySegment target) throws IOException {
    DiskRange.check(offset, target.byteSize(), size);
    file.read(offset, target);
  }

  @Override
  public void write(long offset, MemorySegment source) throws IOException {
    DiskRange.check(offset, source.byteSize(), size);
    mustWrite();
    file.write(offset, source);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    DiskRange.check(offset, length, size);
    mustWrite();
    file.zero(offset, length, mayUnmap);
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    DiskRange.check(offset, length, size);
    mustWrite();
    if (length > 0) {
      file.giveBack(offset, length);
    }
  }

  @Override
  public void flush() throws IOException {
    if (!file.readOnly()) {
      file.sync();
    }
  }

  @Override
  public synchronized void resize(long newSize) throws IOException {
    DiskRange.checkGrowth(newSize, size);
    mustWrite();
    file.extend(newSize);
    size = newSize;
  }

  private void mustWrite() throws IOException {
    if (file.readOnly()) {
      throw new IOException("Disk image " + file.path() + " is open read-only.");
    }
  }

  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      flush();
    } finally {
      file.close();
    }
  }
}
