package io.vivarium.images.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;

/** Does random things to a disk and to an array of bytes, and compares them. For tests. */
public final class DiskModel {
  private final Random random;
  private byte[] bytes;

  public DiskModel(long seed, byte[] bytes) {
    this.random = new Random(seed);
    this.bytes = bytes;
  }

  public byte[] bytes() {
    return bytes.clone();
  }

  /** One step: mostly writes, of sectors, small and large, aligned to clusters now and then. */
  public void step(Disk disk) throws IOException {
    int grain = random.nextInt(3) == 0 ? 65536 : 512;
    int offset = random.nextInt(bytes.length / grain) * grain;
    int length =
        Math.min(bytes.length - offset, (1 + random.nextInt(grain == 512 ? 40 : 5)) * grain);
    switch (random.nextInt(12)) {
      case 0 -> {
        disk.writeZeroes(offset, length, random.nextBoolean());
        Arrays.fill(bytes, offset, offset + length, (byte) 0);
      }
      case 1 -> {
        // Discarded bytes may be anything: what they are is read back.
        disk.discard(offset, length);
        disk.read(offset, slice(offset, length));
      }
      case 2, 3 -> compare(disk, offset, length);
      case 4 -> disk.flush();
      default -> {
        byte[] data = new byte[length];
        random.nextBytes(data);
        disk.write(offset, MemorySegment.ofArray(data));
        System.arraycopy(data, 0, bytes, offset, length);
      }
    }
  }

  public void grow(Disk disk, int more) throws IOException {
    bytes = Arrays.copyOf(bytes, bytes.length + more);
    disk.resize(bytes.length);
  }

  public void compareAll(Disk disk) throws IOException {
    assertThat(disk.size()).isEqualTo(bytes.length);
    compare(disk, 0, bytes.length);
  }

  private void compare(Disk disk, int offset, int length) throws IOException {
    byte[] got = new byte[length];
    disk.read(offset, MemorySegment.ofArray(got));
    int differs = Arrays.mismatch(got, 0, length, bytes, offset, offset + length);
    assertThat(differs).as("first byte that differs, from " + offset).isEqualTo(-1);
  }

  private MemorySegment slice(int offset, int length) {
    return MemorySegment.ofArray(bytes).asSlice(offset, length);
  }
}
