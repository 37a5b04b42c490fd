package io.vivarium.desktop.wizard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WizardStartTest {
  @TempDir Path folder;

  @Test
  void aDiskIsKnownByItsEnding() {
    Path disk = folder.resolve("data.RAW");
    assertThat(WizardStart.file(disk))
        .isEqualTo(new WizardStart(false, null, "", disk.toString(), true));
  }

  @Test
  void aQcow2IsKnownByItsFirstBytes() throws IOException {
    Path disk = Files.write(folder.resolve("disk"), new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0});
    assertThat(WizardStart.file(disk).disk()).isEqualTo(disk.toString());
  }

  @Test
  void allElseIsAKernel() throws IOException {
    Path kernel = Files.write(folder.resolve("vmlinuz"), new byte[] {'M', 'Z'});
    assertThat(WizardStart.file(kernel))
        .isEqualTo(new WizardStart(true, null, kernel.toString(), "", false));
    assertThat(WizardStart.file(folder).ownKernel()).isTrue();
  }
}
