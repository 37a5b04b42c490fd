package io.vivarium.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.linux.Fd;
import io.vivarium.linux.LinuxFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layers of saved memory: what is written, read through maps, and refused. */
class LayersTest {
  private static final int PAGES = 1024;
  private static final int PAGE = MemoryLayers.PAGE;
  private static final byte[] STATE = {1, 2, 3};

  @TempDir Path home;
  private final byte[] ram = new byte[PAGES * PAGE];
  private MemoryLayers layers = new MemoryLayers(Path.of("unset"));
  private int saves;

  @BeforeEach
  void setUp() throws IOException {
    layers = new MemoryLayers(Files.createDirectory(home.resolve("memory")));
  }

  @Test
  void pagesOfZeroesAndEqualPagesCostNothing() throws IOException {
    fill(10, 20, 7);
    MemoryMap first = save(null, 0, PAGES);
    assertThat(held(first, 0)).isEqualTo(20L * PAGE);
    fill(12, 1, 9);
    fill(15, 1, 0);

    MemoryMap second = save(first, 0, PAGES);

    assertThat(second.layers()).hasSize(2);
    assertThat(held(second, 1)).isEqualTo(PAGE);
    assertThat(read(second)).isEqualTo(ram);
    MemoryVerifier.verify(layers, second);
  }

  @Test
  void aPageThatIsStoredAgainIsAsItWasLast() throws IOException {
    fill(3, 2, 5);
    MemoryMap base = save(null, 0, PAGES);
    fill(3, 1, 6);
    fill(4, 1, 6);
    fill(9, 1, 6);
    Path folder = folder();
    MemoryMap map;
    try (LayerWriter writer = new LayerWriter(layers, folder.resolve("grows"), PAGES, base)) {
      writer.store(0, MemorySegment.ofArray(ram).asSlice(0, 20 * PAGE));
      fill(3, 1, 5);
      fill(4, 1, 8);
      fill(9, 1, 0);
      writer.store(3, MemorySegment.ofArray(ram).asSlice(3 * PAGE, 7 * PAGE));
      assertThat(writer.heldBytes()).isEqualTo(PAGE);
      map = writer.seal(STATE, folder);
      writer.name();
    }
    assertThat(read(map)).isEqualTo(ram);
    assertThat(held(map, 1)).isEqualTo(PAGE);
    MemoryVerifier.verify(layers, map);
  }

  @Test
  void layersThatNothingIsReadFromAreLeftOut() throws IOException {
    fill(0, PAGES, 1);
    MemoryMap first = save(null, 0, PAGES);
    fill(0, PAGES, 2);
    MemoryMap second = save(first, 0, PAGES);
    assertThat(second.layers()).hasSize(1).doesNotContainAnyElementsOf(first.layers());
  }

  @Test
  void anyNumberOfSavesReadsBack() throws IOException {
    Random random = new Random(42);
    MemoryMap map = save(null, 0, PAGES);
    for (int i = 0; i < 60; i++) {
      for (int k = 0; k < 10; k++) {
        fill(random.nextInt(PAGES), 1, random.nextInt(4));
      }
      map = save(map, 0, PAGES);
      assertThat(read(map)).isEqualTo(ram);
    }
    MemoryVerifier.verify(layers, map);
  }

  @Test
  void aLayerWithoutANameIsGone() throws IOException {
    Path folder = folder();
    try (LayerWriter writer = new LayerWriter(layers, folder.resolve("grows"), PAGES, null)) {
      writer.store(0, MemorySegment.ofArray(ram));
      writer.seal(STATE, folder);
    }
    assertThat(layers.ids()).isEmpty();
    assertThat(folder.resolve("grows")).doesNotExist();
  }

