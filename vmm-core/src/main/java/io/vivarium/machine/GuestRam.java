package io.vivarium.machine;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.Fd;
import io.vivarium.linux.Mapping;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A machine's RAM: from guest-physical 0 up to 3 GiB, the rest from 4 GiB on; between them lie
 * devices. In a memory file its bytes stand one after the other, without the hole.
 */
final class GuestRam implements AutoCloseable {
  static final long HOLE_START = 3L << 30;
  static final long HOLE_END = 4L << 30;
  static final long MIN_BYTES = 16L << 20;
  static final long GRANULE = 1L << 20;

  private final List<Mapping> mappings;
  private final GuestMemory memory;
  private final @Nullable Fd file;

  private GuestRam(List<Mapping> mappings, GuestMemory memory, @Nullable Fd file) {
    this.mappings = mappings;
    this.memory = memory;
    this.file = file;
  }

  /** Zeroed memory, taken page by page when touched. */
  static GuestRam anonymous(long bytes) throws ErrnoException {
    return map(bytes, null, (offset, length) -> Mapping.anonymous(length));
  }

  /**
   * A memory file's contents, read page by page when touched and copied when written; the file
   * itself never changes, and must not while it is mapped.
   */
  static GuestRam copyOnWrite(Path file, long bytes) throws ErrnoException {
    Fd fd = Fd.open(file.toString(), Fd.O_RDONLY | Fd.O_CLOEXEC, 0);
    try {
      return map(bytes, fd, (offset, length) -> Mapping.copyOnWrite(fd, offset, length));
    } catch (ErrnoException | RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  private interface Mapper {
    Mapping map(long offset, long length) throws ErrnoException;
  }

  private static GuestRam map(long bytes, @Nullable Fd file, Mapper mapper) throws ErrnoException {
    checkSize(bytes);
    long low = Math.min(bytes, HOLE_START);
    List<Mapping> mappings = new ArrayList<>();
    List<GuestMemory.Region> regions = new ArrayList<>();
    try {
      mappings.add(mapper.map(0, low));
      regions.add(new GuestMemory.Region(0, mappings.getFirst().segment()));
      if (bytes > low) {
        mappings.add(mapper.map(low, bytes - low));
        regions.add(new GuestMemory.Region(HOLE_END, mappings.getLast().segment()));
      }
      return new GuestRam(mappings, new GuestMemory(regions), file);
    } catch (ErrnoException e) {
      mappings.forEach(Mapping::close);
      throw e;
    }
  }

  static void checkSize(long bytes) {
    if (bytes < MIN_BYTES || bytes % GRANULE != 0 || bytes > 1L << 44) {
      throw new IllegalArgumentException(
          "guest memory of %d bytes is not a multiple of 1 MiB from 16 MiB to 16 TiB"
              .formatted(bytes));
    }
  }

  GuestMemory memory() {
    return memory;
  }

  /** The file that pages never written are those of; null when they are zero. */
  @Nullable Fd file() {
    return file;
  }

  /**
   * Gives pages back to the host: what they held is gone. They read as zeroes next, or, where the
   * machine was restored, as what was saved.
   */
  void reclaim(MemorySegment pages) {
    for (Mapping mapping : mappings) {
      long at = pages.address() - mapping.address();
      if (at >= 0 && at < mapping.length()) {
        try {
          mapping.advise(at, pages.byteSize(), Mapping.Advice.DONTNEED);
        } catch (ErrnoException e) {
          System.getLogger(GuestRam.class.getName())
              .log(System.Logger.Level.WARNING, "memory cannot be given back", e);
        }
      }
    }
  }

  /** Bytes below the hole. */
  long lowBytes() {
    return mappings.getFirst().length();
  }

  /** Bytes above 4 GiB. */
  long highBytes() {
    return mappings.size() > 1 ? mappings.getLast().length() : 0;
  }

  @Override
  public void close() {
    mappings.forEach(Mapping::close);
    if (file != null) {
      file.close();
    }
  }
}
