package io.vivarium.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinuxFilesTest {
  private static final int BLOCK = 64 * 1024;

  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void makeFile() {
    path = folder.resolve("file");
  }

  private Fd open() throws ErrnoException {
    return Fd.open(path.toString(), Fd.O_RDWR | Fd.O_CREAT, 0600);
  }

  private static void fill(Fd file, long offset) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = arena.allocate(BLOCK, 8).fill((byte) 7);
      assertThat(file.pwrite(block, offset)).isEqualTo(BLOCK);
    }
  }

  /** Bytes of the file that are not holes. */
  private long dataBytes() throws Exception {
    try (Fd file = open()) {
      long bytes = 0;
      long data = LinuxFiles.seekData(file, 0);
      while (data >= 0) {
        long hole = LinuxFiles.seekHole(file, data);
        bytes += hole - data;
        data = LinuxFiles.seekData(file, hole);
      }
      return bytes;
    }
  }

  @Test
  void holesAndDataAreFound() throws Exception {
    try (Fd file = open()) {
      LinuxFiles.truncate(file, 10L * BLOCK);
      fill(file, 2L * BLOCK);

      assertThat(LinuxFiles.seekData(file, 0)).isEqualTo(2L * BLOCK);
      assertThat(LinuxFiles.seekHole(file, 2L * BLOCK)).isEqualTo(3L * BLOCK);
      assertThat(LinuxFiles.seekData(file, 3L * BLOCK)).isEqualTo(-1);
      assertThat(LinuxFiles.seekHole(file, 11L * BLOCK)).isEqualTo(-1);
    }
  }

  @Test
  void punchedHolesGiveTheirBlocksBackAndKeepTheSize() throws Exception {
    try (Fd file = open()) {
      fill(file, 0);
      fill(file, BLOCK);
      LinuxFiles.fsync(file);
      assertThat(dataBytes()).isEqualTo(2L * BLOCK);

      LinuxFiles.punchHole(file, 0, BLOCK);

      assertThat(dataBytes()).isEqualTo(BLOCK);
      assertThat(Files.size(path)).isEqualTo(2L * BLOCK);
      assertThat(Files.readAllBytes(path)[BLOCK - 1]).isZero();
      assertThat(Files.readAllBytes(path)[BLOCK]).isEqualTo((byte) 7);
    }
  }

  @Test
  void zeroedRangesReadAsZeros() throws Exception {
    try (Fd file = open()) {
      fill(file, 0);
      LinuxFiles.zeroRange(file, 10, 100);

      assertThat(Files.readAllBytes(path)[109]).isZero();
      assertThat(Files.readAllBytes(path)[110]).isEqualTo((byte) 7);
      assertThat(Files.size(path)).isEqualTo(BLOCK);
    }
  }

  @Test
  void allocationIsDurableWithItsFolder() throws Exception {
    try (Fd file = open()) {
      LinuxFiles.allocate(file, 0, BLOCK, true);
      assertThat(Files.size(path)).isZero();
      LinuxFiles.allocate(file, 0, BLOCK, false);
      assertThat(Files.size(path)).isEqualTo(BLOCK);
      LinuxFiles.startWriteback(file, 0, BLOCK);
      LinuxFiles.fdatasync(file);
      LinuxFiles.fsyncFolder(folder);
    }
    assertThatThrownBy(() -> LinuxFiles.fsyncFolder(path)).hasMessageContaining("ENOTDIR");
  }

  @Test
  void oneOpenFileHoldsTheLock() throws Exception {
    try (Fd two = open()) {
      try (Fd one = open()) {
        assertThat(LinuxFiles.tryLock(one, true)).isTrue();
        assertThat(LinuxFiles.tryLock(two, true)).isFalse();
        assertThat(LinuxFiles.tryLock(two, false)).isFalse();
      }
      assertThat(LinuxFiles.tryLock(two, true)).isTrue();
    }
  }

  @Test
  void accessTellsWhatStandsAgainstIt() {
    assertThat(LinuxFiles.access(folder.toString(), LinuxFiles.R_OK | LinuxFiles.X_OK)).isZero();
    assertThat(LinuxFiles.access(path.toString(), LinuxFiles.R_OK)).isEqualTo(Errno.ENOENT);
  }
}
