package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.store.StoreFiles;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What a chain of sealed layers reads as, in a file beside them ({@code .index-<layer>}): which
 * layer holds which clusters. With it a layer is opened without those below it. It holds nothing
 * that the layers do not, and it is taken only while each of them is the file that it was made of,
 * by inode, length and time: else the layers are opened, one after the other.
 *
 * @param size of the uppermost layer's disk in bytes
 * @param layers from the top down
 * @param bottom the raw file that they stand on, or null
 * @param runs by cluster
 */
record Qcow2Index(
    int clusterBits, long size, List<Layer> layers, @Nullable Layer bottom, List<Run> runs) {
  private static final String PREFIX = ".index-";
  private static final long MAGIC = 0x5649_5649_4e44_4558L; // "VIVINDEX"
  private static final int VERSION = 1;
  private static final int MOST_BYTES = 64 << 20;
  private static final int MOST_NAME = 100;

  /**
   * A sealed file.
   *
   * @param key of its inode
   * @param time of its last change, ns
   * @param shown how many bytes of its disk show through those above
   */
  record Layer(String name, int key, long length, long time, long shown) {
    static Layer of(Path file, long shown) throws IOException {
      BasicFileAttributes now =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!now.isRegularFile()) {
        throw new IOException(file + " is not a regular file");
      }
      return new Layer(
          String.valueOf(file.getFileName()),
          Objects.hashCode(now.fileKey()),
          now.size(),
          now.lastModifiedTime().to(TimeUnit.NANOSECONDS),
          shown);
    }

    /** The same below a disk of so many bytes. */
    Layer shownTo(long most) {
      return new Layer(name, key, length, time, Math.min(most, shown));
    }

    /** Whether a file beside the layer is the one that it was. */
    boolean still(Path layer) throws IOException {
      return equals(of(layer.resolveSibling(name), shown));
    }
  }

  /**
   * Clusters that one layer holds, one after another in its file too.
   *
   * @param entry of the first; plain, or zero for all of them
   */
  record Run(long first, int count, int layer, long entry) {
    long end() {
      return first + count;
    }

    private boolean goesOn(int itsLayer, long itsEntry, int clusterSize) {
      boolean zeroes = L2Entry.zero(entry);
      return layer == itsLayer
          && count < Integer.MAX_VALUE
          && zeroes == L2Entry.zero(itsEntry)
          && (zeroes
              || L2Entry.offset(itsEntry) == L2Entry.offset(entry) + (long) count * clusterSize);
    }
  }

  static Path file(Path layer) {
    return layer.resolveSibling(PREFIX + layer.getFileName());
  }

  /** The layer that a file tells of by its name, or null when it is no index. */
  static @Nullable String layerOf(String file) {
    return file.startsWith(PREFIX) ? file.substring(PREFIX.length()) : null;
  }

  /**
   * Reads one.
   *
   * @param layer a sealed file of the store, which it was made of; whether those below are too is
   *     for {@link #fits} to say
   * @return null when there is none that can be taken
   */
  static @Nullable Qcow2Index read(Path layer) {
    try {
      Path file = file(layer);
      if (!Files.exists(file) || Files.size(file) > MOST_BYTES) {
        return null;
      }
      Qcow2Index index = parse(Files.readAllBytes(file));
      Layer top = index.layers.getFirst();
      boolean same = top.name().equals(String.valueOf(layer.getFileName())) && top.still(layer);
      return same ? index : null;
    } catch (IOException e) {
      return null; // The layers tell all that it could.
    }
  }

  /** Whether each file beside the layer is the one that the index was made of. */
  boolean fits(Path layer) {
    try {
      for (Layer one : layers) {
        if (!one.still(layer)) {
          return false;
        }
      }
      return bottom == null || bottom.still(layer);
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether each file that the index was made of is named by a list. */
  boolean in(Set<String> names) {
    return layers.stream().allMatch(one -> names.contains(one.name()))
        && (bottom == null || names.contains(bottom.name()));
  }

  /**
   * Makes one of a sealed layer.
   *
   * @param by an index of a layer below may tell of those below that
   * @return null where none can be: with compressed clusters, clusters of several sizes
   */
  static @Nullable Qcow2Index of(Path layer, boolean by) throws IOException {
    BackingFiles inside = BackingFiles.inside(StoreFiles.parent(layer));
    BackingFiles backing = by ? inside : inside.withoutIndexes();
    try (Qcow2Disk top = Qcow2Disk.open(layer, true, backing, HolePunch.Factory.NONE)) {
      return new Qcow2IndexBuilder(layer, top).build();
    }
  }

  /** Adds a cluster behind all others. */
  static void add(List<Run> runs, long cluster, int layer, long entry, int clusterSize) {
    Run last = runs.isEmpty() ? null : runs.getLast();
    if (last != null && last.end() == cluster && last.goesOn(layer, entry, clusterSize)) {
      runs.set(runs.size() - 1, new Run(last.first, last.count + 1, layer, last.entry));
    } else {
      runs.add(new Run(cluster, 1, layer, entry));
    }
  }

  byte[] write() {
    int length = 256 + layers.size() * 129 + runs.size() * 22;
    ByteBuffer out = ByteBuffer.allocate(length);
    out.putLong(MAGIC).putInt(VERSION).putInt(clusterBits).putLong(size).putInt(layers.size());
    layers.forEach(layer -> put(out, layer));
    out.put((byte) (bottom == null ? 0 : 1));
    if (bottom != null) {
      put(out, bottom);
    }
    out.putInt(runs.size());
    for (Run run : runs) {
      out.putLong(run.first).putInt(run.count).putShort((short) run.layer).putLong(run.entry);
    }
    CRC32C crc = new CRC32C();
    crc.update(out.array(), 0, out.position());
    out.putInt((int) crc.getValue());
    return Arrays.copyOf(out.array(), out.position());
  }

  private static void put(ByteBuffer out, Layer layer) {
    out.put((byte) layer.name().length()).put(layer.name().getBytes(StandardCharsets.US_ASCII));
    out.putInt(layer.key()).putLong(layer.length()).putLong(layer.time()).putLong(layer.shown());
  }

  static Qcow2Index parse(byte[] bytes) throws IOException {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, Math.max(0, bytes.length - 4));
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      require(in.getInt(bytes.length - 4) == (int) crc.getValue());
      require(in.getLong() == MAGIC && in.getInt() == VERSION);
      int bits = in.getInt();
      require(bits >= 9 && bits <= 21);
      long size = in.getLong();
      require(size >= 0 && size < 1L << 56);
      int count = in.getInt();
      require(count > 0 && count <= BackingFiles.MAX_DEPTH);
      List<Layer> layers = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        layers.add(layer(in, size));
      }
      Layer bottom = in.get() == 0 ? null : layer(in, size);
      List<Run> runs = runs(in, bits, size, layers);
      require(in.remaining() == 4);
      return new Qcow2Index(bits, size, layers, bottom, runs);
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      throw new IOException("an index of layers is cut", e);
    }
  }

  private static List<Run> runs(ByteBuffer in, int bits, long size, List<Layer> layers)
      throws IOException {
    int count = in.getInt();
    require(count >= 0 && count <= in.remaining() / 22);
    List<Run> runs = new ArrayList<>(count);
    long end = 0;
    for (int i = 0; i < count; i++) {
      Run run = new Run(in.getLong(), in.getInt(), in.getShort(), in.getLong());
      require(run.first >= end && run.count > 0 && run.layer >= 0 && run.layer < layers.size());
      end = run.end();
      require(end <= Math.ceilDiv(size, 1L << bits));
      long offset = L2Entry.offset(run.entry);
      boolean inside =
          (offset & ((1L << bits) - 1)) == 0 && offset < layers.get(run.layer).length();
      require(L2Entry.zero(run.entry) || (L2Entry.plain(run.entry) && inside));
      runs.add(run);
    }
    return runs;
  }

  private static Layer layer(ByteBuffer in, long size) throws IOException {
    byte[] bytes = new byte[Byte.toUnsignedInt(in.get())];
    in.get(bytes);
    String name = new String(bytes, StandardCharsets.ISO_8859_1);
    Layer layer = new Layer(name, in.getInt(), in.getLong(), in.getLong(), in.getLong());
    require(isName(name) && layer.length() >= 0 && layer.shown() >= 0 && layer.shown() <= size);
    return layer;
  }

  /**
   * Whether a file can be named by an index: letters and digits, and within it dots and hyphens.
   * Asked a thousand times for each disk that is opened, which a pattern takes long to answer.
   */
  static boolean isName(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!plain && (i == 0 || (c != '.' && c != '-'))) {
        return false;
      }
    }
    return !name.isEmpty() && name.length() <= MOST_NAME;
  }

  private static void require(boolean good) throws IOException {
    if (!good) {
      throw new IOException("an index of layers is damaged");
    }
  }
}
