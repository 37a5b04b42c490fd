package io.vivarium.images.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.images.store.ManifestJson.BadManifestException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ManifestJsonTest {
  private static final String HEX = "ab".repeat(32);
  private static final ImageManifest MANIFEST =
      new ImageManifest(
          1,
          "tiny",
          "An image",
          "tiny-1",
          "vmlinuz",
          "initrd.cpio",
          "console=ttyS0",
          List.of(new ImageManifest.ImageDisk("root.qcow2", "qcow2", 1 << 20)),
          1,
          List.of(new ImageManifest.SourcePackage("busybox-static", "1:1.35", HEX)),
          List.of(
              new ImageManifest.ImageFile("initrd.cpio", 2, HEX),
              new ImageManifest.ImageFile("root.qcow2", 3, HEX),
              new ImageManifest.ImageFile("vmlinuz", 1, HEX)),
          Instant.parse("2026-01-01T00:00:00Z"));

  private static String json() {
    return new String(ManifestJson.write(MANIFEST), StandardCharsets.UTF_8);
  }

  private static ImageManifest read(String json) throws BadManifestException {
    return ManifestJson.read(json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void readsWhatItWrote() throws Exception {
    assertThat(read(json())).isEqualTo(MANIFEST);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"version\" : 1|\"version\" : 2|version is 2",
        "\"version\" : 1|\"version\" : \"1\"|version",
        "\"kernel\" : \"vmlinuz\"|\"kernel\" : \"../vmlinuz\"|kernel",
        "\"kernel\" : \"vmlinuz\"|\"kernel\" : \"/etc/passwd\"|kernel",
        "\"kernel\" : \"vmlinuz\"|\"kernel\" : \"other\"|does not list",
        "\"kernel\" : \"vmlinuz\"|\"kernel\" : null|kernel",
        "\"sizeBytes\" : 3|\"sizeBytes\" : -3|sizeBytes",
        "\"sizeBytes\" : 3|\"sizeBytes\" : 1e30|sizeBytes",
        "\"qcow2\"|\"vmdk\"|vmdk",
        "2026-01-01|2026-13-01|created",
        "\"cmdline\"|\"comedy\"|cmdline",
        "{|[|not JSON",
      })
  void refuses(String right, String wrong, String why) {
    assertThatThrownBy(() -> read(json().replace(right, wrong)))
        .isInstanceOf(BadManifestException.class)
        .hasMessageContaining(why);
  }

  @Test
  void refusesEveryTruncation() {
    String json = json().strip();
    for (int i = 0; i < json.length(); i++) {
      String cut = json.substring(0, i);
      assertThatThrownBy(() -> read(cut)).isInstanceOf(BadManifestException.class);
    }
  }
}
