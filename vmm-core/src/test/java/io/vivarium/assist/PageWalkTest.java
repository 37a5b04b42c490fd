package io.vivarium.assist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vivarium.assist.PageWalk.Access;
import io.vivarium.devices.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PageWalkTest {
  private static final long PRESENT = 1;
  private static final long WRITABLE = 2;
  private static final long USER = 4;
  private static final long ACCESSED = 1 << 5;
  private static final long DIRTY = 1 << 6;
  private static final long LARGE = 1 << 7;
  private static final long NO_EXECUTE = 1L << 63;
  private static final long ALL = PRESENT | WRITABLE | USER;

  private static final long PML5 = 0x9000;
  private static final long PML4 = 0x1000;
  private static final long PDPT = 0x2000;
  private static final long PD = 0x3000;
  private static final long PT = 0x4000;
  private static final long PAGE = 0x7000;
  private static final long LINEAR = 0xffff_8881_2345_6789L;

  private final GuestMemory memory =
      new GuestMemory(List.of(new GuestMemory.Region(0, Arena.ofAuto().allocate(64 << 10, 4096))));
  private final PageWalk walk = new PageWalk(memory, new PageWalk.Features(46, true));
  private final FakeCpu cpu = new FakeCpu();

  @BeforeEach
  void mapOnePage() {
    cpu.cr0 |= CpuState.CR0_PG | CpuState.CR0_WP;
    cpu.cr3 = PML4;
    memory.setU64(PML5 + index(LINEAR, 48), PML4 | ALL);
    memory.setU64(PML4 + index(LINEAR, 39), PDPT | ALL);
    memory.setU64(PDPT + index(LINEAR, 30), PD | ALL);
    memory.setU64(PD + index(LINEAR, 21), PT | ALL);
    leaf(PAGE | ALL);
  }

  @Test
  void findsTheByteAndMarksWhatItUsed() throws GuestFault {
    assertThat(walk.translate(cpu, LINEAR, Access.READ)).isEqualTo(PAGE + 0x789);
    assertThat(leaf()).isEqualTo(PAGE | ALL | ACCESSED);
    assertThat(memory.getU64(PML4 + index(LINEAR, 39))).isEqualTo(PDPT | ALL | ACCESSED);

    walk.translate(cpu, LINEAR, Access.WRITE);
    assertThat(leaf()).isEqualTo(PAGE | ALL | ACCESSED | DIRTY);
    assertThat(memory.getU64(PD + index(LINEAR, 21))).isEqualTo(PT | ALL | ACCESSED);
  }

  @Test
  void walksFiveLevels() throws GuestFault {
    cpu.cr4 |= CpuState.CR4_LA57;
    cpu.cr3 = PML5;
    assertThat(walk.translate(cpu, LINEAR, Access.READ)).isEqualTo(PAGE + 0x789);
  }

  @Test
  void findsBytesOfLargePages() throws GuestFault {
    memory.setU64(PD + index(LINEAR, 21), 0x4020_0000L | LARGE | ALL);
    assertThat(walk.translate(cpu, LINEAR, Access.READ))
        .isEqualTo(0x4020_0000L + (LINEAR & 0x1f_ffff));

    memory.setU64(PDPT + index(LINEAR, 30), 0x8000_0000L | LARGE | ALL);
    assertThat(walk.translate(cpu, LINEAR, Access.READ))
        .isEqualTo(0x8000_0000L + (LINEAR & 0x3fff_ffff));
  }

  @Test
  void reportsReservedBits() {
    memory.setU64(PD + index(LINEAR, 21), 0x4020_2000L | LARGE | ALL);
    assertThat(error(Access.READ)).isEqualTo(9);
    memory.setU64(PD + index(LINEAR, 21), PT | ALL | 1L << 50);
    assertThat(error(Access.READ)).isEqualTo(9);
    memory.setU64(PD + index(LINEAR, 21), PT | ALL | NO_EXECUTE);
    cpu.efer &= ~CpuState.EFER_NXE;
    assertThat(error(Access.READ)).isEqualTo(9);
  }

  @Test
  void reportsWhatIsNotPresent() {
    leaf(PAGE | WRITABLE | USER);
    assertThat(error(Access.READ)).isEqualTo(0);
    assertThat(error(Access.WRITE)).isEqualTo(2);
    assertThat(error(Access.FETCH)).isEqualTo(16);
    cpu.ring(3);
    assertThat(error(Access.WRITE)).isEqualTo(6);
  }

  @Test
  void keepsUsersOutOfSupervisorPages() throws GuestFault {
    leaf(PAGE | PRESENT | WRITABLE);
    walk.translate(cpu, LINEAR, Access.WRITE);
    cpu.ring(3);
    assertThat(error(Access.READ)).isEqualTo(5);
    assertThat(error(Access.WRITE)).isEqualTo(7);
    assertThat(error(Access.FETCH)).isEqualTo(0x15);
    walk.translateSystem(cpu, LINEAR, Access.READ);
  }

  @Test
  void protectsReadOnlyPagesFromRingZeroOnlyWithWp() throws GuestFault {
    leaf(PAGE | PRESENT | USER);
    assertThat(error(Access.WRITE)).isEqualTo(3);
    cpu.cr0 &= ~CpuState.CR0_WP;
    walk.translate(cpu, LINEAR, Access.WRITE);
    cpu.ring(3);
    assertThat(error(Access.WRITE)).isEqualTo(7);
  }

  @Test
  void smapKeepsRingZeroOutOfUserPagesUnlessAc() throws GuestFault {
    cpu.cr4 |= CpuState.CR4_SMAP;
    assertThat(error(Access.READ)).isEqualTo(1);
    cpu.rflags |= CpuState.FLAG_AC;
    walk.translate(cpu, LINEAR, Access.WRITE);
    GuestFault fault =
        catchThrowableOfType(
            GuestFault.class, () -> walk.translateSystem(cpu, LINEAR, Access.READ));
    assertThat(fault.errorCode).isEqualTo(1);
  }

  @Test
  void smepAndNxForbidFetches() throws GuestFault {
    walk.translate(cpu, LINEAR, Access.FETCH);
    cpu.cr4 |= CpuState.CR4_SMEP;
    assertThat(error(Access.FETCH)).isEqualTo(0x11);
    cpu.cr4 &= ~CpuState.CR4_SMEP;
    leaf(PAGE | ALL | NO_EXECUTE);
    assertThat(error(Access.FETCH)).isEqualTo(0x11);
  }

  @Test
  void aFaultNamesItsAddressAndMarksNothing() {
    leaf(PAGE | PRESENT);
    GuestFault fault =
        catchThrowableOfType(GuestFault.class, () -> walk.translate(cpu, LINEAR, Access.WRITE));
    assertThat(fault.vector).isEqualTo(GuestFault.PAGE);
    assertThat(fault.address).isEqualTo(LINEAR);
    assertThat(leaf()).isEqualTo(PAGE | PRESENT);
  }

  @Test
  void walksPaeTables() throws GuestFault {
    cpu.efer = CpuState.EFER_NXE;
    long linear = 0x4567_89abL;
    cpu.cr3 = 0x8020;
    memory.setU64(0x8020 + (linear >>> 30) * 8, PD | PRESENT);
    memory.setU64(PD + index(linear, 21), PT | ALL);
    memory.setU64(PT + index(linear, 12), PAGE | ALL);
    assertThat(walk.translate(cpu, linear, Access.WRITE)).isEqualTo(PAGE + 0x9ab);
    assertThat(memory.getU64(0x8020 + 8)).isEqualTo(PD | PRESENT);
  }

  @Test
  void walksTwoLevelTables() throws GuestFault {
    cpu.efer = 0;
    cpu.cr4 = CpuState.CR4_PSE;
    long linear = 0x4567_89abL;
    cpu.cr3 = PD;
    memory.setU32(PD + (linear >>> 22) * 4, (int) (PT | ALL));
    memory.setU32(PT + (linear >>> 12 & 0x3ff) * 4, (int) (PAGE | ALL));
    assertThat(walk.translate(cpu, linear, Access.WRITE)).isEqualTo(PAGE + 0x9ab);
    assertThat(memory.getU32(PT + (linear >>> 12 & 0x3ff) * 4) & 0x60).isEqualTo(0x60);

    memory.setU32(PD + (linear >>> 22) * 4, (int) (0x80c0_0000L | LARGE | ALL));
    assertThat(walk.translate(cpu, linear, Access.READ))
        .isEqualTo(0x80c0_0000L + (linear & 0x3f_ffff));
  }

  @Test
  void withoutPagingAddressesAreThemselves() throws GuestFault {
    cpu.cr0 &= ~CpuState.CR0_PG;
    assertThat(walk.translate(cpu, 0x1_0000_1234L, Access.WRITE)).isEqualTo(0x1234);
  }

  private static long index(long linear, int shift) {
    return (linear >>> shift & 0x1ff) * 8;
  }

  private void leaf(long entry) {
    memory.setU64(PT + index(LINEAR, 12), entry);
  }

  private long leaf() {
    return memory.getU64(PT + index(LINEAR, 12));
  }

  private int error(Access access) {
    return catchThrowableOfType(GuestFault.class, () -> walk.translate(cpu, LINEAR, access))
        .errorCode;
  }
}
