package io.vivarium.images.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.images.disk.BadImageException;
import io.vivarium.images.disk.HolePunch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Deep chains opened by an index read as they do without, and are told from others. */
final class IndexedLayersTest {
  private static final int SIZE = 3 << 20;
  private static final int CLUSTER = 65536;

  @TempDir Path folder;

  private Path layer(int number) {
    return folder.resolve("layer" + number + ".qcow2");
  }

  private Qcow2Disk open(int number, boolean readOnly) throws IOException {
    return Qcow2Disk.open(
        layer(number), readOnly, BackingFiles.inside(folder), HolePunch.Factory.NONE);
  }

  private static byte[] read(Qcow2Disk disk) throws IOException {
    byte[] all = new byte[(int) disk.size()];
    // In pieces that begin and end anywhere.
    for (int at = 0; at < all.length; at += 200_000) {
      int n = Math.min(200_000, all.length - at);
      disk.read(at, MemorySegment.ofArray(all).asSlice(at, n));
    }
    return all;
  }

  private byte[] read(int number) throws IOException {
    try (Qcow2Disk disk = open(number, true)) {
      return read(disk);
    }
  }

  private void index(int number) throws IOException {
    byte[] index = Objects.requireNonNull(Qcow2Indexes.make(layer(number)));
    Files.write(Qcow2Indexes.file(layer(number)), index);
  }

