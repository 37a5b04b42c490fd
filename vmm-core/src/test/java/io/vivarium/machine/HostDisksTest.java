package io.vivarium.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.RawDisk;
import io.vivarium.images.disk.qcow2.Qcow2;
import io.vivarium.linux.Fd;
import io.vivarium.linux.LinuxFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
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
}
