package io.vivarium.memory;

import io.vivarium.linux.Fd;
import io.vivarium.linux.LinuxFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes a new layer: what pages hold that the map before does not say already. A page may be
 * stored again, when the guest has written to it since; the last time counts. Not for several
 * threads at once.
 */
public final class LayerWriter implements AutoCloseable {
  private static final int PAGE = MemoryLayers.PAGE;

  /** Pages that are taken together. */
  private static final int BLOCK = 256;

  private static final byte AS_BEFORE = 0;
  private static final byte HELD = 1;
  private static final byte ZERO = 2;

  private final MemoryLayers layers;
  private final Path beside;
  private final Path sumsBeside;
  private final String id = MemoryLayers.newId();
  private final @Nullable MemoryMap base;
  private final @Nullable LayerReader before;
  private final Fd fd;
  private final FileChannel file;
  private final byte[] kinds;
  private final int[] crcs;
  private final ByteBuffer now = ByteBuffer.allocateDirect(BLOCK * PAGE);
  private final ByteBuffer old = ByteBuffer.allocateDirect(BLOCK * PAGE);
  private final MemorySegment nowBytes = MemorySegment.ofBuffer(now);
  private final MemorySegment oldBytes = MemorySegment.ofBuffer(old);
  private final MemorySegment zeroes = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(PAGE));
  private boolean needed;
  private boolean named;

  /**
   * Begins a layer in a folder that is there.
   *
   * @param beside the file that grows; the new layer's name comes with {@link #name}
   * @param pages of RAM
   * @param base what pages that are not stored are like; null: they are zero
   * @throws IOException when the disk is full, or a layer of the base cannot be read
   */
  public LayerWriter(MemoryLayers layers, Path beside, int pages, @Nullable MemoryMap base)
      throws IOException {
    this.layers = layers;
    this.beside = beside;
    this.sumsBeside = beside.resolveSibling(beside.getFileName() + MemoryLayers.SUMS);
    this.base = base;
    this.kinds = new byte[pages];
    this.crcs = new int[pages];
    before = base == null ? null : new LayerReader(layers, base);
    fd = Fd.open(beside.toString(), Fd.O_RDWR | Fd.O_CREAT | Fd.O_EXCL | Fd.O_CLOEXEC, 0600);
    try {
      LinuxFiles.truncate(fd, (long) pages * PAGE);
      file = FileChannel.open(beside, StandardOpenOption.WRITE);
    } catch (IOException e) {
      fd.close();
      Files.deleteIfExists(beside);
      throw e;
    }
  }

  /** The layer's file, for mapping. Closed with this writer. */
  public Fd fd() {
    return fd;
  }

  /** Takes over what consecutive pages of RAM hold. */
  public void store(int first, MemorySegment pages) throws IOException {
    int count = (int) (pages.byteSize() / PAGE);
    for (int at = 0; at < count; at += BLOCK) {
      int some = Math.min(BLOCK, count - at);
      MemorySegment.copy(pages, (long) at * PAGE, nowBytes, 0, (long) some * PAGE);
      storeBlock(first + at, some);
    }
  }

  private void storeBlock(int first, int count) throws IOException {
    if (before != null) {
      before.read(first, count, old.clear());
    }
    int run = 0;
    for (int i = 0; i <= count; i++) {
      byte kind = i == count ? AS_BEFORE : kind(i);
      if (i < count) {
        if (kinds[first + i] == HELD && kind != HELD) {
          LinuxFiles.punchHole(fd, (long) (first + i) * PAGE, PAGE);
        }
        kinds[first + i] = kind;
      }
      if (kind == HELD) {
        crcs[first + i] = Checksums.of(now.duplicate().limit((i + 1) * PAGE).position(i * PAGE));
        run++;
      } else if (run > 0) {
        write(now.duplicate().limit(i * PAGE).position((i - run) * PAGE), first + i - run);
        run = 0;
      }
    }
  }

  private byte kind(int i) {
    MemorySegment page = nowBytes.asSlice((long) i * PAGE, PAGE);
    if (before != null && page.mismatch(oldBytes.asSlice((long) i * PAGE, PAGE)) < 0) {
      return AS_BEFORE;
    }
    return page.mismatch(zeroes) < 0 ? ZERO : HELD;
  }

  private void write(ByteBuffer bytes, int page) throws IOException {
    long at = (long) page * PAGE;
    while (bytes.hasRemaining()) {
      at += file.write(bytes, at);
    }
  }

  /** For each page, whether it will be read from the new layer, and not as before. */
  public boolean isNew(int page) {
    return base == null || kinds[page] != AS_BEFORE;
  }

  /** Bytes that the layer holds. */
  public long heldBytes() {
    long held = 0;
    for (byte kind : kinds) {
      held += kind == HELD ? PAGE : 0;
    }
    return held;
  }

  /**
   * Makes the layer durable, but for its name, and writes the map of the whole memory.
   *
   * @param state the state file's content, which the map vouches for
   * @param folder where the map goes
   */
  public MemoryMap seal(byte[] state, Path folder) throws IOException {
    file.force(true);
    int sumsCrc = sums().write(sumsBeside);
    List<MemoryMap.Layer> all = new ArrayList<>(base == null ? List.of() : base.layers());
    short mine = (short) all.size();
    all.add(new MemoryMap.Layer(id, sumsCrc));
    short[] owner = base == null ? new short[kinds.length] : base.owners();
    if (all.size() > Short.MAX_VALUE) {
      throw new IOException("the memory stands on too many saves");
    }
    for (int page = 0; page < owner.length; page++) {
      if (isNew(page)) {
        owner[page] = mine;
      }
    }
    MemoryMap map = MemoryMap.of(all, owner, state);
    map.write(folder);
    needed = map.layers().stream().anyMatch(layer -> layer.id().equals(id));
    return map;
  }

  private LayerSums sums() {
    int count = (int) (heldBytes() / PAGE);
    int[] pages = new int[count];
    int[] sums = new int[count];
    int next = 0;
    for (int page = 0; page < kinds.length; page++) {
      if (kinds[page] == HELD) {
        pages[next] = page;
        sums[next++] = crcs[page];
      }
    }
    return new LayerSums(kinds.length, pages, sums);
  }

  /**
   * Gives the layer its name, durably, so that the map can be read. To be called while nothing
   * removes layers that no map names; the map's folder gets its name after this. One that the map
   * does not name, as no page has changed, gets no name.
   */
  public void name() throws IOException {
    if (!needed) {
      return;
    }
    Files.move(sumsBeside, layers.sums(id), StandardCopyOption.ATOMIC_MOVE);
    Files.move(beside, layers.data(id), StandardCopyOption.ATOMIC_MOVE);
    named = true;
    LinuxFiles.fsyncFolder(layers.folder());
  }

  /** Closes files; a layer without a name is gone. */
  @Override
  public void close() {
    try {
      if (before != null) {
        before.close();
      }
      file.close();
      fd.close();
      if (!named) {
        Files.deleteIfExists(beside);
        Files.deleteIfExists(sumsBeside);
      }
    } catch (IOException e) {
      System.getLogger(LayerWriter.class.getName())
          .log(System.Logger.Level.WARNING, "a leftover stays until the next sweep", e);
    }
  }
}
