package io.vivarium.images.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawDiskTest {
  private static final int SIZE = 1 << 20;
  @TempDir Path folder;

  private Path image() throws IOException {
    Path path = folder.resolve("disk.raw");
    RawDisk.create(path, SIZE);
    return path;
  }

  private static RawDisk open(Path path, boolean readOnly) throws IOException {
    return RawDisk.open(path, readOnly, HolePunch.Factory.NONE);
  }

  @Test
  void holdsWhatWasWritten() throws Exception {
    Path path = image();
    DiskModel model = new DiskModel(1, new byte[SIZE]);
    try (RawDisk disk = open(path, false)) {
      for (int i = 0; i < 500; i++) {
        model.step(disk);
      }
      model.grow(disk, 1 << 16);
      model.compareAll(disk);
    }
    try (RawDisk disk = open(path, true)) {
      model.compareAll(disk);
    }
    assertThat(Files.readAllBytes(path)).isEqualTo(model.bytes());
  }

  @Test
  void checksEveryRange() throws Exception {
    try (RawDisk disk = open(image(), false)) {
      MemorySegment two = MemorySegment.ofArray(new byte[1024]);
      for (long offset : new long[] {-1, SIZE - 512, SIZE, SIZE + 1L, Long.MAX_VALUE}) {
        assertThatThrownBy(() -> disk.read(offset, two))
            .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> disk.write(offset, two))
            .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> disk.discard(offset, 1024))
            .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> disk.writeZeroes(offset, Long.MAX_VALUE, true))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
      assertThatThrownBy(() -> disk.resize(512)).hasMessageContaining("cannot shrink");
      assertThat(disk.size()).isEqualTo(SIZE);
    }
  }

  @Test
  void hasOneWriterOrManyReaders() throws Exception {
    Path path = image();
    try (RawDisk writer = open(path, false)) {
      assertThat(writer.readOnly()).isFalse();
      assertThatThrownBy(() -> open(path, false)).hasMessageContaining("in use");
      assertThatThrownBy(() -> open(path, true)).hasMessageContaining("in use");
    }
    RawDisk one = open(path, true);
    try (RawDisk two = open(path, true)) {
      one.close();
      one.close();
      assertThatThrownBy(() -> open(path, false)).hasMessageContaining("in use");
      two.read(0, MemorySegment.ofArray(new byte[512]));
      assertThatThrownBy(() -> two.write(0, MemorySegment.ofArray(new byte[512])))
          .hasMessageContaining("read-only");
    }
    open(path, false).close();
  }

  @Test
  void staysRawWhateverAGuestWritesThere() throws Exception {
    Path path = image();
    byte[] header = new byte[512];
    System.arraycopy("QFI\u00fb".getBytes(StandardCharsets.ISO_8859_1), 0, header, 0, 4);
    try (RawDisk disk = open(path, false)) {
      disk.write(0, MemorySegment.ofArray(header));
    }
    try (RawDisk disk = open(path, false)) {
      assertThat(disk.size()).isEqualTo(SIZE);
    }
  }

  @Test
  void givesSpaceBackThroughWhatItWasHanded() throws Exception {
    List<String> punched = new ArrayList<>();
    HolePunch.Factory holes =
        file ->
            new HolePunch() {
              @Override
              public boolean punch(long offset, long length) {
                punched.add(offset + "+" + length);
                return true;
              }

              @Override
              public void close() {
                punched.add("closed");
              }
            };
    try (RawDisk disk = RawDisk.open(image(), false, holes)) {
      disk.discard(512, 1024);
      disk.discard(512, 0);
      disk.writeZeroes(4096, 8192, true);
      disk.writeZeroes(0, 512, false);
    }
    assertThat(punched).containsExactly("512+1024", "4096+8192", "closed");
  }

  @Test
  void countsACutSectorWhole() throws Exception {
    Path path = folder.resolve("odd.raw");
    Files.write(path, new byte[] {1, 2, 3});
    try (RawDisk disk = open(path, true)) {
      byte[] sector = new byte[512];
      sector[100] = 9;
      assertThat(disk.size()).isEqualTo(512);
      disk.read(0, MemorySegment.ofArray(sector));
      assertThat(sector).startsWith(1, 2, 3).endsWith(0, 0);
      assertThat(sector[100]).isZero();
    }
  }

  @Test
  void aFullFileSystemHasItsOwnType() throws Exception {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.isWritable(full), "skipped: this host has no /dev/full");
    FileChannel channel = FileChannel.open(full, StandardOpenOption.WRITE);
    try (DiskFile file = DiskFile.over(full, channel, false)) {
      assertThatThrownBy(() -> file.write(0, MemorySegment.ofArray(new byte[512])))
          .isInstanceOf(Disk.NoSpaceException.class)
          .hasMessageContaining("is full");
    }
  }

  @Test
  void refusesWhatIsNoFile() {
    assertThatThrownBy(() -> open(folder, true))
        .isInstanceOf(BadImageException.class)
        .hasMessageContaining("not a regular file");
    Path none = folder.resolve("none");
    assertThatThrownBy(() -> open(none, true)).isInstanceOf(IOException.class);
  }
}
