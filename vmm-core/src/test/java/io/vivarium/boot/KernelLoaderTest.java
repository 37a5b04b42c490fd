package io.vivarium.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vivarium.devices.memory.GuestMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelLoaderTest {
  private final Arena arena = Arena.ofConfined();
  private final GuestMemory memory = Kernels.memory(arena, 64);

  @TempDir Path folder;

  @AfterEach
  void free() {
    arena.close();
  }

  @Test
  void anElfKernelIsEnteredByThe64BitProtocol() throws Exception {
    CpuEntry entry = place(Kernels.elf(false), true, "console=ttyS0");
    assertThat(entry.mode()).isEqualTo(CpuEntry.Mode.LONG_64);
    assertThat(entry.rip()).isEqualTo(Kernels.LOAD_ADDRESS);
    assertCodeAt(Kernels.LOAD_ADDRESS);
    // Identity map: 0x1000000 lies in the ninth 2 MiB page.
    long pml4 = memory.getU64(entry.cr3()) & ~0xfffL;
    long directory = memory.getU64(pml4) & ~0xfffL;
    assertThat(memory.getU64(directory + 8 * 8)).isEqualTo(0x100_0000L | 0x83);
    assertThat(memory.getU64(entry.gdt() + 0x10) >>> 53 & 1).as("64-bit code").isEqualTo(1);
    assertThat(cmdline(memory.getU32(entry.rsi() + 0x228))).isEqualTo("console=ttyS0");
    assertThat(memory.getU64(entry.rsi() + 0x70)).isEqualTo(0xe0000);
  }

  @Test
  void theMemoryMapKeepsTheRomAreaBack() throws Exception {
    CpuEntry entry = place(Kernels.elf(false), true, "");
    assertThat(memory.getU8(entry.rsi() + 0x1e8)).isEqualTo(3);
    assertThat(memory.getU64(entry.rsi() + 0x2d0 + 20)).isEqualTo(0x9fc00);
    assertThat(memory.getU32(entry.rsi() + 0x2d0 + 20 + 16)).isEqualTo(2);
    assertThat(memory.getU64(entry.rsi() + 0x2d0 + 40)).isEqualTo(0x100000);
    assertThat(memory.getU64(entry.rsi() + 0x2d0 + 48)).isEqualTo((64 << 20) - 0x100000);
  }

  @Test
  void aPvhKernelIsEnteredIn32BitModeWithItsStartInfo() throws Exception {
    CpuEntry entry = place(Kernels.elf(true), true, "quiet");
    assertThat(entry.mode()).isEqualTo(CpuEntry.Mode.PROTECTED_32);
    assertThat(entry.rip()).isEqualTo(Kernels.LOAD_ADDRESS + 0x40);
    assertThat(memory.getU32(entry.rbx())).isEqualTo(0x336ec578);
    assertThat(memory.getU32(entry.rbx() + 48)).isEqualTo(3);
    assertThat(cmdline(memory.getU64(entry.rbx() + 24))).isEqualTo("quiet");
  }

  @Test
  void aBzImageIsUnpackedOrEnteredItself() throws Exception {
    CpuEntry unpacked = place(Kernels.gzipBzImage(), true, "a");
    assertThat(unpacked.rip()).isEqualTo(Kernels.LOAD_ADDRESS);
    assertCodeAt(Kernels.LOAD_ADDRESS);
    assertThat(memory.getU16(unpacked.rsi() + 0x206)).as("header copied").isEqualTo(0x20f);

    CpuEntry whole = place(Kernels.gzipBzImage(), false, "a");
    assertThat(whole.rip()).isEqualTo(Kernels.LOAD_ADDRESS + 0x200);
    assertThat(memory.getU8(Kernels.LOAD_ADDRESS + 0x400)).as("gzip magic").isEqualTo(0x1f);
  }

  @Test
  void theInitrdLiesAtTheTopOfMemory() throws Exception {
    Path kernel = Files.write(folder.resolve("kernel"), Kernels.elf(false));
    Path initrd = Files.write(folder.resolve("initrd"), new byte[5000]);
    CpuEntry entry =
        KernelLoader.load(memory, new KernelLoader.Request(kernel, initrd, "", true, 0));
    assertThat(memory.getU32(entry.rsi() + 0x218)).isEqualTo((64 << 20) - 8192);
    assertThat(memory.getU32(entry.rsi() + 0x21c)).isEqualTo(5000);
  }

  @Test
  void refusesWhatCannotBootWithASentence() throws IOException {
    refused(new byte[0], "is empty");
    refused("#!/bin/sh\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII), "no kernel");
    refused(Arrays.copyOf(Kernels.elf(false), 0x1800), "truncated");
    refused(Arrays.copyOf(Kernels.gzipBzImage(), 1500), "truncated");
    refused(elf(e -> e.putShort(18, (short) 183)), "another processor (ELF machine 183)");
    refused(elf(e -> e.put(4, (byte) 1)), "not a 64-bit");
    refused(elf(e -> e.putLong(64 + 40, 1L << 60)), "giant");
    refused(elf(e -> e.putLong(64 + 40, 100L << 20)), "not free memory of this machine (64 MiB)");
    refused(elf(e -> e.putLong(64 + 24, 0x8000)), "not free memory");
    refused(elf(e -> e.putLong(64 + 24, -4096)), "out of reach");
    refused(elf(e -> e.putLong(64 + 40, 16)), "more bytes in the file");
    refused(elf(e -> e.putLong(24, 0x500)), "lies outside its segments");
    refused(
        elf(
            e -> {
              e.putShort(56, (short) 2);
              Kernels.programHeader(e, 120, 1, 0x1000, Kernels.LOAD_ADDRESS + 0x1000, 16, 16);
            }),
        "overlap");
    refused(bzImage(b -> b.putShort(0x206, (short) 0x201)), "boot protocol 2.01");
    refused(bzImage(b -> b.putInt(0x230, 3)), "no power of two");
    refused(bzImage(b -> b.putInt(b.capacity() - 68, 1 << 30)), "at most");
    refused(bzImage(b -> b.putInt(b.capacity() - 68, 1 << 28)), "which no kernel does");
    refused(bzImage(b -> b.put(1024 + 0x400 + 40, (byte) 0x55)), "cannot be unpacked");
    refused(bzImage(b -> b.put(1024 + 0x400, (byte) 0x55)), "not known");
    assertThatThrownBy(() -> place(Kernels.elf(false), true, "x".repeat(2048)))
        .isInstanceOf(BadKernelException.class)
        .hasMessageContaining("takes at most 2047");
    Path missing = folder.resolve("no-such-kernel");
    assertThatThrownBy(
            () -> KernelLoader.load(memory, new KernelLoader.Request(missing, null, "", true, 0)))
        .isInstanceOf(BadKernelException.class)
        .hasMessageContaining("is not a file");
  }

  @Test
  void anInitrdThatDoesNotFitIsRefused() throws IOException {
    Path kernel = Files.write(folder.resolve("kernel"), Kernels.elf(false));
    Path initrd = Files.write(folder.resolve("initrd"), new byte[50 << 20]);
    assertThatThrownBy(
            () -> KernelLoader.load(memory, new KernelLoader.Request(kernel, initrd, "", true, 0)))
        .isInstanceOf(BadKernelException.class)
        .hasMessageContaining("does not fit");
  }

  private void refused(byte[] kernel, String why) {
    assertThatThrownBy(() -> place(kernel, true, ""))
        .isInstanceOf(BadKernelException.class)
        .hasMessageContaining(why);
  }

  private static byte[] elf(Consumer<ByteBuffer> change) {
    return changed(Kernels.elf(false), change);
  }

  private static byte[] bzImage(Consumer<ByteBuffer> change) {
    return changed(Kernels.gzipBzImage(), change);
  }

  private static byte[] changed(byte[] bytes, Consumer<ByteBuffer> change) {
    change.accept(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    return bytes;
  }

  private CpuEntry place(byte[] kernel, boolean unpack, String cmdline) throws BadKernelException {
    KernelPlan plan = KernelPlan.of(Kernels.image(kernel), unpack, arena);
    return KernelLoader.place(memory, plan, null, cmdline, 0xe0000);
  }

  private void assertCodeAt(long address) {
    byte[] loaded = new byte[Kernels.CODE_SIZE];
    memory.read(address, loaded);
    byte[] elf = Kernels.elf(false);
    assertThat(loaded)
        .isEqualTo(
            Arrays.copyOfRange(elf, Kernels.CODE_OFFSET, Kernels.CODE_OFFSET + Kernels.CODE_SIZE));
  }

  private String cmdline(long address) {
    StringBuilder text = new StringBuilder();
    for (int c = memory.getU8(address); c != 0; c = memory.getU8(++address)) {
      text.append((char) c);
    }
    return text.toString();
  }
}
