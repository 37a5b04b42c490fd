package io.vivarium.assist;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.assist.PageWalk.Access;
import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.kvm.Kvm;
import io.vivarium.kvm.KvmSregs;
import io.vivarium.kvm.KvmTranslation;
import io.vivarium.linux.ErrnoException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The page walk against KVM_TRANSLATE on random four-level tables. */
@Tag("kvm")
class PageWalkComparisonTest {
  private static final int ROUNDS = 2000;
  private static final long NO_EXECUTE = 1L << 63;
  private static final long[] TABLES = {0x1000, 0x2000, 0x3000, 0x4000};

  private final Random random = new Random(20260103);

  @Test
  void findsWhatKvmFinds() throws ErrnoException {
    assumeTrue(Files.isWritable(Path.of(Kvm.DEVICE)), "needs a writable " + Kvm.DEVICE);
    try (Kvm kvm = Kvm.open();
        NativeGuest guest = new NativeGuest(kvm)) {
      KvmSregs sregs = KvmSregs.allocate();
      guest.vcpu().getSregs(sregs);
      // Ring 0, as KVM_TRANSLATE walks with the rights of the vCPU's ring.
      sregs.cs().selector(0x10);
      sregs.cs().dpl(0);
      sregs.ss().selector(0x18);
      sregs.ss().dpl(0);
      sregs.cr3(TABLES[0]);
      guest.vcpu().setSregs(sregs);
      FakeCpu cpu = new FakeCpu();
      NativeGuest.prepare(cpu);
      cpu.ring(0);
      var walk = new PageWalk(guest.memory(), HostProfile.probe(kvm).paging());
      int found = 0;
      for (int round = 0; round < ROUNDS; round++) {
        long linear = randomTables(guest.memory());
        KvmTranslation expected = guest.vcpu().translate(linear);
        long physical;
        try {
          physical = walk.translate(cpu, linear, Access.READ);
        } catch (GuestFault fault) {
          Assertions.assertFalse(
              expected.valid(), () -> "KVM has %s, not %s".formatted(expected, fault));
          continue;
        }
        Assertions.assertTrue(expected.valid(), describe(guest.memory(), linear));
        Assertions.assertEquals(expected.physicalAddress(), physical);
        found++;
      }
      Assertions.assertTrue(found > ROUNDS / 10, "only " + found + " translations");
    }
  }

  private static String describe(GuestMemory memory, long linear) {
    var text = new StringBuilder("KVM has no %#x:".formatted(linear));
    for (int i = 0; i < 4; i++) {
      long index = linear >>> (39 - 9 * i) & 0x1ff;
      text.append(" %#x".formatted(memory.getU64(TABLES[i] + index * 8)));
    }
    return text.toString();
  }

  /** Mostly present entries along the path of a random address, now and then a large page. */
  private long randomTables(GuestMemory memory) {
    long linear = random.nextLong() << 16 >> 16;
    for (int level = 4; level >= 1; level--) {
      long next = level == 1 ? (random.nextLong() & 0xff_ffff_f000L) : TABLES[5 - level];
      long entry = next | (random.nextInt(16) != 0 ? 1 : 0) | random.nextInt(4) << 1;
      if (random.nextInt(4) == 0) {
        entry |= NO_EXECUTE;
      }
      if ((level == 2 || level == 3) && random.nextInt(4) == 0) {
        long size = 1L << (12 + 9 * (level - 1));
        // Every eighth with an address below the page size, which is reserved.
        long mask = random.nextInt(8) == 0 ? -0x2000L : -size;
        entry = (entry & 0xfff) | 0x80 | (random.nextLong() & 0xff_ffff_f000L & mask);
      }
      int shift = 12 + 9 * (level - 1);
      memory.setU64(TABLES[4 - level] + (linear >>> shift & 0x1ff) * 8, entry);
    }
    return linear;
  }
}
