package io.vivarium.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileSpaceTest {
  @TempDir Path folder;

  @Test
  void holesTakeNothingAndLinksAreCounted() throws Exception {
    Path file = folder.resolve("file");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(64 << 10), 16 << 20);
      channel.force(true);
    }
    Files.createLink(folder.resolve("other"), file);
    FileSpace space = FileSpace.of(file);
    assertThat(space.length()).isEqualTo((16 << 20) + (64 << 10));
    assertThat(space.allocated()).isBetween(64L << 10, 1L << 20);
    assertThat(space.links()).isEqualTo(2);
  }

  @Test
  void aMissingFileIsNamed() {
    assertThatThrownBy(() -> FileSpace.of(folder.resolve("none")))
        .isInstanceOf(ErrnoException.class)
        .hasMessageContaining("none");
  }
}
