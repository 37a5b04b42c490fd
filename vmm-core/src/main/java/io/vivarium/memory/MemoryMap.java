package io.vivarium.memory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where a saved machine's pages are: file {@code memory.map}, little-endian: magic, version, pages
 * of RAM, length and CRC32C of {@code state.json}, number of layers and of runs; for each layer its
 * id (12 characters) and the CRC32C of its sums; for each run of pages its length and its layer; at
 * last the CRC32C of all before. A page that its layer does not hold is zero.
 *
 * <p>This file is what makes a save whole: it names all others by their checksums.
 */
public final class MemoryMap {
  /** Name of the file. */
  public static final String NAME = "memory.map";

  /** Name of the file beside it, which it vouches for: what vCPUs and devices are like. */
  public static final String STATE = "state.json";

  /** Pages of the largest RAM that is saved: 512 GiB. */
  static final int MAX_PAGES = 1 << 27;

  private static final byte[] MAGIC = "VIVAMMAP".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final int HEADER = 24;
  private static final int LAYER_BYTES = 16;
  private static final int RUN_BYTES = 8;
  private static final int MAX_LAYERS = Short.MAX_VALUE;

  /** Contents for a map of 32 million runs; one that is larger is not worth its mapping. */
  private static final long MOST = 256L << 20;

  /**
   * A layer that pages are read from.
   *
   * @param sumsCrc the CRC32C of its sums file
   */
  public record Layer(String id, int sumsCrc) {}

  /** Pages {@code first} to {@code first + count - 1} are read from a layer, by its number. */
  public record Run(int first, int count, int layer) {}

  private final List<Layer> layers;
  private final short[] owner;
  private final long stateLength;
  private final int stateCrc;

  private MemoryMap(List<Layer> layers, short[] owner, long stateLength, int stateCrc) {
    this.layers = layers;
    this.owner = owner;
    this.stateLength = stateLength;
    this.stateCrc = stateCrc;
  }

  /**
   * A map over these layers, of which those that no page is read from are left out.
   *
   * @param owner for each page its layer's number; is kept
   */
  static MemoryMap of(List<Layer> layers, short[] owner, byte[] state) {
    boolean[] used = new boolean[layers.size()];
    for (short one : owner) {
      used[one] = true;
    }
    short[] renumbered = new short[layers.size()];
    List<Layer> kept = new ArrayList<>();
    for (int i = 0; i < used.length; i++) {
      if (used[i]) {
        renumbered[i] = (short) kept.size();
        kept.add(layers.get(i));
      }
    }
    for (int page = 0; page < owner.length; page++) {
      owner[page] = renumbered[owner[page]];
    }
    return new MemoryMap(List.copyOf(kept), owner, state.length, Checksums.of(state));
  }

  public List<Layer> layers() {
    return layers;
  }

  public int pages() {
    return owner.length;
  }

  /** Bytes of RAM. */
  public long ramBytes() {
    return (long) owner.length * MemoryLayers.PAGE;
  }

  /** Number of the layer that a page is read from. */
  public int layerOf(int page) {
    return owner[page];
  }

  /** A copy that a later map begins with. */
  short[] owners() {
    return owner.clone();
  }

  /** The runs of pages {@code from} to {@code to - 1}. */
  public List<Run> runs(int from, int to) {
    List<Run> runs = new ArrayList<>();
    int first = from;
    for (int page = from; page < to; page++) {
      if (page + 1 == to || owner[page + 1] != owner[first]) {
        runs.add(new Run(first, page + 1 - first, owner[first]));
        first = page + 1;
      }
    }
    return runs;
  }

  /** Refuses a state file that is not the one that this memory goes with. */
  public void checkState(Path file, byte[] state) throws DamagedMemoryException {
    if (state.length != stateLength || Checksums.of(state) != stateCrc) {
      throw SealedFile.damaged(file, "its checksum is wrong");
    }
  }

  /** Writes the file into a folder, durably. */
  void write(Path folder) throws IOException {
    List<Run> runs = runs(0, owner.length);
    ByteBuffer file =
        SealedFile.allocate(
            MAGIC, VERSION, HEADER + LAYER_BYTES * layers.size() + RUN_BYTES * runs.size());
    file.putInt(owner.length).putLong(stateLength).putInt(stateCrc);
    file.putInt(layers.size()).putInt(runs.size());
    for (Layer layer : layers) {
      file.put(layer.id().getBytes(StandardCharsets.US_ASCII)).putInt(layer.sumsCrc());
    }
    for (Run run : runs) {
      file.putInt(run.count()).putInt(run.layer());
    }
    SealedFile.write(folder.resolve(NAME), file);
  }

  /** Reads and checks the file of a folder. */
  public static MemoryMap read(Path folder) throws IOException {
    Path file = folder.resolve(NAME);
    return parse(file, SealedFile.read(file, MAGIC, VERSION, HEADER, MOST).bytes());
  }

  private static MemoryMap parse(Path file, ByteBuffer bytes) throws DamagedMemoryException {
    int pages = bytes.getInt();
    long stateLength = bytes.getLong();
    int stateCrc = bytes.getInt();
    int layerCount = bytes.getInt();
    int runCount = bytes.getInt();
    if (pages < 1
        || pages > MAX_PAGES
        || layerCount < 1
        || layerCount > MAX_LAYERS
        || runCount < 1
        || bytes.remaining() != (long) LAYER_BYTES * layerCount + (long) RUN_BYTES * runCount) {
      throw SealedFile.damaged(file, "its sizes contradict each other");
    }
    List<Layer> layers = new ArrayList<>();
    byte[] id = new byte[12];
    for (int i = 0; i < layerCount; i++) {
      bytes.get(id);
      String name = new String(id, StandardCharsets.US_ASCII);
      if (!MemoryLayers.isId(name)) {
        throw SealedFile.damaged(file, "it names a layer that cannot be");
      }
      layers.add(new Layer(name, bytes.getInt()));
    }
    short[] owner = new short[pages];
    int at = 0;
    for (int i = 0; i < runCount; i++) {
      int count = bytes.getInt();
      int layer = bytes.getInt();
      if (count < 1 || count > pages - at || layer < 0 || layer >= layerCount) {
        throw SealedFile.damaged(file, "its runs are not those of " + pages + " pages");
      }
      Arrays.fill(owner, at, at + count, (short) layer);
      at += count;
    }
    if (at != pages) {
      throw SealedFile.damaged(file, "its runs are not those of " + pages + " pages");
    }
    return new MemoryMap(List.copyOf(layers), owner, stateLength, stateCrc);
  }
}
