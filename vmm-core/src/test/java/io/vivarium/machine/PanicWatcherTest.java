package io.vivarium.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PanicWatcherTest {
  private final List<String> panics = new ArrayList<>();
  private final PanicWatcher watcher = new PanicWatcher(panics::add);

  @Test
  void findsTheLineAmongOthers() {
    see("Kernel panic is what we do not have\nKKernel panic - not syncing: VFS: no root\r\nmore\n");
    assertThat(panics).containsExactly("Kernel panic - not syncing: VFS: no root");
  }

  @Test
  void aLineWithoutEndIsCutOff() {
    see("Kernel panic - not syncing" + "x".repeat(400));
    assertThat(panics).hasSize(1);
    assertThat(panics.getFirst()).hasSizeLessThan(400);
  }

  private void see(String text) {
    for (byte value : text.getBytes(StandardCharsets.US_ASCII)) {
      watcher.transmit(value);
    }
  }
}
