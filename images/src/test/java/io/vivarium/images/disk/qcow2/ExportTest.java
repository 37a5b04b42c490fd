package io.vivarium.images.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.RawDisk;
import io.vivarium.images.disk.RawExport;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is exported reads as the disk, by our code and by QEMU's. */
final class ExportTest {
  @TempDir Path folder;

  /** A disk of two layers with data here and there, up to its last sector. */
  private Disk disk(long size) throws Exception {
    Path base = folder.resolve("base.qcow2");
    Path top = folder.resolve("top.qcow2");
    Qcow2.create(base, size, null, null);
    Random random = new Random(7);
    try (Disk disk = open(base, false)) {
      scribble(disk, random);
    }
    Qcow2.create(top, size, "base.qcow2", "qcow2");
    try (Disk disk = open(top, false)) {
      scribble(disk, random);
      disk.write(size - 512, MemorySegment.ofArray(bytes(random, 512)));
      disk.writeZeroes(0, 1 << 16, true);
    }
    return open(top, true);
  }

  private Disk open(Path path, boolean readOnly) throws Exception {
    return Qcow2Disk.open(path, readOnly, BackingFiles.inside(folder), HolePunch.Factory.NONE);
  }

  private static void scribble(Disk disk, Random random) throws Exception {
    for (int i = 0; i < 20; i++) {
      long at = random.nextLong(disk.size() / 512 - 300) * 512;
      disk.write(at, MemorySegment.ofArray(bytes(random, 512 * (1 + random.nextInt(299)))));
    }
  }

  private static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] all(Disk disk) throws Exception {
    byte[] bytes = new byte[(int) disk.size()];
    disk.read(0, MemorySegment.ofArray(bytes));
    return bytes;
  }

  @Test
  void aPlainQcow2IsWrittenFromTheFirstByteToTheLast() throws Exception {
    long size = (40L << 20) + 512 * 3;
    Path out = folder.resolve("out.qcow2");
    try (Disk disk = disk(size);
        OutputStream target = new BufferedOutputStream(new FileOutputStream(out.toFile()))) {
      assertThat(Qcow2Export.write(disk, target, part -> part <= 1)).isTrue();
      target.flush();
      try (Disk copy = open(out, true)) {
        assertThat(copy.size()).isEqualTo(size);
        assertThat(all(copy)).isEqualTo(all(disk));
      }
      assertThat(Qcow2.backingFile(out)).isNull();
    }
    assertThat(Files.size(out)).isLessThan(40 << 20);
    QemuImg.assumeInstalled();
    QemuImg.check(out);
    QemuImg.ok("compare", "-f", "qcow2", "-F", "qcow2", folder.resolve("top.qcow2"), out);
  }

  @Test
  void emptyDisksOfAnySizeAreWholeToo() throws Exception {
    QemuImg.assumeInstalled();
    for (long size : new long[] {0, 512, 2L << 30}) {
      Path empty = folder.resolve("empty" + size);
      Qcow2.create(empty, size, null, null);
      Path out = folder.resolve("out" + size);
      try (Disk disk = open(empty, true);
          OutputStream target = Files.newOutputStream(out)) {
        assertThat(Qcow2Export.write(disk, target, part -> true)).isTrue();
      }
      QemuImg.check(out);
    }
  }

  @Test
  void rawHasHolesInAFileAndIsWholeInAPipe() throws Exception {
    long size = (8L << 20) + 512;
    Path out = folder.resolve("out.raw");
    try (Disk disk = disk(size)) {
      byte[] wanted = all(disk);
      try (FileOutputStream target = new FileOutputStream(out.toFile())) {
        assertThat(RawExport.write(disk, target, part -> true)).isTrue();
      }
      assertThat(Files.readAllBytes(out)).isEqualTo(wanted);
      ByteArrayOutputStream pipe = new ByteArrayOutputStream();
      assertThat(RawExport.write(disk, pipe, part -> true)).isTrue();
      assertThat(pipe.toByteArray()).isEqualTo(wanted);
      assertThat(RawExport.write(disk, pipe, part -> false)).as("called off").isFalse();
    }
    Path nothing = folder.resolve("nothing.raw");
    RawDisk.create(nothing, 16 << 20);
    Path copy = folder.resolve("copy.raw");
    try (Disk disk = RawDisk.open(nothing, true, HolePunch.Factory.NONE);
        FileOutputStream target = new FileOutputStream(copy.toFile())) {
      assertThat(RawExport.write(disk, target, part -> true)).isTrue();
    }
    assertThat(Files.size(copy)).isEqualTo(16 << 20);
  }
}
