package io.vivarium.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.linux.FileSpace;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HardLinksTest {
  private static final Path ELSEWHERE = Path.of("/dev/shm");

  @TempDir Path folder;

  @Test
  void aFileSystemThatCannotLinkGetsACopyWithItsHoles() throws Exception {
    assumeTrue(
        Files.isWritable(ELSEWHERE)
            && !Files.getFileStore(ELSEWHERE).equals(Files.getFileStore(folder)),
        "skipped: /dev/shm is no other file system here");
    Path from = folder.resolve("layer");
    try (FileChannel file =
        FileChannel.open(from, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 8 << 20);
      file.write(ByteBuffer.allocate(1), (32 << 20) - 1);
    }
    Path there = Files.createTempDirectory(ELSEWHERE, "links");
    try {
      HardLinks.all(folder, there);
      HardLinks.all(folder, there);
      assertThat(Files.mismatch(from, there.resolve("layer"))).isEqualTo(-1);
      assertThat(FileSpace.of(there.resolve("layer")).allocated()).isLessThan(1 << 20);
    } finally {
      DurableFiles.deleteTree(there);
    }
  }
}
