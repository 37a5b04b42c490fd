package io.vivarium.images.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.images.disk.BadImageException;
import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.DiskFile;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.RawDisk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images made by an enemy: refused with a sentence, or read without harm. */
class HostileQcow2Test {
  private static final int SIZE = 1 << 20;
  private static final int CLUSTER = 1 << 16;
  private static final int L1_AT = 3 * CLUSTER;
  @TempDir Path store;
  private byte[] good = new byte[0];

  @BeforeEach
  void makeAGoodImage() throws Exception {
    Path path = store.resolve("good.qcow2");
    Qcow2.create(path, SIZE, null, null);
    try (Qcow2Disk disk =
        Qcow2Disk.open(path, false, BackingFiles.none(), HolePunch.Factory.NONE)) {
      byte[] data = new byte[3 * CLUSTER];
      new Random(1).nextBytes(data);
      disk.write(0, MemorySegment.ofArray(data));
    }
    good = Files.readAllBytes(path);
  }

  private byte[] with(Consumer<ByteBuffer> change) {
    byte[] image = good.clone();
    change.accept(ByteBuffer.wrap(image));
    return image;
  }

  private Qcow2Disk open(byte[] image, boolean readOnly) throws IOException {
    Path path = store.resolve("disk.qcow2");
    LoggedChannel channel = new LoggedChannel(image);
    return Qcow2Disk.open(DiskFile.over(path, channel, readOnly), BackingFiles.inside(store));
  }