  /** Layers of several sizes with random contents and zeroes, on a raw file or on nothing. */
  private void makeChain(int depth, boolean raw, long seed) throws IOException {
    Random random = new Random(seed);
    if (raw) {
      byte[] bytes = new byte[SIZE - 5 * 512];
      random.nextBytes(bytes);
      Files.write(folder.resolve("bottom.raw"), bytes);
    }
    String below = raw ? "bottom.raw" : null;
    for (int i = 1; i <= depth; i++) {
      long size = SIZE + (random.nextInt(3) - 1) * 300L * 512;
      Qcow2.create(layer(i), size, below, below == null ? null : raw && i == 1 ? "raw" : "qcow2");
      try (Qcow2Disk disk = open(i, false)) {
        for (int n = 0; n < 3; n++) {
          int length = random.nextInt(2 * CLUSTER);
          long at = random.nextInt((int) size - length);
          if (n == 2) {
            disk.writeZeroes(at, length, true);
          } else {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            disk.write(at, MemorySegment.ofArray(bytes));
          }
        }
      }
      below = String.valueOf(layer(i).getFileName());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void readAsWithoutAnIndexAlsoByOneThatStandsOnAnother(long seed) throws Exception {
    makeChain(40, seed % 2 == 0, seed);
    byte[][] contents = new byte[41][];
    for (int i = 1; i <= 40; i++) {
      contents[i] = read(i);
    }
    for (int i : new int[] {10, 25, 38}) {
      index(i);
      assertThat(Qcow2Indexes.right(layer(i))).isTrue();
      try (Qcow2Disk disk = open(i + 1, true)) {
        assertThat(disk.backing()).isInstanceOf(IndexedLayers.class);
      }
    }
    for (int i = 1; i <= 40; i++) {
      assertThat(read(i)).as("layer " + i).isEqualTo(contents[i]);
      assertThat(Qcow2Indexes.depth(layer(i))).isEqualTo(i + (seed % 2 == 0 ? 1 : 0));
    }
    assertThat(Qcow2Indexes.wanted(layer(20))).isFalse();
    Files.delete(Qcow2Indexes.file(layer(10)));
    assertThat(Qcow2Indexes.wanted(layer(24))).isTrue();
    assertThat(Qcow2Indexes.wanted(layer(8))).isFalse();
  }

  @Test
  void aDamagedIndexIsPassedOver() throws Exception {
    makeChain(20, true, 5);
    byte[] contents = read(20);
    index(19);
    Path file = Qcow2Indexes.file(layer(19));
    byte[] whole = Files.readAllBytes(file);
    for (int i = 0; i < whole.length; i += 7) {
      byte[] bad = i % 2 == 0 ? whole.clone() : Arrays.copyOf(whole, i);
      if (i % 2 == 0) {
        bad[i] ^= 4;
      }
      Files.write(file, bad);
      try (Qcow2Disk disk = open(20, true)) {
        assertThat(disk.backing()).isInstanceOf(MergedLayers.class);
        assertThat(read(disk)).isEqualTo(contents);
      }
      assertThat(Qcow2Indexes.right(layer(19))).isFalse();
    }
  }

  /** Its checksum is right, and what it says is not. */
  @Test
  void aHostileIndexIsRefused() throws Exception {
    makeChain(5, true, 6);
    Qcow2Index good = Objects.requireNonNull(Qcow2Index.of(layer(5), true));
    Qcow2Index.Run first = good.runs().getFirst();
    long far = L2Entry.COPIED | (1L << 40);
    for (Qcow2Index.Run bad :
        List.of(
            new Qcow2Index.Run(first.first(), first.count(), 99, first.entry()),
            new Qcow2Index.Run(first.first(), first.count(), -1, first.entry()),
            new Qcow2Index.Run(first.first(), 0, 0, first.entry()),
            new Qcow2Index.Run(first.first(), Integer.MAX_VALUE, 0, first.entry()),
            new Qcow2Index.Run(1L << 50, 1, 0, first.entry()),
            new Qcow2Index.Run(-1, 1, 0, first.entry()),
            new Qcow2Index.Run(first.first(), 1, 0, far),
            new Qcow2Index.Run(first.first(), 1, 0, first.entry() | 512),
            new Qcow2Index.Run(first.first(), 1, 0, 1L << 62),
            new Qcow2Index.Run(first.first(), 1, 0, 0))) {
      Qcow2Index index =
          new Qcow2Index(16, good.size(), good.layers(), good.bottom(), List.of(bad));
      assertThatThrownBy(() -> Qcow2Index.parse(index.write()))
          .as(bad.toString())
          .isInstanceOf(IOException.class);
    }
    Qcow2Index.Layer top = good.layers().getFirst();
    for (String name : List.of("../secret", ".hidden", "", "a/b")) {
      Qcow2Index.Layer bad = new Qcow2Index.Layer(name, top.key(), top.length(), top.time(), 0);
      Qcow2Index index = new Qcow2Index(16, good.size(), List.of(bad), null, List.of());
      assertThatThrownBy(() -> Qcow2Index.parse(index.write())).isInstanceOf(IOException.class);
    }
    Path outside = Files.write(folder.resolve("../outside" + folder.hashCode()), new byte[512]);
    try {
      Files.createSymbolicLink(folder.resolve("link"), outside);
      assertThatThrownBy(() -> Qcow2Index.Layer.of(folder.resolve("link"), 0))
          .hasMessageContaining("not a regular file");
    } finally {
      Files.delete(outside);
    }
  }

  /** As when layers are merged while a VM runs: before a file was read from, and after. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void layersThatAreExchangedMeanwhileReadTheSame(boolean readBefore) throws Exception {
    makeChain(20, false, 8);
    byte[] contents = read(20);
    index(19);
    try (Qcow2Disk disk = open(20, true)) {
      if (readBefore) {
        disk.read(0, MemorySegment.ofArray(new byte[SIZE / 2]));
      }
      Path merged = folder.resolve("merged.qcow2");
      try (Qcow2Merge merge = Qcow2Merge.open(List.of(layer(12), layer(11), layer(10), layer(9)))) {
        if (merge == null) {
          return; // These sizes cannot be merged.
        }
        assertThat(merge.write(merged, part -> true)).isTrue();
      }
      Files.move(merged, layer(12), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      for (int i = 9; i < 12; i++) {
        Files.delete(layer(i));
      }
      assertThat(read(disk)).isEqualTo(contents);
    }
    assertThat(read(20)).as("by an index that is out of date").isEqualTo(contents);
  }

  private Qcow2Disk openListed(int number) throws IOException {
    return Qcow2Disk.open(layer(number), true, BackingFiles.listed(folder), HolePunch.Factory.NONE);
  }

  /**
   * Another file under a layer's name is noticed before anything is read, not when it is opened.
   */
  @Test
  void listedLayersAreComparedOnceTheyAreRead() throws Exception {
    makeChain(20, false, 9);
    byte[] contents = read(20);
    index(19);
    byte[] foreign = new byte[CLUSTER];
    Arrays.fill(foreign, (byte) 7);
    Path other = folder.resolve("other.qcow2");
    Files.copy(layer(5), other);
    try (Qcow2Disk disk =
        Qcow2Disk.open(other, false, BackingFiles.inside(folder), HolePunch.Factory.NONE)) {
      for (long at = 0; at < 2 << 20; at += CLUSTER) {
        disk.write(at, MemorySegment.ofArray(foreign));
      }
    }
    try (Qcow2Disk disk = openListed(20)) {
      assertThat(disk.backing()).isInstanceOf(IndexedLayers.class);
      assertThat(read(disk)).isEqualTo(contents);
    }
    Files.move(other, layer(5), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    byte[] after = read(20);
    assertThat(after).isNotEqualTo(contents);
    try (Qcow2Disk disk = openListed(20)) {
      assertThat(disk.backing()).isInstanceOf(IndexedLayers.class);
      assertThat(read(disk)).isEqualTo(after);
    }
  }

  @Test
  void listedLayersThatAreMissingOrCutAreRefusedByName() throws Exception {
    makeChain(20, true, 10);
    index(19);
    byte[] cut = Arrays.copyOf(Files.readAllBytes(layer(5)), 100);
    Files.write(layer(5), cut);
    try (Qcow2Disk disk = openListed(20)) {
      assertThatThrownBy(() -> read(disk)).isInstanceOf(BadImageException.class);
    }
    Files.delete(layer(5));
    assertThatThrownBy(() -> openListed(20).close())
        .isInstanceOf(BadImageException.class)
        .hasMessageContaining("layer5.qcow2")
        .hasMessageContaining("missing");
  }
}
