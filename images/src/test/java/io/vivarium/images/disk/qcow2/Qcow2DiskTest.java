package io.vivarium.images.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.images.disk.DiskModel;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.store.StoreFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Qcow2DiskTest {
  private static final int SIZE = 4 << 20;
  @TempDir Path folder;

  private static Qcow2Disk open(Path path, boolean readOnly) throws IOException {
    return Qcow2Disk.open(
        path, readOnly, BackingFiles.inside(StoreFiles.parent(path)), HolePunch.Factory.NONE);
  }

  private static byte[] random(int seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static byte[] readAll(Qcow2Disk disk) throws IOException {
    byte[] all = new byte[(int) disk.size()];
    disk.read(0, MemorySegment.ofArray(all));
    return all;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void agreesWithQemuAfterRandomWork(long seed) throws Exception {
    QemuImg.assumeInstalled();
    Path path = folder.resolve("disk.qcow2");
    Qcow2.create(path, SIZE, null, null);
    DiskModel model = new DiskModel(seed, new byte[SIZE]);
    for (int round = 0; round < 3; round++) {
      try (Qcow2Disk disk = open(path, false)) {
        for (int i = 0; i < 300; i++) {
          model.step(disk);
        }
        model.grow(disk, 512 * 333);
        model.compareAll(disk);
      }
      QemuImg.check(path);
      QemuImg.sameAs(path, model.bytes());
    }
  }

  @ParameterizedTest
  @CsvSource({"9,16", "12,1", "12,8", "16,2", "16,64", "21,32"})
  void worksOnImagesThatQemuMade(int clusterBits, int refcountBits) throws Exception {
    QemuImg.assumeInstalled();
    Path path = folder.resolve("disk.qcow2");
    String options = "cluster_size=" + (1 << clusterBits) + ",refcount_bits=" + refcountBits;
    QemuImg.ok("create", "-f", "qcow2", "-o", options, path, SIZE);
    DiskModel model = new DiskModel(clusterBits, new byte[SIZE]);
    try (Qcow2Disk disk = open(path, false)) {
      for (int i = 0; i < 200; i++) {
        model.step(disk);
      }
      model.grow(disk, SIZE);
      for (int i = 0; i < 100; i++) {
        model.step(disk);
      }
    }
    QemuImg.check(path);
    QemuImg.sameAs(path, model.bytes());
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "qcow2"})
  void readsThroughToItsBackingFile(String format) throws Exception {
    QemuImg.assumeInstalled();
    byte[] contents = random(5, SIZE);
    Arrays.fill(contents, 100_000, 300_000, (byte) 0);
    Path raw = Files.write(folder.resolve("base.raw"), contents);
    Path base = folder.resolve("base." + format);
    if (!format.equals("raw")) {
      QemuImg.ok("convert", "-f", "raw", "-O", format, raw, base);
    }
    Path top = folder.resolve("top.qcow2");
    // Longer than its backing file, which ends inside a cluster.
    int size = SIZE + 70_000 / 512 * 512;
    Qcow2.create(top, size, "base." + format, format);
    DiskModel model = new DiskModel(6, Arrays.copyOf(contents, size));
    try (Qcow2Disk disk = open(top, false)) {
      model.compareAll(disk);
      for (int i = 0; i < 400; i++) {
        model.step(disk);
      }
      model.compareAll(disk);
    }
    QemuImg.check(top);
    QemuImg.sameAs(top, model.bytes());
  }

  /** Chains of five, each layer longer than the one below; what is below a layer never changes. */
  @ParameterizedTest
  @ValueSource(strings = {"raw", "qcow2"})
  void agreesWithQemuOnDeepChains(String format) throws Exception {
    QemuImg.assumeInstalled();
    byte[] contents = random(11, SIZE / 4);
    Arrays.fill(contents, 100_000, 700_000, (byte) 0);
    Path raw = Files.write(folder.resolve("layer0.raw"), contents);
    if (format.equals("qcow2")) {
      QemuImg.ok("convert", "-c", "-f", "raw", "-O", "qcow2", raw, folder.resolve("layer0.qcow2"));
    }
    DiskModel model = new DiskModel(format.length(), contents);
    String below = "layer0." + format;
    for (int layer = 1; layer <= 5; layer++) {
      Path path = folder.resolve("layer" + layer + ".qcow2");
      Qcow2.create(path, model.bytes().length, below, layer == 1 ? format : "qcow2");
      byte[] before = Files.readAllBytes(folder.resolve(below));
      for (int opening = 0; opening < 2; opening++) {
        try (Qcow2Disk disk = open(path, false)) {
          for (int i = 0; i < 60; i++) {
            model.step(disk);
          }
          model.grow(disk, 512 * 111);
          model.compareAll(disk);
        }
        QemuImg.check(path);
        QemuImg.sameAs(path, model.bytes());
      }
      assertThat(Files.readAllBytes(folder.resolve(below))).isEqualTo(before);
      below = "layer" + layer + ".qcow2";
    }
  }

  @Test
  void growingShowsNothingOfALongerBackingFile() throws Exception {
    Files.write(folder.resolve("base.raw"), random(7, SIZE));
    Path top = folder.resolve("top.qcow2");
    Qcow2.create(top, 100 * 512, "base.raw", "raw");
    try (Qcow2Disk disk = open(top, false)) {
      disk.write(99 * 512, MemorySegment.ofArray(random(8, 512)));
      disk.resize(SIZE);
      byte[] all = readAll(disk);
      assertThat(Arrays.copyOf(all, 99 * 512)).isEqualTo(Arrays.copyOf(random(7, SIZE), 99 * 512));
      assertThat(Arrays.copyOfRange(all, 100 * 512, SIZE)).containsOnly(0);
    }
  }

  @ParameterizedTest
  @CsvSource({"zlib,16", "zstd,16", "zlib,12", "zstd,21"})
  void readsAndReplacesCompressedClusters(String type, int clusterBits) throws Exception {
    QemuImg.assumeInstalled();
    byte[] contents = new byte[SIZE];
    for (int i = 0; i < SIZE; i++) {
      contents[i] = (byte) (i / 1000 * (i % 7));
    }
    Path raw = Files.write(folder.resolve("raw"), contents);
    Path path = folder.resolve("disk.qcow2");
    String options = "compression_type=" + type + ",cluster_size=" + (1 << clusterBits);
    QemuImg.ok("convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options, raw, path);
    DiskModel model = new DiskModel(9, contents);
    try (Qcow2Disk disk = open(path, true)) {
      model.compareAll(disk);
    }
    try (Qcow2Disk disk = open(path, false)) {
      for (int i = 0; i < 200; i++) {
        model.step(disk);
      }
      model.compareAll(disk);
    }
    QemuImg.check(path);
    QemuImg.sameAs(path, model.bytes());
  }

  @Test
  void discardShrinksTheFile() throws Exception {
    QemuImg.assumeInstalled();
    List<long[]> punched = new ArrayList<>();
    HolePunch.Factory holes =
        file ->
            new HolePunch() {
              @Override
              public boolean punch(long offset, long length) {
                punched.add(new long[] {offset, length});
                return true;
              }

              @Override
              public void close() {}
            };
    Path path = folder.resolve("disk.qcow2");
    Qcow2.create(path, SIZE, null, null);
    try (Qcow2Disk disk = Qcow2Disk.open(path, false, BackingFiles.none(), holes)) {
      disk.write(0, MemorySegment.ofArray(random(1, SIZE)));
      disk.discard(0, SIZE / 2);
      assertThat(punched).isEmpty(); // The file still refers to those clusters.
      disk.flush();
      assertThat(punched.stream().mapToLong(p -> p[1]).sum()).isEqualTo(SIZE / 2);
    }
    long before = Files.size(path);
    try (Qcow2Disk disk = Qcow2Disk.open(path, false, BackingFiles.none(), holes)) {
      disk.writeZeroes(0, SIZE, true);
    }
    assertThat(Files.size(path)).isLessThan(before).isLessThan(SIZE / 4);
    QemuImg.check(path);
    QemuImg.sameAs(path, new byte[SIZE]);
  }

  /** A cluster that was written as a whole, let go and reused holds old bytes, unlike a new one. */
  @Test
  void aReusedClusterShowsNothingOfItsFormerContents() throws Exception {
    Path path = folder.resolve("disk.qcow2");
    Qcow2.create(path, SIZE, null, null);
    try (Qcow2Disk disk = open(path, false)) {
      disk.write(0, MemorySegment.ofArray(random(1, 65536)));
      disk.write(65536, MemorySegment.ofArray(random(2, 65536)));
      disk.discard(65536, 65536);
      disk.flush();
      disk.write(65536 + 1024, MemorySegment.ofArray(random(3, 512)));
      byte[] expected = new byte[SIZE];
      System.arraycopy(random(1, 65536), 0, expected, 0, 65536);
      System.arraycopy(random(3, 512), 0, expected, 65536 + 1024, 512);
      assertThat(Arrays.equals(readAll(disk), expected)).isTrue();
    }
  }

  /** Of 512 KiB each, and of 104 KiB, where neighbours write to the same clusters of 64 KiB. */
  @ParameterizedTest
  @ValueSource(ints = {SIZE / 8, 104 << 10})
  void manyThreadsAtOnce(int share) throws Exception {
    Path path = folder.resolve("disk.qcow2");
    int threads = 8;
    Qcow2.create(path, (long) threads * share, null, null);
    List<DiskModel> models = new ArrayList<>();
    byte[] all = new byte[threads * share];
    try (Qcow2Disk disk = open(path, false);
        ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> running = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        DiskModel model = new DiskModel(t, new byte[share]);
        models.add(model);
        long start = (long) t * share;
        running.add(
            pool.submit(
                () -> {
                  for (int i = 0; i < 300; i++) {
                    model.step(new Window(disk, start, share));
                  }
                  return true;
                }));
      }
      for (Future<?> future : running) {
        future.get();
      }
      for (int t = 0; t < threads; t++) {
        System.arraycopy(models.get(t).bytes(), 0, all, t * share, share);
      }
      assertThat(Arrays.equals(readAll(disk), all)).isTrue();
    }
    QemuImg.assumeInstalled();
    QemuImg.check(path);
    QemuImg.sameAs(path, all);
  }

  @Test
  void refusesToGrowBeyondTheFormat() throws Exception {
    Path path = folder.resolve("disk.qcow2");
    assertThatThrownBy(() -> Qcow2.create(path, 1L << 60, null, null))
        .hasMessageContaining("too large");
    Qcow2.create(path, SIZE, null, null);
    assertThatThrownBy(() -> Qcow2.create(path, SIZE, null, null)).isInstanceOf(IOException.class);
    try (Qcow2Disk disk = open(path, false)) {
      assertThatThrownBy(() -> disk.resize(1L << 60)).hasMessageContaining("cannot grow");
      disk.resize(1L << 40);
      disk.write((1L << 40) - 512, MemorySegment.ofArray(random(1, 512)));
    }
    QemuImg.assumeInstalled();
    QemuImg.check(path);
  }
}
