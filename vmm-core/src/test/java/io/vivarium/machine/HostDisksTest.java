package io.vivarium.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.RawDisk;
import io.vivarium.images.disk.qcow2.Qcow2;
import io.vivarium.linux.Fd;
import io.vivarium.linux.LinuxFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostDisksTest {
  private static final int SIZE = 8 << 20;
  @TempDir Path folder;

  private Path image(String format) throws IOException {
    Path path = folder.resolve("disk." + format);
    if (format.equals("raw")) {
      RawDisk.create(path, SIZE);
    } else {
      Qcow2.create(path, SIZE, null, null);
    }
    return path;
  }

  /** Bytes of the file that are no holes. */
  private static long held(Path path) throws IOException {
    long held = 0;
    try (Fd fd = Fd.open(path.toString(), Fd.O_RDONLY, 0)) {
      long hole = 0;
      for (long data = LinuxFiles.seekData(fd, 0); data >= 0; ) {
        hole = LinuxFiles.seekHole(fd, data);
        held += hole - data;
        data = LinuxFiles.seekData(fd, hole);
      }
    }
    return held;
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "qcow2"})
  void givesDiscardedAndZeroedSpaceBackToTheHost(String format) throws Exception {
    Path path = image(format);
    byte[] data = new byte[SIZE];
    new Random(1).nextBytes(data);
    try (Disk disk = HostDisks.open(path, format, false, null)) {
      disk.write(0, MemorySegment.ofArray(data));
      disk.flush();
      disk.discard(0, SIZE / 2);
      disk.writeZeroes(SIZE / 2, SIZE / 4, true);
      disk.flush();
      byte[] got = new byte[SIZE];
      disk.read(0, MemorySegment.ofArray(got));
      Arrays.fill(data, 0, SIZE / 4 * 3, (byte) 0);
      assertThat(got).isEqualTo(data);
    }
    // The quarter that is left, and what a qcow2 needs beside it.
    assertThat(held(path)).isBetween(SIZE / 4L, SIZE / 4 + (1L << 20));
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "qcow2"})
  void itsOwnDescriptorsDoNotGiveTheLockAway(String format) throws Exception {
    Path path = image(format);
    try (Disk disk = HostDisks.open(path, format, false, null)) {
      disk.discard(0, SIZE);
      assertThatThrownBy(() -> HostDisks.open(path, format, false, null))
          .hasMessageContaining("in use");
      assertThatThrownBy(() -> HostDisks.open(path, format, true, null))
          .hasMessageContaining("in use");
    }
    HostDisks.open(path, format, true, null).close();
    assertThatThrownBy(() -> HostDisks.open(path, "vmdk", true, null)).hasMessageContaining("vmdk");
  }

  /** Aligned or not, through the cache or around it: one file. */
  @Test
  void goesAroundTheCacheWhereItCan() throws Exception {
    Path path = image("raw");
    int block = (int) Files.getFileStore(path).getBlockSize();
    Disk opened;
    try {
      opened = HostDisks.openDirect(path, false);
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("Leave out the option direct");
      assumeTrue(false, "skipped: " + e.getMessage());
      return;
    }
    byte[] expected = new byte[SIZE];
    Random random = new Random(7);
    try (Disk disk = opened;
        Arena arena = Arena.ofConfined()) {
      assertThat(openedDirect(path)).isTrue();
      MemorySegment memory = arena.allocate(32L * block, block);
      for (int i = 0; i < 400; i++) {
        boolean aligned = random.nextBoolean();
        int unit = aligned ? block : 512;
        int length = unit * (1 + random.nextInt(16));
        int offset = unit * random.nextInt((SIZE - length) / unit + 1);
        MemorySegment part = memory.asSlice(aligned ? 0 : random.nextInt(block), length);
        if (random.nextBoolean()) {
          byte[] bytes = new byte[length];
          random.nextBytes(bytes);
          MemorySegment.copy(bytes, 0, part, ValueLayout.JAVA_BYTE, 0, length);
          disk.write(offset, part);
          System.arraycopy(bytes, 0, expected, offset, length);
        } else {
          disk.read(offset, part);
          assertThat(part.toArray(ValueLayout.JAVA_BYTE))
              .isEqualTo(Arrays.copyOfRange(expected, offset, offset + length));
        }
      }
      disk.flush();
    }
    assertThat(Files.readAllBytes(path)).isEqualTo(expected);
  }

  /** A file may end within a block; what lies beyond it is zeroes. */
  @Test
  void readsAroundTheCacheUpToTheEnd() throws Exception {
    Path path = folder.resolve("short.raw");
    Files.write(path, "x".repeat(5000).getBytes(StandardCharsets.US_ASCII));
    try (Disk disk = HostDisks.openDirect(path, true);
        Arena arena = Arena.ofConfined()) {
      assertThat(disk.size()).isEqualTo(5120);
      MemorySegment memory = arena.allocate(8192, 8192).asSlice(0, 5120);
      memory.fill((byte) 1);
      disk.read(0, memory);
      assertThat(memory.toArray(ValueLayout.JAVA_BYTE))
          .isEqualTo(Arrays.copyOf("x".repeat(5000).getBytes(StandardCharsets.US_ASCII), 5120));
    } catch (IOException e) {
      assumeTrue(!String.valueOf(e.getMessage()).contains("Leave out"), "skipped: " + e);
      throw e;
    }
  }

  /** Whether a descriptor of this process on the file has O_DIRECT (proc(5), fdinfo). */
  private static boolean openedDirect(Path path) throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      for (Path fd : all.toList()) {
        if (Files.isSymbolicLink(fd) && Files.readSymbolicLink(fd).equals(path.toRealPath())) {
          String info = Files.readString(Path.of("/proc/self/fdinfo", "" + fd.getFileName()));
          String flags = info.replaceAll("(?s).*flags:\\s*(\\d+).*", "$1");
          if ((Integer.parseInt(flags, 8) & 040000) != 0) {
            return true;
          }
        }
      }
    }
    return false;
  }
}
