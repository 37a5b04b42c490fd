package io.vivarium.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.memory.GuestMemory;
import java.lang.foreign.Arena;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Whatever is changed in a kernel's headers: it loads, or is refused with a sentence. */
class HostileKernelTest {
  private static final byte[] ELF = Kernels.elf(true);
  private static final byte[] BZ_IMAGE = Kernels.gzipBzImage();
  private static final Arena ARENA = Arena.ofAuto();
  private static final GuestMemory MEMORY = Kernels.memory(ARENA, 32);

  @Property(tries = 3000)
  void elfHeaders(
      @ForAll @Size(min = 1, max = 4) int[] where, @ForAll long value, @ForAll boolean edge) {
    byte[] kernel = ELF.clone();
    for (int at : where) {
      int offset = Math.floorMod(at, edge ? 0x220 : 176);
      put(kernel, offset, value, 1 + Math.floorMod(at, 8));
    }
    loadsOrIsRefused(kernel, true);
  }

  @Property(tries = 3000)
  void setupHeaders(
      @ForAll @Size(min = 1, max = 4) int[] where, @ForAll long value, @ForAll boolean unpack) {
    byte[] kernel = BZ_IMAGE.clone();
    for (int at : where) {
      put(kernel, 0x1f1 + Math.floorMod(at, 0x7f), value, 1 + Math.floorMod(at, 8));
    }
    loadsOrIsRefused(kernel, unpack);
  }

  @Property(tries = 1000)
  void payloads(@ForAll @Size(min = 1, max = 8) int[] where, @ForAll byte value) {
    byte[] kernel = BZ_IMAGE.clone();
    for (int at : where) {
      kernel[1024 + 0x400 + Math.floorMod(at, kernel.length - 1024 - 0x400)] = value;
    }
    loadsOrIsRefused(kernel, true);
  }

  @Property(tries = 500)
  void truncated(@ForAll @IntRange(min = 0, max = 0x3000) int length, @ForAll boolean elf) {
    byte[] whole = elf ? ELF : BZ_IMAGE;
    loadsOrIsRefused(java.util.Arrays.copyOf(whole, Math.min(length, whole.length)), true);
  }

  private static void put(byte[] kernel, int offset, long value, int size) {
    for (int i = 0; i < size; i++) {
      kernel[offset + i] = (byte) (value >>> (8 * i));
    }
  }

  private static void loadsOrIsRefused(byte[] kernel, boolean unpack) {
    try (Arena arena = Arena.ofConfined()) {
      KernelPlan plan = KernelPlan.of(Kernels.image(kernel), unpack, arena);
      CpuEntry entry = KernelLoader.place(MEMORY, plan, null, "console=ttyS0", 0);
      assertThat(MEMORY.contains(entry.rip(), 1)).isTrue();
    } catch (BadKernelException refused) {
      assertThat(refused).message().endsWith(".");
    }
  }
}
