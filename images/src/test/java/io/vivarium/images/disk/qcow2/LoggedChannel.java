package io.vivarium.images.disk.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A file in memory that remembers which writes a power loss may still undo: all since the last
 * force, each on its own, in units of sectors. For tests.
 */
final class LoggedChannel extends FileChannel {
  private static final int SECTOR = 512;

  private byte[] durable;
  private byte[] current;

  /** Writes and truncations since the last force. */
  private final List<Change> pending = new ArrayList<>();

  /** Fails from this many writes on, as a full file system does; negative is never. */
  private int writesUntilFull = -1;

  private boolean failNextForce;

  /** {@code data} null: cut off at {@code offset}. */
  private static final class Change {
    final long offset;
    final byte @org.jspecify.annotations.Nullable [] data;

    Change(long offset, byte @org.jspecify.annotations.Nullable [] data) {
      this.offset = offset;
      this.data = data;
    }
  }

  LoggedChannel(byte[] contents) {
    durable = contents.clone();
    current = contents.clone();
  }

  /** What may stand in the file after a power loss now. */
  byte[] afterPowerLoss(Random random) {
    byte[] file = durable.clone();
    for (Change change : pending) {
      byte[] data = change.data;
      if (data == null) {
        if (random.nextBoolean()) {
          file = Arrays.copyOf(file, (int) change.offset);
        }
        continue;
      }
      boolean all = random.nextBoolean();
      for (int at = 0; at < data.length; ) {
        long offset = change.offset + at;
        int n = (int) Math.min(data.length - at, SECTOR - offset % SECTOR);
        if (all || random.nextInt(3) == 0) {
          file = put(file, offset, Arrays.copyOfRange(data, at, at + n));
        }
        at += n;
      }
    }
    return file;
  }

  /** What stands in the file after a {@code kill -9} now. */
  byte[] contents() {
    return current.clone();
  }

  void fullAfter(int writes) {
    writesUntilFull = writes;
  }

  private static byte[] put(byte[] file, long offset, byte[] data) {
    int end = (int) offset + data.length;
    byte[] longer = end > file.length ? Arrays.copyOf(file, end) : file;
    System.arraycopy(data, 0, longer, (int) offset, data.length);
    return longer;
  }

  @Override
  public int write(ByteBuffer source, long position) throws IOException {
    if (writesUntilFull == 0) {
      throw new IOException("No space left on device");
    }
    writesUntilFull--;
    byte[] data = new byte[source.remaining()];
    source.get(data);
    current = put(current, position, data);
    pending.add(new Change(position, data));
    return data.length;
  }

  @Override
  public int read(ByteBuffer target, long position) {
    if (position >= current.length) {
      return -1;
    }
    int n = (int) Math.min(target.remaining(), current.length - position);
    target.put(current, (int) position, n);
    return n;
  }

  /** The next force loses what it should have made durable, as Linux does after an I/O error. */
  void failNextForce() {
    failNextForce = true;
  }

  @Override
  public void force(boolean metaData) throws IOException {
    if (failNextForce) {
      failNextForce = false;
      pending.clear();
      throw new IOException("Input/output error");
    }
    durable = current.clone();
    pending.clear();
  }

  @Override
  public FileChannel truncate(long size) {
    if (size < current.length) {
      current = Arrays.copyOf(current, (int) size);
      pending.add(new Change(size, null));
    }
    return this;
  }

  @Override
  public long size() {
    return current.length;
  }

  @Override
  protected void implCloseChannel() {}

  @Override
  public int read(ByteBuffer target) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int write(ByteBuffer source) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long position() {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileChannel position(long newPosition) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long position, long count) {
    throw new UnsupportedOperationException();
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long position, long size) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileLock lock(long position, long size, boolean shared) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileLock tryLock(long position, long size, boolean shared) {
    throw new UnsupportedOperationException();
  }
}
