package io.vivarium.images.disk;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An open image file with its lock: one writer, or any number of readers, over all processes. The
 * readers of this process share one channel, because the kernel drops a process's lock (fcntl(2),
 * advisory record locking) as soon as it closes any descriptor of the file.
 *
 * <p>For the same reason nothing else in the process may open and close the file meanwhile, and no
 * thread that reads or writes may be interrupted: Java closes the channel then.
 */
public final class DiskFile implements AutoCloseable {
  private static final Map<Object, DiskFile> OPEN = new HashMap<>();

  /** How this process's language says that a file system is full. */
  private static final String FULL = fullInThisLanguage();

  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(1 << 20).asReadOnlyBuffer();

  private final Path path;
  private final Object key;
  private final boolean readOnly;
  private final FileChannel channel;
  private final @Nullable HolePunch punch;
  private final @Nullable MappedFile mapped;
  private final @Nullable DirectFile direct;
  private int users = 1;
  private volatile @Nullable IOException lost;

  private DiskFile(
      Path path,
      Object key,
      boolean readOnly,
      FileChannel channel,
      @Nullable HolePunch punch,
      @Nullable MappedFile mapped,
      @Nullable DirectFile direct) {
    this.path = path;
    this.key = key;
    this.readOnly = readOnly;
    this.channel = channel;
    this.punch = punch;
    this.mapped = mapped;
    this.direct = direct;
  }

  /**
   * Opens and locks an image file.
   *
   * @throws BadImageException when it is no regular file
   * @throws IOException with a sentence when it is in use, or as the host fails
   */
  public static DiskFile open(Path path, boolean readOnly, HolePunch.Factory holes)
      throws IOException {
    return open(path, readOnly, holes, DirectFile.Factory.NONE);
  }

  /** The same, to read and write around the host's cache where that can be. */
  static DiskFile open(
      Path path, boolean readOnly, HolePunch.Factory holes, DirectFile.Factory direct)
      throws IOException {
    Object key = key(path);
    synchronized (OPEN) {
      DiskFile open = OPEN.get(key);
      if (open != null) {
        if (readOnly && open.readOnly) {
          open.users++;
          return open;
        }
        throw inUse(path);
      }
      DiskFile file = lock(path, key, readOnly, holes, direct);
      OPEN.put(key, file);
      return file;
    }
  }

