package io.vivarium.devices.virtio.block;

import io.vivarium.images.disk.Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A disk in an array that fails, fills up or blocks when told to. */
final class MemoryDisk implements Disk {
  byte[] data;
  private final boolean readOnly;
  volatile boolean failing;
  volatile boolean full;
  volatile int flushes;
  volatile int discards;
  volatile @Nullable CountDownLatch gate;

  MemoryDisk(int size, boolean readOnly) {
    this.data = new byte[size];
    this.readOnly = readOnly;
  }

  private void before(long offset, long length) throws IOException {
    Objects.checkFromIndexSize(offset, length, (long) data.length);
    CountDownLatch wait = gate;
    if (wait != null) {
      try {
        wait.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }
    if (failing) {
      throw new IOException("EIO: the mock disk fails");
    }
  }

  private void beforeWrite(long offset, long length) throws IOException {
    before(offset, length);
    if (readOnly) {
      throw new IOException("EROFS: written although read-only");
    }
    if (full) {
      throw new NoSpaceException("ENOSPC: the mock disk is full", new IOException());
    }
  }

  @Override
  public long size() {
    return data.length;
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public void read(long offset, MemorySegment target) throws IOException {
    before(offset, target.byteSize());
    MemorySegment.copy(MemorySegment.ofArray(data), offset, target, 0, target.byteSize());
  }

  @Override
  public void write(long offset, MemorySegment source) throws IOException {
    beforeWrite(offset, source.byteSize());
    MemorySegment.copy(source, 0, MemorySegment.ofArray(data), offset, source.byteSize());
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    beforeWrite(offset, length);
    Arrays.fill(data, (int) offset, (int) (offset + length), (byte) 0);
  }

  @Override
  public synchronized void discard(long offset, long length) throws IOException {
    beforeWrite(offset, length);
    discards++;
  }

  @Override
  public synchronized void flush() throws IOException {
    before(0, 0);
    flushes++;
  }

  @Override
  public void resize(long newSize) {
    data = Arrays.copyOf(data, (int) newSize);
  }

  @Override
  public void close() {}
}
