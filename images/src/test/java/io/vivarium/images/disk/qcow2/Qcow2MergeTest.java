package io.vivarium.images.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.images.disk.DiskModel;
import io.vivarium.images.disk.HolePunch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Qcow2MergeTest {
  private static final int SIZE = 3 << 19;
  @TempDir Path folder;

  private Path layer(int number) {
    return folder.resolve("layer" + number + ".qcow2");
  }

  private Qcow2Disk open(Path path, boolean readOnly) throws IOException {
    return Qcow2Disk.open(path, readOnly, BackingFiles.inside(folder), HolePunch.Factory.NONE);
  }

  private Qcow2Merge merge(Integer... numbers) throws IOException {
    return Objects.requireNonNull(Qcow2Merge.open(Stream.of(numbers).map(this::layer).toList()));
  }

  private void exchange(Integer... numbers) throws IOException {
    Path merged = folder.resolve("merged");
    try (Qcow2Merge merge = merge(numbers)) {
      assertThat(merge.write(merged, part -> true)).isTrue();
    }
    Files.move(merged, layer(numbers[0]), StandardCopyOption.REPLACE_EXISTING);
    for (int i = 1; i < numbers.length; i++) {
      Files.delete(layer(numbers[i]));
    }
  }

  /** Layers that grow now and then; random runs of them become one, and all above read the same. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void whatStandsOnMergedLayersReadsTheSame(long seed) throws Exception {
    QemuImg.assumeInstalled();
    Random random = new Random(seed);
    int size = SIZE + random.nextInt(5) * 512;
    DiskModel model = new DiskModel(seed, new byte[size]);
    List<byte[]> contents = new ArrayList<>();
    for (int number = 0; number < 12; number++) {
      String below = number == 0 ? null : "layer" + (number - 1) + ".qcow2";
      Qcow2.create(layer(number), size, below, below == null ? null : "qcow2");
      try (Qcow2Disk disk = open(layer(number), false)) {
        if (random.nextInt(4) == 0) {
          int more = random.nextInt(300) * 512;
          model.grow(disk, more);
          size += more;
        }
        for (int i = 0; i < 8; i++) {
          model.step(disk);
        }
        disk.flush();
      }
      contents.add(model.bytes());
    }
    exchange(4, 3, 2);
    exchange(10, 9, 8, 7);
    if (random.nextBoolean()) {
      exchange(1, 0);
      exchange(4, 1);
    }
    for (int number : List.of(4, 5, 6, 10, 11)) {
      byte[] got = new byte[contents.get(number).length];
      try (Qcow2Disk disk = open(layer(number), true)) {
        assertThat(disk.size()).isEqualTo(got.length);
        disk.read(0, MemorySegment.ofArray(got));
      }
      assertThat(got).as("layer %d", number).isEqualTo(contents.get(number));
      QemuImg.check(layer(number));
      QemuImg.sameAs(layer(number), contents.get(number));
    }
  }

  @Test
  void tellsWhatIsCopiedAndWhatComesFree() throws Exception {
    for (int number = 0; number < 3; number++) {
      String below = number == 0 ? null : "layer" + (number - 1) + ".qcow2";
      Qcow2.create(layer(number), SIZE, below, below == null ? null : "qcow2");
      try (Qcow2Disk disk = open(layer(number), false)) {
        disk.write(0, MemorySegment.ofArray(new byte[] {1, 2, 3}));
        disk.write((number + 1) << 16, MemorySegment.ofArray(new byte[] {1, 2, 3}));
      }
    }
    try (Qcow2Merge merge = merge(2, 1)) {
      assertThat(merge.copied()).isEqualTo(3 << 16);
      assertThat(merge.freed()).isEqualTo(1 << 16);
    }
  }

  @Test
  void aDiskThatIsSmallerThanWhatItStandsOnIsLeftAlone() throws Exception {
    Qcow2.create(layer(0), SIZE, null, null);
    Qcow2.create(layer(1), SIZE / 2, "layer0.qcow2", "qcow2");
    Qcow2.create(layer(2), SIZE, "layer1.qcow2", "qcow2");
    assertThat(Qcow2Merge.open(List.of(layer(2), layer(1)))).isNull();
    assertThat(Qcow2Merge.open(List.of(layer(1), layer(0)))).isNull();
    try (Qcow2Disk free = open(layer(2), false)) {
      assertThat(free.readOnly()).as("nothing was left open").isFalse();
    }
  }

  @Test
  void whatIsCalledOffIsNotWhole() throws Exception {
    Qcow2.create(layer(0), SIZE, null, null);
    try (Qcow2Disk disk = open(layer(0), false)) {
      disk.write(0, MemorySegment.ofArray(new byte[SIZE]));
    }
    Qcow2.create(layer(1), SIZE, "layer0.qcow2", "qcow2");
    try (Qcow2Merge merge = merge(1, 0)) {
      assertThat(merge.write(folder.resolve("merged"), part -> false)).isFalse();
    }
  }

  /** As forks have it whose parent, which opened the layers first, is gone. */
  @Test
  void layersThatAreOpenByNamesThatAreGoneCanBeMerged() throws Exception {
    Path gone = Files.createDirectory(folder.resolve("gone"));
    List<Path> here = new ArrayList<>();
    String below = null;
    for (String name : List.of("a", "b", "c")) {
      Qcow2.create(gone.resolve(name), SIZE, below, below == null ? null : "qcow2");
      here.addFirst(Files.createLink(folder.resolve(name), gone.resolve(name)));
      below = name;
    }
    try (Qcow2Disk other = open(gone.resolve("c"), true)) {
      for (String name : List.of("a", "b", "c")) {
        Files.delete(gone.resolve(name));
      }
      try (Qcow2Merge merge = Qcow2Merge.open(here)) {
        assertThat(Objects.requireNonNull(merge).write(folder.resolve("merged"), part -> true))
            .isTrue();
      }
      assertThat(other.size()).isEqualTo(SIZE);
    }
  }
}
