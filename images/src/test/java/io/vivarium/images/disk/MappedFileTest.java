package io.vivarium.images.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sealed files read through a mapping, also when somebody cuts them. */
final class MappedFileTest {
  private static final int PART = 65536;
  private static final int SIZE = 4 * PART + 1234;

  /** More reads than it takes until compiled code makes them. */
  private static final int WARM = 20_000;

  @TempDir Path folder;
  private Path path = Path.of("unset");
  private final byte[] content = new byte[SIZE];

  @BeforeEach
  void make() throws IOException {
    path = folder.resolve("file");
    new Random(5).nextBytes(content);
    Files.write(path, content);
  }

  private static byte[] read(DiskFile file, long offset, int length) throws IOException {
    byte[] bytes = new byte[length];
    file.read(offset, MemorySegment.ofArray(bytes));
    return bytes;
  }

  @Test
  void onlyWhatWasReadBeforeComesFromTheMapping() throws IOException {
    try (FileChannel channel = FileChannel.open(path);
        MappedFile mapped = new MappedFile(path, channel)) {
      byte[] bytes = new byte[PART];
      MemorySegment target = MemorySegment.ofArray(bytes);
      assertThat(mapped.read(100, target)).as("two parts, new").isFalse();
      assertThat(mapped.read(PART, target)).as("one of them").isTrue();
      assertThat(bytes).isEqualTo(java.util.Arrays.copyOfRange(content, PART, 2 * PART));
      assertThat(mapped.read(PART + 100, target)).as("the second, and a new one").isFalse();
      assertThat(mapped.read(SIZE - 10, target)).as("beyond the end").isFalse();
      assertThat(mapped.read(SIZE - 10, target)).as("again").isFalse();
      assertThat(mapped.read(1L << 40, target)).as("far beyond").isFalse();
    }
  }

  @Test
  void readsTheSameTwiceAndZeroesBeyondTheEnd() throws IOException {
    try (DiskFile file = DiskFile.open(path, true, HolePunch.Factory.NONE)) {
      for (int i = 0; i < 3; i++) {
        for (int at = 0; at < SIZE + PART; at += 10_000) {
          byte[] expected = new byte[PART + 17];
          if (at < SIZE) {
            System.arraycopy(content, at, expected, 0, Math.min(SIZE - at, expected.length));
          }
          assertThat(read(file, at, expected.length)).isEqualTo(expected);
        }
      }
    }
  }

  /** The kernel answers such a read with SIGBUS, and compiled code hears of that late. */
  @ParameterizedTest
  @ValueSource(ints = {1, 8, 4096, PART})
  void aFileThatIsCutFailsTheReadThatMeetsIt(int length) throws IOException {
    try (FileChannel other = FileChannel.open(path, StandardOpenOption.WRITE);
        DiskFile file = DiskFile.open(path, true, HolePunch.Factory.NONE)) {
      byte[] bytes = new byte[length];
      for (int i = 0; i < WARM; i++) {
        int at = i % 4 * PART;
        file.read(at, MemorySegment.ofArray(bytes));
        assertThat(bytes[0]).isEqualTo(content[at]);
      }
      other.truncate(PART);
      assertThatThrownBy(() -> read(file, 3 * PART, length))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(path.toString());
      assertThat(read(file, 0, 8)).as("what is left").startsWith(content[0]);
      assertThat(read(file, 3 * PART, 8)).as("as of any file that is short").containsOnly(0);
    }
  }
}
