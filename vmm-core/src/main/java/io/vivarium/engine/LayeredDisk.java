package io.vivarium.engine;

import io.vivarium.images.disk.Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A disk whose file can be exchanged below its guest, for one that reads the same: a snapshot seals
 * the file, and the guest writes on into a new layer. Requests wait meanwhile.
 */
final class LayeredDisk implements Disk {
  /** Opens a disk's file. */
  interface Opener {
    Disk open() throws IOException;
  }

  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private Opener opener;
  private Disk disk;

  LayeredDisk(Opener opener) throws IOException {
    this.opener = opener;
    this.disk = opener.open();
  }

  /**
   * Makes all writes durable and goes on with another file. When that one cannot be opened, the
   * first stays.
   */
  void exchange(Opener next) throws IOException {
    lock.writeLock().lock();
    try {
      disk.flush();
      // Closed first: the next one opens the same file as its backing file, and there is one lock.
      disk.close();
      try {
        disk = next.open();
        opener = next;
      } catch (IOException e) {
        disk = opener.open();
        throw e;
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  @Override
  public long size() {
    lock.readLock().lock();
    try {
      return disk.size();
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public boolean readOnly() {
    lock.readLock().lock();
    try {
      return disk.readOnly();
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void read(long offset, MemorySegment target) throws IOException {
    lock.readLock().lock();
    try {
      disk.read(offset, target);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void write(long offset, MemorySegment source) throws IOException {
    lock.readLock().lock();
    try {
      disk.write(offset, source);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    lock.readLock().lock();
    try {
      disk.writeZeroes(offset, length, mayUnmap);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    lock.readLock().lock();
    try {
      disk.discard(offset, length);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void flush() throws IOException {
    lock.readLock().lock();
    try {
      disk.flush();
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void resize(long newSize) throws IOException {
    lock.readLock().lock();
    try {
      disk.resize(newSize);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void close() throws IOException {
    lock.writeLock().lock();
    try {
      disk.close();
    } finally {
      lock.writeLock().unlock();
    }
  }
}