  @Test
  void everyFlippedBitIsFound() throws IOException {
    fill(10, 3, 7);
    MemoryMap map = save(null, 0, PAGES);
    Path folder = home.resolve("1");
    String id = map.layers().getFirst().id();
    for (Path file : new Path[] {folder.resolve(MemoryMap.NAME), layers.sums(id)}) {
      for (long at = 0; at < Files.size(file); at++) {
        flip(file, at);
        assertThatThrownBy(() -> MemoryVerifier.verify(layers, MemoryMap.read(folder)))
            .isInstanceOf(DamagedMemoryException.class)
            .hasMessageContaining(file.getFileName().toString());
        flip(file, at);
      }
    }
    for (long at : new long[] {10L * PAGE, 13L * PAGE - 1}) {
      flip(layers.data(id), at);
      assertThatThrownBy(() -> MemoryVerifier.verify(layers, MemoryMap.read(folder)))
          .hasMessageContaining("the checksum of page");
      flip(layers.data(id), at);
    }
    flip(layers.data(id), 500L * PAGE);
    assertThatThrownBy(() -> MemoryVerifier.verify(layers, MemoryMap.read(folder)))
        .hasMessageContaining("page 500 should be zero");
  }

  @Test
  void foreignAndCutFilesAreRefused() throws IOException {
    fill(10, 3, 7);
    MemoryMap first = save(null, 0, PAGES);
    fill(10, 3, 8);
    MemoryMap second = save(null, 0, PAGES);
    String one = first.layers().getFirst().id();
    String two = second.layers().getFirst().id();
    Files.copy(
        layers.sums(two), layers.sums(one), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> MemoryVerifier.verify(layers, first))
        .hasMessageContaining("belongs to another save");
    for (long size = Files.size(layers.sums(two)) - 1; size >= 0; size--) {
      cut(layers.sums(two), size);
      assertThatThrownBy(() -> MemoryVerifier.verify(layers, second))
          .isInstanceOf(DamagedMemoryException.class);
    }
    Path map = home.resolve("2").resolve(MemoryMap.NAME);
    for (long size = Files.size(map) - 1; size >= 0; size--) {
      cut(map, size);
      assertThatThrownBy(() -> MemoryMap.read(home.resolve("2")))
          .isInstanceOf(DamagedMemoryException.class);
    }
  }

  private void fill(int first, int count, int value) {
    java.util.Arrays.fill(ram, first * PAGE, (first + count) * PAGE, (byte) value);
  }

  private MemoryMap save(@Nullable MemoryMap base, int first, int count) throws IOException {
    Path folder = folder();
    try (LayerWriter writer = new LayerWriter(layers, folder.resolve("grows"), PAGES, base)) {
      writer.store(
          first, MemorySegment.ofArray(ram).asSlice((long) first * PAGE, (long) count * PAGE));
      writer.seal(STATE, folder);
      writer.name();
    }
    return MemoryMap.read(folder);
  }

  private Path folder() throws IOException {
    return Files.createDirectories(home.resolve(Integer.toString(++saves)));
  }

  private byte[] read(MemoryMap map) throws IOException {
    byte[] all = new byte[PAGES * PAGE];
    try (LayerReader reader = new LayerReader(layers, map)) {
      reader.read(0, PAGES, ByteBuffer.wrap(all));
    }
    return all;
  }

  /** Bytes of data in a layer's file. */
  private long held(MemoryMap map, int layer) throws IOException {
    long held = 0;
    try (Fd fd = LayerReader.map(layers, map, layer)) {
      for (long at = LinuxFiles.seekData(fd, 0); at >= 0; ) {
        long end = LinuxFiles.seekHole(fd, at);
        held += end - at;
        at = LinuxFiles.seekData(fd, end);
      }
    }
    return held;
  }

  private static void flip(Path file, long at) throws IOException {
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.seek(at);
      int old = raw.read();
      raw.seek(at);
      raw.write(old ^ 0x20);
    }
  }

  private static void cut(Path file, long size) throws IOException {
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.setLength(size);
    }
  }
}
