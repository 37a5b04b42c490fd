package io.vivarium.machine;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.Fd;
import io.vivarium.linux.Mapping;
import io.vivarium.memory.LayerReader;
import io.vivarium.memory.MemoryLayers;
import io.vivarium.memory.MemoryMap;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A machine's RAM: from guest-physical 0 up to 3 GiB, the rest from 4 GiB on; between them lie
 * devices. Its pages are numbered without the hole, as they are in saved memory.
 *
 * <p>Behind a page that was not written since the last save, or since the machine was restored, is
 * the file that it was saved in, mapped and copied when written: so the kernel knows which pages
 * changed, and all machines that came from one save share what they have not changed.
 */
final class GuestRam implements AutoCloseable {
  static final long HOLE_START = 3L << 30;
  static final long HOLE_END = 4L << 30;
  static final long MIN_BYTES = 16L << 20;
  static final long GRANULE = 1L << 20;
  private static final int PAGE = MemoryLayers.PAGE;

  /** Mappings are few in a process, 65,530 by default (vm.max_map_count): for one machine's RAM. */
  private static final int MOST_RUNS = 1024;

  /** Over a machine's whole life. */
  private static final int MOST_PLACED = 16_384;

  private final List<Mapping> mappings;
  private int placed;
  private final GuestMemory memory;
  private @Nullable MemoryMap base;
  private boolean knowsWritten = true;

  private GuestRam(List<Mapping> mappings, GuestMemory memory) {
    this.mappings = mappings;
    this.memory = memory;
  }

  /** Zeroed memory, taken page by page when touched. */
  static GuestRam anonymous(long bytes) throws ErrnoException {
    checkSize(bytes);
    long low = Math.min(bytes, HOLE_START);
    List<Mapping> mappings = new ArrayList<>();
    List<GuestMemory.Region> regions = new ArrayList<>();
    try {
      mappings.add(Mapping.anonymous(low));
      regions.add(new GuestMemory.Region(0, mappings.getFirst().segment()));
      if (bytes > low) {
        mappings.add(Mapping.anonymous(bytes - low));
        regions.add(new GuestMemory.Region(HOLE_END, mappings.getLast().segment()));
      }
      return new GuestRam(mappings, new GuestMemory(regions));
    } catch (ErrnoException e) {
      mappings.forEach(Mapping::close);
      throw e;
    }
  }

  /**
   * Saved memory: mapped, not read, but for what lies in too small pieces. The files must not
   * change while it lives, but for their names.
   *
   * @throws io.vivarium.memory.DamagedMemoryException when a layer is missing or too short
   */
  static GuestRam copyOnWrite(MemoryLayers layers, MemoryMap map) throws IOException {
    GuestRam ram = anonymous(map.ramBytes());
    Fd[] files = new Fd[map.layers().size()];
    try {
      for (int i = 0; i < files.length; i++) {
        files[i] = LayerReader.map(layers, map, i);
      }
      List<MemoryMap.Run> small = new ArrayList<>();
      for (MemoryMap.Run run : ram.largest(ram.runs(map), small)) {
        ram.place(run.first(), run.count(), files[run.layer()]);
      }
      ram.read(layers, map, small);
      ram.base = map;
      return ram;
    } catch (IOException | RuntimeException e) {
      ram.close();
      throw e;
    } finally {
      for (Fd file : files) {
        if (file != null) {
          file.close();
        }
      }
    }
  }

  /** Saved memory that was put together in one file of RAM's size, mapped. */
  static GuestRam copyOnWrite(Fd flat, MemoryMap map) throws IOException {
    GuestRam ram = anonymous(map.ramBytes());
    try {
      ram.place(0, ram.highStart(), flat);
      if (ram.highStart() < map.pages()) {
        ram.place(ram.highStart(), map.pages() - ram.highStart(), flat);
      }
      ram.base = map;
      return ram;
    } catch (IOException | RuntimeException e) {
      ram.close();
      throw e;
    }
  }

