package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A part of a disk as a disk of its own, so that threads can have one each. For tests. */
record Window(Disk disk, long start, long size) implements Disk {
  @Override
  public boolean readOnly() {
    return disk.readOnly();
  }

  @Override
  public void read(long offset, MemorySegment target) throws IOException {
    disk.read(start + offset, target);
  }

  @Override
  public void write(long offset, MemorySegment source) throws IOException {
    disk.write(start + offset, source);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    disk.writeZeroes(start + offset, length, mayUnmap);
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    disk.discard(start + offset, length);
  }

  @Override
  public void flush() throws IOException {
    disk.flush();
  }

  @Override
  public void resize(long newSize) {
    throw new UnsupportedOperationException("a window does not grow");
  }

  @Override
  public void close() {}
}