  private void refused(byte[] image, boolean readOnly, String why) {
    assertThatThrownBy(() -> open(image, readOnly).close())
        .isInstanceOf(BadImageException.class)
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0x514649fc, does not begin",
    "4, 1, its version is 1",
    "4, 4, its version is 4",
    "20, 63, cluster_bits is 63",
    "20, 8, cluster_bits is 8",
    "20, -1, cluster_bits is -1",
    "32, 1, encrypted",
    "32, 2, encrypted",
    "36, 0x7fffffff, its L1 table has 2147483647",
    "36, -1, its L1 table has 4294967295",
    "36, 0, too small",
    "40, 1, L1 table at",
    "44, 100, L1 table at",
    "48, 0x7fffffff, refcount table at",
    "56, 0, its refcount table has 0",
    "56, 0x10000, its refcount table has 65536",
    "56, -1, its refcount table has 4294967295",
    "76, 4, external file",
    "76, 16, extended L2",
    "76, 32, bits 0x20",
    "72, 1, bits 0x100000000",
    "76, 8, compression type",
    "96, 7, refcount_order is 7",
    "96, -1, refcount_order",
    "100, 100, header_length",
    "100, -8, header_length",
    "100, 0x20000, header_length",
    "24, -1, its size is",
    "24, 0x7fffffff, too small",
    "28, 0x100001, its size is",
    "12, 3, backing file",
    "12, 0x7fffffff, backing file",
  })
  void refusesAHeaderThatCannotBe(int at, String value, String why) {
    refused(with(b -> b.putInt(at, Integer.decode(value))), true, why);
  }

  @Test
  void refusesEveryShortFile() {
    for (int length = 0; length < 2 * CLUSTER; length += 13) {
      byte[] cut = java.util.Arrays.copyOf(good, length);
      assertThatThrownBy(() -> open(cut, true)).isInstanceOf(BadImageException.class);
    }
  }

  @Test
  void refusesToWriteWhatItDoesNotKeepUp() {
    refused(with(b -> b.putInt(76, 2)), false, "marked corrupt");
    refused(with(b -> b.putInt(60, 1)), false, "internal snapshots");
    refused(with(b -> b.putInt(4, 2)), false, "version 2 is read only");
  }

  @Test
  void doesNotBelieveRefcounts() throws Exception {
    // All zero: whoever believed them would hand out the header.
    byte[] zeroed = with(b -> b.put(2 * CLUSTER, new byte[CLUSTER]));
    byte[] many = with(b -> b.putShort(2 * CLUSTER + 100, (short) 77));
    byte[] elsewhere = with(b -> b.putLong(CLUSTER, L1_AT)); // the block is the L1 table
    byte[] nowhere = with(b -> b.putLong(CLUSTER, 1L << 60));
    for (byte[] image : new byte[][] {zeroed, many, elsewhere, nowhere}) {
      LoggedChannel channel = new LoggedChannel(image);
      Path path = store.resolve("disk.qcow2");
      byte[] before = new byte[3 * CLUSTER];
      byte[] after = new byte[3 * CLUSTER];
      try (Qcow2Disk disk =
          Qcow2Disk.open(DiskFile.over(path, channel, false), BackingFiles.none())) {
        disk.read(0, MemorySegment.ofArray(before));
        disk.write(SIZE / 2, MemorySegment.ofArray(new byte[] {1, 2, 3, 4}).asSlice(0, 4));
        disk.read(0, MemorySegment.ofArray(after));
      }
      assertThat(after).isEqualTo(before);
      Files.write(path, channel.contents());
      QemuImg.assumeInstalled();
      QemuImg.check(path);
    }
  }

  @Test
  void refusesClustersWithTwoUsesForWriting() {
    long l2 = L2Entry.offset(ByteBuffer.wrap(good).getLong(L1_AT));
    refused(with(b -> b.putLong((int) l2 + 8, b.getLong((int) l2))), false, "has another use");
    refused(with(b -> b.putLong((int) l2, L1_AT)), false, "has another use");
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 55, 0x1200, 0x00ff_ffff_ffff_0000L, 512})
  void tablesThatLieOutsideReadAsZeroesOrAreRefused(long offset) throws Exception {
    byte[] image = with(b -> b.putLong(L1_AT, offset));
    try (Qcow2Disk disk = open(image, true)) {
      assertThatThrownBy(() -> disk.read(0, MemorySegment.ofArray(new byte[512])))
          .isInstanceOf(BadImageException.class)
          .hasMessageContaining("L2 table 0");
    }
    refused(image, false, "not inside the file");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/passwd",
        "../../../../../../../../etc/passwd",
        "link",
        "disk.qcow2",
        "./disk.qcow2",
        "nbd://host/export",
        "json:{\"file.filename\":\"/etc/passwd\"}",
        "file:/etc/passwd",
        "none",
        "fifo/../../x",
        "sub"
      })
  void refusesBackingFiles(String name) throws Exception {
    Files.createSymbolicLink(store.resolve("link"), Path.of("/etc/passwd"));
    Files.createDirectory(store.resolve("sub"));
    Path path = store.resolve("disk.qcow2");
    Qcow2.create(path, SIZE, name, "raw");
    assertThatThrownBy(
            () -> Qcow2Disk.open(path, true, BackingFiles.inside(store), HolePunch.Factory.NONE))
        .isInstanceOf(BadImageException.class);
    Files.delete(store.resolve("link"));
    // And the file is not left locked.
    RawDisk.open(path, false, HolePunch.Factory.NONE).close();
  }

  @Test
  void refusesAChainThatComesBackAndFormatsThatAreNotNamed() throws Exception {
    Path one = store.resolve("one.qcow2");
    Qcow2.create(one, SIZE, "two.qcow2", "qcow2");
    Qcow2.create(store.resolve("two.qcow2"), SIZE, "one.qcow2", "qcow2");
    assertThatThrownBy(
            () -> Qcow2Disk.open(one, true, BackingFiles.inside(store), HolePunch.Factory.NONE))
        .hasMessageContaining("its own backing file");
    assertThatThrownBy(() -> Qcow2Disk.open(one, true, BackingFiles.none(), HolePunch.Factory.NONE))
        .hasMessageContaining("not allowed here");

    Path top = store.resolve("top.qcow2");
    Qcow2.create(top, SIZE, "good.qcow2", "vmdk");
    assertThatThrownBy(
            () -> Qcow2Disk.open(top, true, BackingFiles.inside(store), HolePunch.Factory.NONE))
        .hasMessageContaining("neither raw nor qcow2");
    Files.write(store.resolve("disk.qcow2"), good);
    byte[] unnamed = Files.readAllBytes(top);
    ByteBuffer.wrap(unnamed).putInt(104, 0);
    assertThatThrownBy(() -> open(unnamed, true)).hasMessageContaining("never guessed");
    byte[] odd =
        new String(Files.readAllBytes(top), StandardCharsets.ISO_8859_1)
            .replace("good.qcow2", "\u001b[2Jqcow2")
            .getBytes(StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> open(odd, true))
        .isInstanceOf(BadImageException.class)
        .hasMessageNotContaining("\u001b");
  }

  @Test
  void compressedDataThatCannotBeUnpackedIsAnErrorOfThatReadOnly() throws Exception {
    long l2 = L2Entry.offset(ByteBuffer.wrap(good).getLong(L1_AT));
    for (long entry : new long[] {3L << 62, (3L << 62) | CLUSTER, -1L, (1L << 62) | (1L << 40)}) {
      byte[] image = with(b -> b.putLong((int) l2, entry));
      try (Disk disk = open(image, true)) {
        assertThatThrownBy(() -> disk.read(0, MemorySegment.ofArray(new byte[512])))
            .isInstanceOf(BadImageException.class)
            .hasMessageContaining("cannot be unpacked");
        disk.read(CLUSTER, MemorySegment.ofArray(new byte[512]));
      }
    }
  }
}
