package io.vivarium.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.linux.Fd;
import io.vivarium.linux.LinuxFiles;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryFileTest {
  private static final int MIB = 1 << 20;

  @TempDir Path folder;

  @Test
  void memoryComesBackAndZeroesTakeNoSpace() throws Exception {
    try (GuestRam ram = GuestRam.anonymous(64 * MIB)) {
      GuestMemory memory = ram.memory();
      memory.setU64(0, 0x1234);
      memory.slice(3 * MIB, 20 * MIB).fill((byte) 7);
      memory.setU8(40 * MIB, 1);
      memory.setU8(50 * MIB, 1);
      memory.setU8(50 * MIB, 0); // touched, but zero
      MemoryFile.write(folder, ram);
      Path file = folder.resolve(MemoryFile.NAME);
      assertThat(Files.size(file)).isEqualTo(64 * MIB);
      try (Fd fd = Fd.open(file.toString(), Fd.O_RDONLY, 0)) {
        assertThat(LinuxFiles.seekHole(fd, 0)).isEqualTo(MemoryFile.PAGE);
        assertThat(LinuxFiles.seekData(fd, 23 * MIB)).isEqualTo(40 * MIB);
        assertThat(LinuxFiles.seekHole(fd, 40 * MIB)).isEqualTo(40 * MIB + MemoryFile.PAGE);
      }
      try (GuestRam back = GuestRam.copyOnWrite(file, 64 * MIB)) {
        assertThat(all(back).mismatch(all(ram))).isEqualTo(-1);
        back.memory().setU64(0, 0x5678);
      }
      try (GuestRam again = GuestRam.copyOnWrite(file, 64 * MIB)) {
        assertThat(again.memory().getU64(0)).as("a copy was written").isEqualTo(0x1234);
      }
    }
  }

  @Test
  void whatARestoredMachineChangedIsWrittenOverWhatItCameFrom() throws Exception {
    Path second = Files.createDirectory(folder.resolve("second"));
    try (GuestRam ram = GuestRam.anonymous(16 * MIB)) {
      ram.memory().slice(MIB, 2 * MIB).fill((byte) 7);
      MemoryFile.write(folder, ram);
    }
    try (GuestRam ram = GuestRam.copyOnWrite(folder.resolve(MemoryFile.NAME), 16 * MIB)) {
      GuestMemory memory = ram.memory();
      memory.slice(MIB, 8192).fill((byte) 0); // was data
      memory.setU8(2 * MIB, 8); // still data
      memory.setU8(9 * MIB, 9); // was a hole
      assertThat(memory.getU8(2 * MIB + 100_000)).as("read, not written").isEqualTo(7);
      MemoryFile.write(second, ram);
      try (GuestRam back = GuestRam.copyOnWrite(second.resolve(MemoryFile.NAME), 16 * MIB)) {
        assertThat(all(back).mismatch(all(ram))).isEqualTo(-1);
      }
    }
  }

  @Test
  void sumsTellWhichMebibyteIsWrong() throws Exception {
    try (GuestRam ram = GuestRam.anonymous(16 * MIB)) {
      ram.memory().setU8(5 * MIB, 1);
      MemoryFile.write(folder, ram);
    }
    byte[] state = {1, 2, 3};
    MemorySums.of(folder, state).write(folder);
    MemorySums sums = MemorySums.read(folder);
    sums.verifyMemory(folder);
    sums.verifyState(folder, state);
    assertThatThrownBy(() -> sums.verifyState(folder, new byte[] {1, 2, 4}))
        .isInstanceOf(BadSnapshotException.class);
    try (var file =
        java.nio.channels.FileChannel.open(
            folder.resolve(MemoryFile.NAME), java.nio.file.StandardOpenOption.WRITE)) {
      file.write(java.nio.ByteBuffer.wrap(new byte[] {9}), 7 * MIB + 3);
    }
    assertThatThrownBy(() -> sums.verifyMemory(folder))
        .isInstanceOf(BadSnapshotException.class)
        .hasMessageContaining("MiB 7");
  }

  @Test
  void memoryHasAHoleBelow4Gib() throws Exception {
    try (GuestRam ram = GuestRam.anonymous(3073L * MIB)) {
      assertThat(ram.lowBytes()).isEqualTo(3072L * MIB);
      assertThat(ram.highBytes()).isEqualTo(MIB);
      assertThat(ram.memory().contains(0x1_0000_0000L, MIB)).isTrue();
      assertThat(ram.memory().contains(0xc000_0000L, 1)).isFalse();
    }
    assertThatThrownBy(() -> GuestRam.anonymous(17 * MIB + 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static MemorySegment all(GuestRam ram) {
    return ram.memory().slice(0, ram.memory().size());
  }
}