  /**
   * Reads from a file without a lock of its own, and without harm to those that this process holds:
   * where the file is open here, its channel serves.
   *
   * @return bytes read, less than wanted only at the file's end
   */
  public static int peek(Path path, long offset, ByteBuffer target) throws IOException {
    Object key = key(path);
    synchronized (OPEN) {
      DiskFile open = OPEN.get(key);
      if (open != null) {
        return fill(open.channel, offset, target);
      }
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        return fill(channel, offset, target);
      }
    }
  }

  /** What is the same for all names of a file. */
  private static Object key(Path path) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
    if (!attributes.isRegularFile()) {
      throw new BadImageException("Disk image " + path + " is not a regular file.");
    }
    return attributes.fileKey() == null ? path.toRealPath() : attributes.fileKey();
  }

  private static int fill(FileChannel channel, long offset, ByteBuffer target) throws IOException {
    int done = 0;
    while (target.hasRemaining()) {
      int n = channel.read(target, offset + done);
      if (n < 0) {
        break;
      }
      done += n;
    }
    return done;
  }

  /** Takes over an open channel; locking is the caller's. */
  public static DiskFile over(Path path, FileChannel channel, boolean readOnly) {
    return new DiskFile(path, new Object(), readOnly, channel, null, null, null);
  }

  private static DiskFile lock(
      Path path, Object key, boolean readOnly, HolePunch.Factory holes, DirectFile.Factory ways)
      throws IOException {
    FileChannel channel =
        readOnly
            ? FileChannel.open(path, StandardOpenOption.READ)
            : FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    DirectFile direct = null;
    boolean done = false;
    try {
      FileLock lock = channel.tryLock(0, Long.MAX_VALUE, readOnly);
      if (lock == null) {
        throw inUse(path);
      }
      direct = ways.open(path, readOnly);
      HolePunch punch = readOnly ? null : holes.open(path);
      MappedFile mapped = readOnly && direct == null ? new MappedFile(path, channel) : null;
      done = true;
      return new DiskFile(path, key, readOnly, channel, punch, mapped, direct);
    } catch (OverlappingFileLockException e) {
      throw inUse(path);
    } finally {
      if (!done) {
        try (channel) {
          if (direct != null) {
            direct.close();
          }
        }
      }
    }
  }

  private static IOException inUse(Path path) {
    return new IOException(
        "Disk image " + path + " is in use: only one may write to it, and none read meanwhile.");
  }

  /** Whether a path leads to it: it may have been opened by another name, which is gone by now. */
  public boolean is(Path name) throws IOException {
    return key.equals(key(name));
  }

  /** The name that it was first opened by. */
  public Path path() {
    return path;
  }

  public boolean readOnly() {
    return readOnly;
  }

  /** The file's length in bytes. */
  public long length() throws IOException {
    return channel.size();
  }

  /** Fills the segment; what lies beyond the file's end is zeroes. */
  public void read(long offset, MemorySegment target) throws IOException {
    if (mapped != null && mapped.read(offset, target)) {
      return;
    }
    ByteBuffer buffer = target.asByteBuffer().position((int) readDirect(offset, target));
    long at = offset + buffer.position();
    while (buffer.hasRemaining()) {
      int n = channel.read(buffer, at);
      if (n < 0) {
        target.asSlice(buffer.position()).fill((byte) 0);
        return;
      }
      at += n;
    }
  }

  public void write(long offset, MemorySegment source) throws IOException {
    long done = writeDirect(offset, source);
    if (done < source.byteSize()) {
      write(offset + done, source.asSlice(done).asByteBuffer());
    }
  }

  /** Reads what goes around the cache: all, or up to where the file ends, or nothing. */
  private long readDirect(long offset, MemorySegment target) throws IOException {
    long done = 0;
    while (direct != null && fits(direct.block(), offset + done, target.asSlice(done))) {
      long n = direct.read(offset + done, target.asSlice(done));
      if (n <= 0) {
        break;
      }
      done += n;
    }
    return done;
  }

  private long writeDirect(long offset, MemorySegment source) throws IOException {
    long done = 0;
    try {
      while (direct != null && fits(direct.block(), offset + done, source.asSlice(done))) {
        long n = direct.write(offset + done, source.asSlice(done));
        if (n <= 0) {
          break;
        }
        done += n;
      }
    } catch (IOException e) {
      throw named(e);
    }
    return done;
  }

  private static boolean fits(int block, long offset, MemorySegment memory) {
    return memory.isNative()
        && memory.byteSize() > 0
        && (memory.address() | memory.byteSize() | offset) % block == 0;
  }

  /** Writes all that remains in the buffer. */
  public void write(long offset, ByteBuffer buffer) throws IOException {
    try {
      long at = offset;
      while (buffer.hasRemaining()) {
        at += channel.write(buffer, at);
      }
    } catch (IOException e) {
      throw named(e);
    }
  }

  /** The range reads as zeroes afterwards; its space is given back if wanted and possible. */
  public void zero(long offset, long length, boolean giveBack) throws IOException {
    if (length == 0 || (giveBack && giveBack(offset, length))) {
      return;
    }
    long end = offset + length;
    for (long at = offset; at < end; ) {
      int n = (int) Math.min(ZEROES.capacity(), end - at);
      write(at, ZEROES.duplicate().limit(n));
      at += n;
    }
  }

  /** Gives the range's space back if this host can; whether it did, and it reads as zeroes now. */
  public boolean giveBack(long offset, long length) throws IOException {
    try {
      return punch != null && punch.punch(offset, length);
    } catch (IOException e) {
      throw named(e);
    }
  }

  /** Makes the file at least so long, with a hole. */
  public void extend(long length) throws IOException {
    if (length() < length) {
      write(length - 1, ByteBuffer.allocate(1));
    }
  }

  /** Cuts the file off after so many bytes. */
  public void truncate(long length) throws IOException {
    channel.truncate(length);
  }

  /**
   * Returns when all that was written would survive a power loss. A failure is for good: Linux
   * forgets then what it could not write, and would call the next try a success (fsync(2)).
   */
  public void sync() throws IOException {
    IOException before = lost;
    if (before != null) {
      throw failedForGood(before);
    }
    try {
      channel.force(false);
    } catch (IOException e) {
      lost = e;
      throw failedForGood(e);
    }
  }

  private IOException failedForGood(IOException cause) {
    return new IOException(
        "Disk image " + path + " cannot be made durable any more: " + cause.getMessage() + ".",
        cause);
  }

  private static String fullInThisLanguage() {
    try (FileChannel full = FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE)) {
      full.write(ByteBuffer.allocate(1));
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
    return "No space left on device";
  }

  /** A full file system or quota by its own type. */
  private IOException named(IOException e) {
    String message = String.valueOf(e.getMessage());
    String english = message.toLowerCase(Locale.ROOT);
    if (message.contains(FULL)
        || english.contains("no space left")
        || english.contains("quota exceeded")) {
      return new Disk.NoSpaceException(
          "The file system of disk image " + path + " is full: " + e.getMessage() + ".", e);
    }
    return e;
  }

  @Override
  public void close() throws IOException {
    synchronized (OPEN) {
      if (--users > 0) {
        return;
      }
      OPEN.remove(key, this);
      try (channel) {
        if (mapped != null) {
          mapped.close();
        }
        if (punch != null) {
          punch.close();
        }
        if (direct != null) {
          direct.close();
        }
      }
    }
  }
}
