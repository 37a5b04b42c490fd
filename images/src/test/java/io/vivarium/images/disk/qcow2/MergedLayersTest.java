package io.vivarium.images.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.images.disk.DiskModel;
import io.vivarium.images.disk.HolePunch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MergedLayersTest {
  private static final int SIZE = 2 << 20;
  @TempDir Path folder;

  private Qcow2Disk open(Path path) throws IOException {
    return Qcow2Disk.open(path, false, BackingFiles.inside(folder), HolePunch.Factory.NONE);
  }

  private Path layer(int number) {
    return folder.resolve("layer" + number + ".qcow2");
  }

  private static byte[] random(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /**
   * Layers of all sizes, on a raw file, on compressed clusters, and on clusters of another size.
   */
  @ParameterizedTest
  @CsvSource({"raw,1", "qcow2 -c,2", "qcow2 -o cluster_size=4096,3"})
  void readAsTheModelAndQemuSay(String made, long seed) throws Exception {
    QemuImg.assumeInstalled();
    Random random = new Random(seed);
    byte[] contents = random(random, SIZE);
    Arrays.fill(contents, 300_000, 900_000, (byte) 0);
    Path raw = Files.write(folder.resolve("bottom.raw"), contents);
    String format = made.split(" ")[0];
    if (!made.equals("raw")) {
      String[] options = made.substring(format.length() + 1).split(" ");
      Object[] convert =
          options.length == 1
              ? new Object[] {"convert", "-c", "-O", "qcow2", raw, folder.resolve("bottom.qcow2")}
              : new Object[] {
                "convert", "-o", options[1], "-O", "qcow2", raw, folder.resolve("bottom.qcow2")
              };
      QemuImg.ok(convert);
    }
    String below = "bottom." + format;
    for (int number = 1; number <= 12; number++) {
      // Cut off, and longer again with zeroes: what was cut off must not come back.
      int size = (SIZE / 2 + random.nextInt(SIZE)) / 512 * 512;
      contents = Arrays.copyOf(contents, size);
      Qcow2.create(layer(number), size, below, number == 1 ? format : "qcow2");
      DiskModel model = new DiskModel(seed * 100 + number, contents);
      try (Qcow2Disk disk = open(layer(number))) {
        assertThat(disk.backing() instanceof MergedLayers).isEqualTo(number > (seed == 2 ? 1 : 2));
        model.compareAll(disk);
        for (int i = 0; i < 15; i++) {
          model.step(disk);
        }
        model.compareAll(disk);
      }
      contents = model.bytes();
      below = layer(number).getFileName().toString();
      QemuImg.check(layer(number));
      QemuImg.sameAs(layer(number), contents);
    }
  }

  @Test
  void twoHundredLayers() throws Exception {
    Random random = new Random(4);
    byte[] contents = new byte[SIZE];
    for (int number = 0; number < 200; number++) {
      Qcow2.create(
          layer(number),
          SIZE,
          number == 0 ? null : layer(number - 1).getFileName().toString(),
          number == 0 ? null : "qcow2");
      int at = random.nextInt(SIZE / 65536) * 65536;
      byte[] data = random(random, 65536);
      try (Qcow2Disk disk = open(layer(number))) {
        disk.write(at, MemorySegment.ofArray(data));
      }
      System.arraycopy(data, 0, contents, at, data.length);
    }
    byte[] got = new byte[SIZE];
    try (Qcow2Disk disk = open(layer(199))) {
      disk.read(0, MemorySegment.ofArray(got));
      assertThat(Arrays.equals(got, contents)).isTrue();
      // A part of a cluster takes the rest from wherever it is.
      disk.write(1000, MemorySegment.ofArray(new byte[512]));
      Arrays.fill(contents, 1000, 1512, (byte) 0);
      disk.read(0, MemorySegment.ofArray(got));
    }
    assertThat(Arrays.equals(got, contents)).isTrue();
  }

  /** As forks have it: the same layers in two folders, open at once. */
  @Test
  void aLayerThatIsOpenByAnotherNameStandsOnItsOwnNeighbours() throws Exception {
    Path there = Files.createDirectory(folder.resolve("there"));
    Path here = Files.createDirectory(folder.resolve("here"));
    Qcow2.create(there.resolve("a"), SIZE, null, null);
    try (Qcow2Disk disk = open(there.resolve("a"))) {
      disk.write(0, MemorySegment.ofArray(new byte[] {7}));
    }
    Qcow2.create(there.resolve("b"), SIZE, "a", "qcow2");
    for (String name : new String[] {"a", "b"}) {
      Files.createLink(here.resolve(name), there.resolve(name));
    }
    Qcow2.create(there.resolve("c"), SIZE, "b", "qcow2");
    Qcow2.create(here.resolve("d"), SIZE, "b", "qcow2");
    byte[] read = new byte[1];
    BackingFiles inside = BackingFiles.inside(here);
    try (Qcow2Disk one = open(there.resolve("c"));
        Qcow2Disk two = Qcow2Disk.open(here.resolve("d"), false, inside, HolePunch.Factory.NONE)) {
      two.read(0, MemorySegment.ofArray(read));
      assertThat(read).containsExactly(7);
      one.write(0, MemorySegment.ofArray(new byte[] {8}));
      two.read(0, MemorySegment.ofArray(read));
      assertThat(read).containsExactly(7);
    }
  }
}
