package io.vivarium.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappingTest {
  private static final int PAGE = 4096;

  @TempDir Path folder;

  private Fd file(int pages, int fill) throws Exception {
    byte[] bytes = new byte[pages * PAGE];
    Arrays.fill(bytes, (byte) fill);
    return Fd.open(Files.write(folder.resolve("file"), bytes).toString(), Fd.O_RDWR, 0);
  }

  private static byte at(MemorySegment memory, long offset) {
    return memory.get(ValueLayout.JAVA_BYTE, offset);
  }

  @Test
  void useAfterCloseThrowsAndClosingTwiceIsHarmless() throws Exception {
    Mapping mapping = Mapping.anonymous(PAGE);
    mapping.segment().set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
    mapping.close();
    mapping.close();

    assertThatThrownBy(() -> at(mapping.segment(), 0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> mapping.advise(0, PAGE, Mapping.Advice.DONTNEED))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void copyOnWriteNeverReachesTheFileAndDontneedReturnsToIt() throws Exception {
    try (Fd file = file(2, 7);
        Mapping mapping = Mapping.copyOnWrite(file, 0, 2 * PAGE)) {
      mapping.segment().set(ValueLayout.JAVA_BYTE, 5, (byte) 9);
      assertThat(Files.readAllBytes(folder.resolve("file"))[5]).isEqualTo((byte) 7);

      mapping.advise(0, PAGE, Mapping.Advice.DONTNEED);
      assertThat(at(mapping.segment(), 5)).isEqualTo((byte) 7);
    }
  }

  @Test
  void sharedReachesTheFile() throws Exception {
    try (Fd file = file(2, 0);
        Mapping mapping = Mapping.shared(file, PAGE, PAGE)) {
      mapping.segment().set(ValueLayout.JAVA_BYTE, 5, (byte) 9);
      mapping.sync(0, PAGE);
      assertThat(Files.readAllBytes(folder.resolve("file"))[PAGE + 5]).isEqualTo((byte) 9);
    }
  }

  @Test
  void placesFillReservedAddresses() throws Exception {
    try (Fd file = file(1, 7);
        Mapping mapping = Mapping.reserved(3 * PAGE)) {
      mapping.placeAnonymous(0, PAGE);
      mapping.placeCopyOnWrite(PAGE, file, 0, PAGE);
      mapping.placeShared(2 * PAGE, file, 0, PAGE);
      mapping.segment().set(ValueLayout.JAVA_BYTE, 2 * PAGE, (byte) 8);

      assertThat(at(mapping.segment(), 0)).isZero();
      assertThat(at(mapping.segment(), PAGE)).isEqualTo((byte) 8); // not copied yet
      assertThat(at(mapping.segment(), PAGE + 1)).isEqualTo((byte) 7);
    }
  }

  @Test
  void rangesOutsideAreRefusedBeforeTheKernelSeesThem() throws Exception {
    try (Fd file = file(1, 7);
        Mapping mapping = Mapping.anonymous(2 * PAGE)) {
      assertThatThrownBy(() -> mapping.placeCopyOnWrite(PAGE, file, 0, 2 * PAGE))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> mapping.advise(-PAGE, PAGE, Mapping.Advice.DONTNEED))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void whatCannotBeMappedIsNamed() {
    assertThatThrownBy(() -> Mapping.anonymous(1L << 60))
        .isInstanceOf(ErrnoException.class)
        .hasMessageContaining("mmap of 1152921504606846976 bytes of anonymous memory")
        .hasMessageContaining("ENOMEM");
  }

  @Test
  void sealedMemfdsCannotShrinkUnderAMapping() throws Exception {
    try (Memfd memfd = new Memfd("template", 2 * PAGE);
        Mapping mapping = Mapping.copyOnWrite(memfd.fd(), 0, 2 * PAGE)) {
      int seals = Memfd.F_SEAL_SHRINK | Memfd.F_SEAL_GROW | Memfd.F_SEAL_WRITE;
      memfd.addSeals(seals);

      assertThat(memfd.seals()).isEqualTo(seals);
      assertThat(at(mapping.segment(), PAGE)).isZero();
      assertThatThrownBy(() -> LinuxFiles.truncate(memfd.fd(), 0))
          .isInstanceOf(ErrnoException.class)
          .hasMessageContaining("ftruncate memfd template failed: EPERM");
    }
  }
}
