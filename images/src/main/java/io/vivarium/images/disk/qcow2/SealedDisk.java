package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Layers that are read only: whatever would change them is refused. */
abstract sealed class SealedDisk implements Disk permits IndexedLayers, MergedLayers {
  /** The uppermost layer's file, for messages. */
  abstract Path path();

  private IOException sealed() {
    return new IOException("Disk image " + path() + " is open read-only.");
  }

  @Override
  public final boolean readOnly() {
    return true;
  }

  @Override
  public final void write(long offset, MemorySegment source) throws IOException {
    throw sealed();
  }

  @Override
  public final void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    throw sealed();
  }

  @Override
  public final void discard(long offset, long length) throws IOException {
    throw sealed();
  }

  @Override
  public final void flush() {}

  @Override
  public final void resize(long newSize) throws IOException {
    throw sealed();
  }
}
