package io.vivarium.images.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.DiskFile;
import io.vivarium.images.disk.HolePunch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A fuzzer that knows the format: images of small clusters, valid but for a few fields of headers
 * and entries. Whatever it is, opening, reading and writing ends with bytes or an {@link
 * IOException}. {@code -Dvivarium.fuzz.qcow2=1000000} runs it longer, {@code
 * -Dvivarium.fuzz.seed=N} elsewhere.
 */
class Qcow2FuzzTest {
  private static final int SIZE = 1 << 17;
  private static final int CLUSTER = 512;
  private static final int[] FIELDS = {
    4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 72, 76, 88, 96, 100, 104, 108, 112
  };
  @TempDir Path folder;

  @Test
  void endsWithBytesOrAnIoException() throws Exception {
    QemuImg.assumeInstalled();
    int rounds = Integer.getInteger("vivarium.fuzz.qcow2", 3_000);
    long seed = Long.getLong("vivarium.fuzz.seed", 1);
    Random random = new Random(seed);
    List<byte[]> corpus = corpus();
    int opened = 0;
    for (int round = 0; round < rounds; round++) {
      byte[] image = corpus.get(random.nextInt(corpus.size())).clone();
      mutate(random, ByteBuffer.wrap(image));
      try {
        use(random, image);
        opened++;
      } catch (IOException e) {
        assertThat(e.getMessage()).isNotBlank();
      } catch (RuntimeException | Error e) {
        Path found = folder.resolveSibling("vivarium-fuzz-" + seed + "-" + round + ".qcow2");
        Files.write(found, image);
        throw new AssertionError("seed " + seed + ", round " + round + ": see " + found, e);
      }
    }
    assertThat(opened).as("images that could be used after all").isGreaterThan(rounds / 20);
  }

  private List<byte[]> corpus() throws Exception {
    List<byte[]> corpus = new ArrayList<>();
    byte[] data = new byte[SIZE];
    for (int i = 0; i < SIZE; i++) {
      data[i] = (byte) (i / 700 * (i % 3));
    }
    Path raw = Files.write(folder.resolve("raw"), data);
    for (String options : List.of("", ",compression_type=zstd", ",refcount_bits=1")) {
      for (String compress : List.of("-c", "-q")) {
        if (compress.equals("-c") && options.contains("refcount_bits")) {
          continue;
        }
        Path path = folder.resolve("corpus.qcow2");
        QemuImg.ok(
            "convert",
            compress,
            "-f",
            "raw",
            "-O",
            "qcow2",
            "-o",
            "cluster_size=" + CLUSTER + options,
            raw,
            path);
        try (Disk disk = Qcow2Disk.open(path, false, BackingFiles.none(), HolePunch.Factory.NONE)) {
          disk.writeZeroes(4096, 8192, false);
          disk.discard(40_960, 8192);
          disk.write(100, MemorySegment.ofArray(new byte[] {1, 2, 3}));
        } catch (IOException e) {
          // compression with refcounts of one bit: only read
          assertThat(options).contains("refcount");
        }
        corpus.add(Files.readAllBytes(path));
      }
    }
    Path overlay = folder.resolve("overlay.qcow2");
    Qcow2.create(overlay, SIZE, "raw", "raw");
    corpus.add(Files.readAllBytes(overlay));
    return corpus;
  }

  private static void mutate(Random random, ByteBuffer image) {
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      int clusters = image.capacity() / CLUSTER;
      switch (random.nextInt(6)) {
        case 0 -> image.putInt(FIELDS[random.nextInt(FIELDS.length)], value(random, clusters));
        case 1 -> image.put(random.nextInt(120), (byte) random.nextInt());
        case 2 -> entry(random, image, table(image, 48), clusters);
        case 3 -> entry(random, image, table(image, 40), clusters);
        default -> {
          // An entry of the first, or some other, L2 table.
          int l1 = table(image, 40);
          if (l1 >= 0) {
            int slot = l1 + 8 * random.nextInt(4);
            long l2 = slot + 8 <= image.capacity() ? L2Entry.offset(image.getLong(slot)) : -1;
            entry(random, image, l2 < image.capacity() ? (int) l2 : -1, clusters);
          }
        }
      }
    }
  }

  private static int table(ByteBuffer image, int field) {
    long offset = image.getLong(field);
    return offset >= 0 && offset < image.capacity() - CLUSTER ? (int) offset : -1;
  }

  private static void entry(Random random, ByteBuffer image, int table, int clusters) {
    int at = table + 8 * random.nextInt(CLUSTER / 8);
    if (table < 0 || at > image.capacity() - 8) {
      return;
    }
    long cluster = (long) random.nextInt(clusters + 2) * CLUSTER;
    image.putLong(
        at,
        switch (random.nextInt(6)) {
          case 0 -> 0;
          case 1 -> cluster | L2Entry.COPIED | random.nextInt(2);
          case 2 -> (1L << 62) | cluster | random.nextInt(CLUSTER);
          case 3 -> image.getLong(at) ^ (1L << random.nextInt(64));
          case 4 -> random.nextLong();
          default -> cluster;
        });
  }

  private static int value(Random random, int clusters) {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextInt();
      case 1 -> random.nextInt(clusters + 1) * CLUSTER;
      case 2 -> 1 << random.nextInt(32);
      case 3 -> Integer.MAX_VALUE - random.nextInt(3);
      case 4 -> -random.nextInt(3);
      default -> random.nextInt(70);
    };
  }

  private void use(Random random, byte[] image) throws IOException {
    boolean readOnly = random.nextBoolean();
    DiskFile file =
        DiskFile.over(folder.resolve("overlay.qcow2"), new LoggedChannel(image), readOnly);
    try (Qcow2Disk disk = Qcow2Disk.open(file, BackingFiles.inside(folder))) {
      for (int i = 0; i < 6; i++) {
        long offset = Math.floorMod(random.nextLong(), Math.max(1, disk.size()));
        int length = (int) Math.min(disk.size() - offset, random.nextInt(8192));
        MemorySegment bytes = MemorySegment.ofArray(new byte[length]);
        switch (readOnly ? 0 : random.nextInt(5)) {
          case 1 -> disk.write(offset, bytes);
          case 2 -> disk.writeZeroes(offset, length, random.nextBoolean());
          case 3 -> disk.discard(offset, length);
          case 4 -> disk.flush();
          default -> disk.read(offset, bytes);
        }
      }
    }
  }
}
