package io.vivarium.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.devices.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever is changed in a kernel's headers: it loads, or is refused with a sentence. */
class HostileKernelTest {
  private static final byte[] ELF = Kernels.elf(true);
  private static final byte[] BZ_IMAGE = Kernels.gzipBzImage();
  private static final Arena ARENA = Arena.ofAuto();
  private static final GuestMemory MEMORY = Kernels.memory(ARENA, 32);

  @Test
  void elfHeaders() {
    Random random = new Random(1);
    for (int i = 0; i < 3000; i++) {
      byte[] kernel = ELF.clone();
      int from = random.nextBoolean() ? 0x220 : 176;
      for (int n = 1 + random.nextInt(4); n > 0; n--) {
        put(kernel, random.nextInt(from), value(random), 1 + random.nextInt(8));
      }
      loadsOrIsRefused(kernel, true, "ELF " + i);
    }
  }

  @Test
  void setupHeaders() {
    Random random = new Random(2);
    for (int i = 0; i < 3000; i++) {
      byte[] kernel = BZ_IMAGE.clone();
      for (int n = 1 + random.nextInt(4); n > 0; n--) {
        put(kernel, 0x1f1 + random.nextInt(0x7f), value(random), 1 + random.nextInt(8));
      }
      loadsOrIsRefused(kernel, random.nextBoolean(), "setup header " + i);
    }
  }

  @Test
  void payloads() {
    Random random = new Random(3);
    int start = 1024 + 0x400;
    for (int i = 0; i < 1000; i++) {
      byte[] kernel = BZ_IMAGE.clone();
      byte value = (byte) value(random);
      for (int n = 1 + random.nextInt(8); n > 0; n--) {
        kernel[start + random.nextInt(kernel.length - start)] = value;
      }
      loadsOrIsRefused(kernel, true, "payload " + i);
    }
  }

  @Test
  void truncated() {
    Random random = new Random(4);
    for (int i = 0; i < 500; i++) {
      byte[] whole = random.nextBoolean() ? ELF : BZ_IMAGE;
      int length = random.nextInt(Math.min(whole.length, 0x3000) + 1);
      loadsOrIsRefused(Arrays.copyOf(whole, length), true, "truncated " + i);
    }
  }

  /** Anything, but often what stands at an edge: of small numbers, of 16, 31, 32 and 63 bits. */
  private static long value(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextLong();
      case 1 -> random.nextInt(0x4000);
      case 2 -> (1L << random.nextInt(64)) - random.nextInt(3) + 1;
      default -> -random.nextInt(0x2000);
    };
  }

  private static void put(byte[] kernel, int offset, long value, int size) {
    for (int i = 0; i < size; i++) {
      kernel[offset + i] = (byte) (value >>> (8 * i));
    }
  }

  private static void loadsOrIsRefused(byte[] kernel, boolean unpack, String which) {
    try (Arena arena = Arena.ofConfined()) {
      KernelPlan plan = KernelPlan.of(Kernels.image(kernel), unpack, arena);
      CpuEntry entry = KernelLoader.place(MEMORY, plan, null, "console=ttyS0", 0);
      assertThat(MEMORY.contains(entry.rip(), 1)).as(which).isTrue();
    } catch (BadKernelException refused) {
      assertThat(refused).as(which).message().endsWith(".");
    } catch (RuntimeException bug) {
      throw new AssertionError(which, bug);
    }
  }
}
