package io.vivarium.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vivarium.client.VivariumException.Kind;
import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.qcow2.BackingFiles;
import io.vivarium.images.disk.qcow2.Qcow2;
import io.vivarium.images.disk.qcow2.Qcow2Disk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Disk files of the user's, copied into new VMs. */
final class DiskImportTest {
  private static final int MIB = 1 << 20;

  @TempDir Path folder;
  private VivariumHost host;
  private Path kernel;

  @BeforeEach
  void open() throws Exception {
    kernel = Files.writeString(folder.resolve("kernel"), "not looked at");
    host = VivariumHost.open(folder.resolve("library"));
  }

  private VmSpec spec() {
    return new VmSpec(
        VmSpec.VERSION,
        "made",
        null,
        kernel.toString(),
        null,
        null,
        64L << 20,
        1,
        List.of(),
        List.of(),
        "none",
        false);
  }

  /** 8 MiB with some bytes in the third, and a size that is no whole sector. */
  private Path raw(String name) throws IOException {
    Path file = folder.resolve(name);
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(8 * MIB + 100);
      out.seek(2 * MIB + 5);
      out.writeBytes("something");
      out.seek(8 * MIB + 90);
      out.writeBytes("its end");
    }
    return file;
  }

  private VmInfo take(String typed) throws VivariumException {
    return host.importDisk(spec(), Disks.parse(typed), Progress.NONE);
  }

  private VivariumException refused(String typed) {
    VivariumException why = catchThrowableOfType(VivariumException.class, () -> take(typed));
    assertThat(why).as(typed).isNotNull();
    assertThat(leftovers()).isEmpty();
    return why;
  }

  private List<String> leftovers() {
    try (Stream<Path> all = Files.walk(folder.resolve("library/machines"))) {
      return all.skip(1).map(Path::toString).toList();
    } catch (IOException e) {
      return List.of(); // the folder is not there yet
    }
  }

  private byte[] exported() throws VivariumException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    host.exportDisk("made", null, 0, "raw", content, Progress.NONE);
    return content.toByteArray();
  }

  @Test
  void aRawDiskIsCopiedWithoutItsHoles() throws Exception {
    Path file = raw("data.img");
    byte[] before = Files.readAllBytes(file);
    VmInfo made = take(file.toString());
    VmSpec.DiskSpec disk = made.spec().disks().getFirst();
    assertThat(disk.file()).startsWith("disks/");
    assertThat(disk.sizeBytes()).isEqualTo(8 * MIB + 512);
    assertThat(exported()).startsWith(before).hasSize(8 * MIB + 512);
    assertThat(Files.size(folder.resolve("library/machines/made").resolve(disk.file())))
        .as("what is zeroes takes no room")
        .isLessThan(MIB);
    assertThat(file).hasBinaryContent(before);
  }

  @Test
  void aQcow2IsCopied() throws Exception {
    Path file = folder.resolve("data.qcow2");
    Qcow2.create(file, 64L * MIB, null, null);
    byte[] words = "on the disk".getBytes(StandardCharsets.US_ASCII);
    try (Disk disk = Qcow2Disk.open(file, false, BackingFiles.none(), HolePunch.Factory.NONE)) {
      disk.write(5 * MIB, MemorySegment.ofArray(words));
      disk.flush();
    }
    VmInfo made = take(file.toString());
    assertThat(made.spec().disks().getFirst().sizeBytes()).isEqualTo(64L * MIB);
    assertThat(new String(exported(), 5 * MIB, words.length, StandardCharsets.US_ASCII))
        .isEqualTo("on the disk");
  }

  @Test
  void aBackingFileOutsideIsRefusedByItsName() throws Exception {
    Path file = folder.resolve("sly.qcow2");
    Qcow2.create(file, 64L * MIB, "/etc/passwd", "raw");
    assertThat(refused(file.toString()))
        .hasMessageContaining("sly.qcow2")
        .hasMessageContaining("/etc/passwd");
  }

  @ParameterizedTest
  @CsvSource({
    "disk.vmdk, x, qemu-img convert -O qcow2 disk.vmdk disk.qcow2",
    "disk.VDI, x, qemu-img convert -O qcow2 disk.VDI disk.qcow2",
    "old.vhdx, x, qemu-img convert -O qcow2 old.vhdx old.qcow2",
    "machine.ova, x, tar -xf machine.ova",
    "renamed.raw, KDMV, qemu-img convert -O qcow2 renamed.raw renamed.qcow2",
    "cloud.img, QFI\u00fb, 'cloud.img,format=qcow2'"
  })
  void whatIsNotOursSaysHowItIsMadeOurs(String name, String head, String cure) throws Exception {
    Path file = folder.resolve(name);
    Files.write(file, head.getBytes(StandardCharsets.ISO_8859_1));
    VivariumException why = refused(file.toString());
    assertThat(why.kind()).isEqualTo(Kind.BAD_FILE);
    assertThat(why).hasMessageContaining(name);
    assertThat(why.cure()).contains(cure);
  }

  @Test
  void callingItOffLeavesNothing() throws Exception {
    Path file = raw("data.raw");
    AtomicInteger told = new AtomicInteger();
    Progress progress =
        new Progress() {
          @Override
          public void update(String step, double fraction) {
            assertThat(step).isEqualTo("copying data.raw");
            told.incrementAndGet();
          }

          @Override
          public boolean cancelled() {
            return told.get() >= 3;
          }
        };
    VivariumException why =
        catchThrowableOfType(
            VivariumException.class,
            () -> host.importDisk(spec(), Disks.parse(file.toString()), progress));
    assertThat(why.kind()).isEqualTo(Kind.CANCELLED);
    assertThat(told).hasValue(3);
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void aNameThatIsTakenIsToldBeforeAnythingIsCopied() throws Exception {
    host.create(spec(), Progress.NONE);
    Path file = raw("data.raw");
    VivariumException why =
        catchThrowableOfType(
            VivariumException.class,
            () ->
                host.importDisk(
                    spec(),
                    Disks.parse(file.toString()),
                    (step, part) -> {
                      throw new AssertionError("copied");
                    }));
    assertThat(why.kind()).isEqualTo(Kind.CONFLICT);
  }
}
