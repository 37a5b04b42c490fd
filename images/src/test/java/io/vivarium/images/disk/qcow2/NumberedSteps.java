package io.vivarium.images.disk.qcow2;

import io.vivarium.images.disk.Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;

/**
 * The same random steps in two processes: writes of sectors that hold the step's number, whole
 * clusters discarded or zeroed, flushes. For tests.
 */
final class NumberedSteps {
  static final int SECTORS = 8192;
  static final int SIZE = SECTORS * 512;
  private static final int CLUSTER = 128;

  private final Random random;
  private int number;

  NumberedSteps(long seed) {
    this.random = new Random(seed);
  }

  enum Kind {
    WRITE,
    ZERO,
    DISCARD,
    FLUSH
  }

  /**
   * @param at first sector
   * @param count of sectors
   * @param number that a write puts into each sector; grows by one a step
   */
  record Step(Kind kind, int at, int count, int number) {
    void doTo(Disk disk) throws IOException {
      switch (kind) {
        case WRITE -> disk.write(at * 512L, MemorySegment.ofArray(contents()));
        case ZERO -> disk.writeZeroes(at * 512L, count * 512L, number % 2 == 0);
        case DISCARD -> disk.discard(at * 512L, count * 512L);
        case FLUSH -> disk.flush();
      }
    }

    void doTo(int[] sectors) {
      if (kind != Kind.FLUSH) {
        Arrays.fill(sectors, at, at + count, value());
      }
    }

    /** What each of its sectors reads as afterwards. */
    int value() {
      return kind == Kind.WRITE ? number : 0;
    }

    private byte[] contents() {
      byte[] bytes = new byte[count * 512];
      for (int i = 0; i < bytes.length; i += 4) {
        bytes[i] = (byte) number;
        bytes[i + 1] = (byte) (number >> 8);
        bytes[i + 2] = (byte) (number >> 16);
      }
      return bytes;
    }
  }

  Step next() {
    number++;
    int kind = random.nextInt(20);
    boolean clusters = kind < 6;
    int at = random.nextInt(SECTORS / (clusters ? CLUSTER : 1)) * (clusters ? CLUSTER : 1);
    int most = random.nextInt(4) == 0 ? 400 : 8;
    int count = clusters ? CLUSTER * (1 + random.nextInt(4)) : 1 + random.nextInt(most);
    count = Math.min(SECTORS - at, count);
    return switch (kind) {
      case 0, 1 -> new Step(Kind.DISCARD, at, count, number);
      case 2, 3 -> new Step(Kind.ZERO, at, count, number);
      case 6, 7 -> new Step(Kind.FLUSH, 0, 0, number);
      default -> new Step(Kind.WRITE, at, count, number);
    };
  }

  /** Each sector's number; the sector must hold it as a whole. */
  static int[] numbers(Disk disk) throws IOException {
    byte[] all = new byte[SIZE];
    disk.read(0, MemorySegment.ofArray(all));
    int[] numbers = new int[SECTORS];
    for (int i = 0; i < SECTORS; i++) {
      int at = i * 512;
      numbers[i] = (all[at] & 255) | (all[at + 1] & 255) << 8 | (all[at + 2] & 255) << 16;
      for (int j = at + 4; j < at + 512; j += 4) {
        if (Arrays.mismatch(all, at, at + 4, all, j, j + 4) >= 0) {
          throw new AssertionError("sector " + i + " is torn");
        }
      }
    }
    return numbers;
  }
}