  private List<MemoryMap.Run> runs(MemoryMap map) {
    int low = (int) (mappings.getFirst().length() / PAGE);
    List<MemoryMap.Run> runs = new ArrayList<>(map.runs(0, low));
    if (map.pages() > low) {
      runs.addAll(map.runs(low, map.pages()));
    }
    return runs;
  }

  /** Those that may be mapped; the others go to {@code rest}. */
  private List<MemoryMap.Run> largest(List<MemoryMap.Run> runs, List<MemoryMap.Run> rest) {
    if (runs.size() <= MOST_RUNS) {
      return runs;
    }
    List<MemoryMap.Run> sorted = new ArrayList<>(runs);
    sorted.sort(Comparator.comparingInt(MemoryMap.Run::count).reversed());
    rest.addAll(sorted.subList(MOST_RUNS, sorted.size()));
    return sorted.subList(0, MOST_RUNS);
  }

  private void read(MemoryLayers layers, MemoryMap map, List<MemoryMap.Run> runs)
      throws IOException {
    if (runs.isEmpty()) {
      return;
    }
    try (LayerReader reader = new LayerReader(layers, map)) {
      for (MemoryMap.Run run : runs) {
        ByteBuffer target = host(run.first(), run.count()).asByteBuffer();
        reader.read(run.first(), run.count(), target);
      }
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

  /** Pages of RAM. */
  int pages() {
    return (int) (memory.size() / PAGE);
  }

  /** What pages that were not written are like; null: zero, or not known. */
  @Nullable MemoryMap base() {
    return base;
  }

  /** The pages that may differ from {@link #base}. */
  BitSet written() {
    BitSet written = new BitSet(pages());
    int first = 0;
    for (Mapping mapping : mappings) {
      int count = (int) (mapping.length() / PAGE);
      if (knowsWritten) {
        PageMap.of(mapping.segment()).addWritten(written, first);
      } else {
        written.set(first, first + count);
      }
      first += count;
    }
    return written;
  }

  /** The host memory of consecutive pages, on one side of the hole. */
  MemorySegment host(int first, int count) {
    int low = (int) (mappings.getFirst().length() / PAGE);
    return first < low
        ? mappings.getFirst().segment().asSlice((long) first * PAGE, (long) count * PAGE)
        : mappings.getLast().segment().asSlice((long) (first - low) * PAGE, (long) count * PAGE);
  }

  /** First page above the hole, or the number of pages. */
  int highStart() {
    return (int) (mappings.getFirst().length() / PAGE);
  }

  /**
   * How many times {@link #place} may be called, at most {@code wanted}, so that the process keeps
   * mappings for all else: each adds up to two.
   */
  int mayPlace(int wanted) {
    if (placed + wanted > MOST_PLACED) {
      placed = mappingsOfProcess() / 2;
    }
    return Math.clamp(MOST_PLACED - placed, 0, wanted);
  }

  private static int mappingsOfProcess() {
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return (int) lines.count();
    } catch (IOException | java.io.UncheckedIOException e) {
      return 2 * MOST_PLACED;
    }
  }

  /** Maps a file's pages over those of the same numbers. No vCPU and no device may run. */
  void place(int first, int count, Fd file) throws ErrnoException {
    placed++;
    int low = highStart();
    long offset = (long) first * PAGE;
    if (first < low) {
      mappings.getFirst().placeCopyOnWrite(offset, file, offset, (long) count * PAGE);
    } else {
      long at = (long) (first - low) * PAGE;
      mappings.getLast().placeCopyOnWrite(at, file, offset, (long) count * PAGE);
    }
  }

  /** From now on, what was not written is as this map says; null: that is not known any more. */
  void rebase(@Nullable MemoryMap map) {
    base = map;
    knowsWritten = map != null;
  }

  /**
   * Gives pages back to the host: what they held is gone. They read as zeroes next, or, where the
   * machine was saved or restored, as what was saved.
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
  }
}
