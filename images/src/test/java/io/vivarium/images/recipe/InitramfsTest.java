package io.vivarium.images.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.images.ImageException;
import java.io.BufferedInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InitramfsTest {
  @TempDir Path folder;

  private Path write(String name) throws Exception {
    Path file = folder.resolve(name);
    try (Initramfs out = new Initramfs(file)) {
      out.folder("dev", 0755);
      out.characterDevice("dev/console", 0600, 5, 1);
      out.file("a/b/c", new byte[] {1, 2, 3}, 0644);
      out.link("a/b/d", "c");
    }
    return file;
  }

  @Test
  void writesFoldersBeforeWhatIsInThem() throws Exception {
    List<String> seen = new ArrayList<>();
    try (CpioArchiveInputStream in =
        new CpioArchiveInputStream(new BufferedInputStream(Files.newInputStream(write("one"))))) {
      for (CpioArchiveEntry e; (e = in.getNextEntry()) != null; ) {
        seen.add("%s %o %d".formatted(e.getName(), e.getMode(), e.getSize()));
      }
    }
    assertThat(seen)
        .containsExactly(
            "dev 40755 0",
            "dev/console 20600 0",
            "a 40755 0",
            "a/b 40755 0",
            "a/b/c 100644 3",
            "a/b/d 120777 1");
  }

  @Test
  void writesTheSameBytesAgain() throws Exception {
    assertThat(write("one")).hasSameBinaryContentAs(write("two"));
  }

  @Test
  void namesBusyboxApplets() throws Exception {
    String table = "junk\0[\0[[\0acpid\0busybox\0mount\0sh\0\0More junk\0";
    assertThat(BusyboxApplets.names(table.getBytes(StandardCharsets.ISO_8859_1)))
        .containsExactly("[", "[[", "acpid", "mount", "sh");
    assertThatThrownBy(() -> BusyboxApplets.names(new byte[100]))
        .isInstanceOf(ImageException.class);
  }

  /** The smallest object file with a .modinfo section. */
  private static byte[] module(String modinfo) {
    byte[] names = "\0.modinfo\0".getBytes(StandardCharsets.ISO_8859_1);
    byte[] info = modinfo.getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer elf =
        ByteBuffer.allocate(64 + names.length + info.length + 3 * 64)
            .order(ByteOrder.LITTLE_ENDIAN);
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1});
    int table = 64 + names.length + info.length;
    elf.putLong(40, table).putShort(60, (short) 3).putShort(62, (short) 1);
    elf.put(64, names).put(64 + names.length, info);
    elf.putLong(table + 64 + 24, 64).putLong(table + 64 + 32, names.length);
    elf.putInt(table + 128, 1);
    elf.putLong(table + 128 + 24, 64 + names.length).putLong(table + 128 + 32, info.length);
    return elf.array();
  }

  @Test
  void ordersModulesByWhatTheyNeed() {
    KernelModules modules = new KernelModules();
    modules.add("net", module("license=GPL\0depends=ring,fail-over\0"));
    modules.add("ring", module("depends=core\0"));
    assertThat(modules.missing()).containsExactlyInAnyOrder("core", "fail_over");
    modules.add("core", module("depends=\0"));
    modules.add("fail_over", module("name=x\0"));
    assertThat(modules.missing()).isEmpty();
    assertThat(modules.dependencyFile())
        .isEqualTo(
            "core.ko:\nfail_over.ko:\nnet.ko: fail_over.ko ring.ko core.ko\nring.ko: core.ko\n");
    assertThat(KernelModules.name("lib/modules/6.1/kernel/virtio-rng.ko")).isEqualTo("virtio_rng");
  }

  @Test
  void takesADamagedModuleForOneThatNeedsNothing() {
    byte[] good = module("depends=core\0");
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= (byte) 0xff;
      assertThat(KernelModules.depends(bad)).hasSizeLessThan(8);
      assertThat(KernelModules.depends(java.util.Arrays.copyOf(good, i))).hasSizeLessThan(2);
    }
  }
}
