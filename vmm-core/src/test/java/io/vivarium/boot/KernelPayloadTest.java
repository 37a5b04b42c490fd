package io.vivarium.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAOutputStream;
import org.tukaani.xz.XZOutputStream;

class KernelPayloadTest {
  private interface Packer {
    OutputStream around(OutputStream target) throws IOException;
  }

  @Test
  void everyMethodOfLinuxsBuildUnpacks() throws Exception {
    roundTrip(java.util.zip.GZIPOutputStream::new);
    roundTrip(out -> new XZOutputStream(out, new LZMA2Options()));
    roundTrip(ZstdOutputStream::new);
    roundTrip(BZip2CompressorOutputStream::new);
    roundTrip(out -> new LZMAOutputStream(out, new LZMA2Options(), -1));
  }

  @Test
  void legacyLz4UnpacksBlockByBlock() throws Exception {
    byte[] data = new byte[20 << 20];
    Random random = new Random(1);
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) (i % 5000 < 100 ? random.nextInt() : i / 5000);
    }
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.writeBytes(new byte[] {0x02, 0x21, 0x4c, 0x18});
    for (int at = 0; at < data.length; at += 8 << 20) {
      ByteArrayOutputStream block = new ByteArrayOutputStream();
      try (OutputStream lz4 = new BlockLZ4CompressorOutputStream(block)) {
        lz4.write(data, at, Math.min(8 << 20, data.length - at));
      }
      for (int i = 0; i < 4; i++) {
        frame.write(block.size() >>> (8 * i));
      }
      frame.writeBytes(block.toByteArray());
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(data.length);
      LegacyLz4.unpack(MemorySegment.ofArray(frame.toByteArray()), target);
      assertThat(target.mismatch(MemorySegment.ofArray(data))).isEqualTo(-1);
    }
  }

  @Test
  void brokenLz4IsRefused() {
    refusedLz4("ends after 0 of 64", 2);
    refusedLz4("runs past the end", 0, 0, 0, 0, 1);
    refusedLz4("runs past the end", 0xff, 0xff, 0xff, 0xff, 1);
    refusedLz4("literals run past", 3, 0, 0, 0, 0xf0, 0xff, 0);
    refusedLz4("middle of a sequence", 2, 0, 0, 0, 0x0f, 1);
    refusedLz4("outside its block", 4, 0, 0, 0, 0x10, 'a', 2, 0);
    refusedLz4("outside its block", 4, 0, 0, 0, 0x10, 'a', 0, 0);
    refusedLz4("ends after 1 of 64", 2, 0, 0, 0, 0x10, 'a');
  }

  private static void refusedLz4(String why, int... blocks) {
    MemorySegment frame = MemorySegment.ofArray(new byte[4 + blocks.length]);
    for (int i = 0; i < blocks.length; i++) {
      frame.set(ValueLayout.JAVA_BYTE, 4 + i, (byte) blocks[i]);
    }
    assertThatThrownBy(() -> LegacyLz4.unpack(frame, MemorySegment.ofArray(new byte[64])))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(why);
  }

  private static void roundTrip(Packer packer) throws Exception {
    byte[] elf = Kernels.elf(false);
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = packer.around(packed)) {
      out.write(elf);
    }
    ImageBytes image = Kernels.image(Kernels.bzImage(packed.toByteArray(), elf.length));
    try (Arena arena = Arena.ofConfined()) {
      ImageBytes vmlinux = KernelPayload.unpack(image, SetupHeader.parse(image), arena);
      assertThat(vmlinux.data().mismatch(MemorySegment.ofArray(elf))).isEqualTo(-1);
    }
  }
}
