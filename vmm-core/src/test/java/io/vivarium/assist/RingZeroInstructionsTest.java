package io.vivarium.assist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vivarium.assist.CpuState.Segment;
import io.vivarium.devices.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What only ring 0 may do, and which faults instructions raise; unpaged unless a test pages. */
class RingZeroInstructionsTest {
  private static final long IDT = 0x1000;
  private static final long GDT = 0x2000;
  private static final long STACK = 0x8000;
  private static final long DATA = 0x9000;

  private final GuestMemory memory =
      new GuestMemory(List.of(new GuestMemory.Region(0, Arena.ofAuto().allocate(64 << 10, 4096))));
  private final InstructionSet instructions =
      new InstructionSet(memory, FakeCpu.LAYOUT, new PageWalk.Features(46, true));
  private final FakeCpu cpu = new FakeCpu();

  RingZeroInstructionsTest() {
    cpu.rip = 0x4000;
    cpu.idtBase = IDT;
    cpu.gdtBase = GDT;
    cpu.registers[CpuState.RSP] = STACK;
    cpu.registers[6] = DATA;
    // Code and data of ring 0 and 3, 32-bit; 64-bit code of ring 0.
    memory.setU64(GDT + 0x08, 0x00cf_9b00_0000_ffffL);
    memory.setU64(GDT + 0x10, 0x00af_9b00_0000_ffffL);
    memory.setU64(GDT + 0x18, 0x00cf_9300_0000_ffffL);
    memory.setU64(GDT + 0x20, 0x00cf_fb00_0000_ffffL);
    memory.setU64(GDT + 0x28, 0x00cf_f300_0000_ffffL);
  }

  @Test
  void stacAndClacChangeOnlyAcAndRf() throws GuestFault {
    cpu.rflags = 0x246 | CpuState.FLAG_RF;
    perform("0f01cb");
    assertThat(cpu.rflags).isEqualTo(0x246 | CpuState.FLAG_AC);
    assertThat(cpu.rip).isEqualTo(0x4003);
    perform("0f01ca");
    assertThat(cpu.rflags).isEqualTo(0x246);
    assertThat(cpu.rip).isEqualTo(0x4006);
  }

  @Test
  void stacAndClacAreInvalidInRingThree() {
    cpu.ring(3);
    assertThat(fault("0f01cb").vector).isEqualTo(GuestFault.INVALID_OPCODE);
    assertThat(fault("0f01ca").vector).isEqualTo(GuestFault.INVALID_OPCODE);
    assertThat(cpu.rip).isEqualTo(0x4000);
  }

  @Test
  void countsByMnemonic() throws GuestFault {
    perform("0f01cb");
    perform("0f01ca");
    perform("0f01ca");
    var counters = new TreeMap<String, Long>();
    instructions.countInto(counters);
    assertThat(counters).containsEntry("assist.clac", 2L).containsEntry("assist.stac", 1L);
    assertThat(counters).hasSize(2);
  }

  @Test
  void anXsaveAreaMustBeAligned() {
    cpu.registers[6] = DATA + 32;
    assertThat(fault("480fae26").vector).isEqualTo(GuestFault.GENERAL_PROTECTION);
    cpu.registers[6] = DATA + 8;
    assertThat(fault("480fae06").vector).isEqualTo(GuestFault.GENERAL_PROTECTION);
    assertThat(fault("480fc70e").vector).isEqualTo(GuestFault.GENERAL_PROTECTION);
  }

  @Test
  void xsaveNeedsOsxsaveAndNoTaskSwitch() {
    cpu.cr0 |= CpuState.CR0_TS;
    assertThat(fault("480fae26").vector).isEqualTo(GuestFault.DEVICE_NOT_AVAILABLE);
    cpu.cr4 &= ~CpuState.CR4_OSXSAVE;
    assertThat(fault("480fae26").vector).isEqualTo(GuestFault.INVALID_OPCODE);
  }

  @Test
  void xrstorRefusesBadHeaders() {
    cpu.registers[CpuState.RAX] = 7;
    memory.setU64(DATA + XsaveOps.XSTATE_BV, 8);
    assertThat(fault("480fae2e").vector).isEqualTo(GuestFault.GENERAL_PROTECTION);
    memory.setU64(DATA + XsaveOps.XSTATE_BV, 3);
    memory.setU64(DATA + XsaveOps.XSTATE_BV + 8, 1);
    assertThat(fault("480fae2e").vector).isEqualTo(GuestFault.GENERAL_PROTECTION);
    memory.setU64(DATA + XsaveOps.XSTATE_BV + 8, 0);
    memory.setU32(DATA + XsaveOps.MXCSR, 0x1_0000);
    assertThat(fault("480fae2e").vector).isEqualTo(GuestFault.GENERAL_PROTECTION);
  }

  @Test
  void compactedStateComesBack() throws GuestFault {
    cpu.registers[CpuState.RAX] = 7;
    cpu.xsave.asSlice(160, 256).fill((byte) 0x5a);
    cpu.xsave.asSlice(576, 256).fill((byte) 0xa5);
    cpu.xsave.set(ValueLayout.JAVA_LONG, XsaveOps.XSTATE_BV, 6);
    perform("480fc72e");
    assertThat(memory.getU64(DATA + XsaveOps.XSTATE_BV)).isEqualTo(6);
    assertThat(memory.getU64(DATA + XsaveOps.XSTATE_BV + 8)).isEqualTo(7 | 1L << 63);

    cpu.xsave.asSlice(160, 256).fill((byte) 0);
    cpu.xsave.asSlice(576, 256).fill((byte) 0);
    perform("480fc71e");
    assertThat(cpu.xsave.get(ValueLayout.JAVA_BYTE, 415)).isEqualTo((byte) 0x5a);
    assertThat(cpu.xsave.get(ValueLayout.JAVA_BYTE, 831)).isEqualTo((byte) 0xa5);
  }

  @Test
  void fwaitRaisesWhatIsPending() {
    cpu.xsave.set(ValueLayout.JAVA_SHORT, 2, (short) 0x80);
    assertThat(fault("9b").vector).isEqualTo(GuestFault.X87);
    cpu.cr0 |= CpuState.CR0_MP | CpuState.CR0_TS;
    assertThat(fault("9b").vector).isEqualTo(GuestFault.DEVICE_NOT_AVAILABLE);
  }

  @Test
  void ldmxcsrRefusesReservedBits() {
    memory.setU32(DATA, 0x1_0000);
    assertThat(fault("0fae16").vector).isEqualTo(GuestFault.GENERAL_PROTECTION);
  }

  @Test
  void segmentBasesAreReadAndWritten() throws GuestFault {
    cpu.registers[CpuState.RAX] = 0xffff_8880_0000_1000L;
    perform("f3480faed8");
    assertThat(cpu.segments[CpuState.GS].base()).isEqualTo(0xffff_8880_0000_1000L);
    cpu.registers[CpuState.RAX] = 0x1234_0000_0000_0000L;
    assertThat(fault("f3480faed0").vector).isEqualTo(GuestFault.GENERAL_PROTECTION);
    perform("f3480faec8");
    assertThat(cpu.registers[CpuState.RAX]).isEqualTo(0xffff_8880_0000_1000L);
  }

  @Test
  void addressesThatAreNotCanonicalFault() {
    cpu.registers[6] = 0x8000_0000_0000L;
    assertThat(fault("f3480fb806").vector).isEqualTo(GuestFault.GENERAL_PROTECTION);
    cpu.registers[CpuState.RSP] = 0x8000_0000_0000L;
    assertThat(fault("f3480fb80424").vector).isEqualTo(GuestFault.STACK_SEGMENT);
  }

  @Test
  void int3IsATrapBehindTheInstruction() {
    GuestFault fault = fault("cc");
    assertThat(fault.vector).isEqualTo(GuestFault.BREAKPOINT);
    assertThat(cpu.rip).isEqualTo(0x4001);
  }

  @Test
  void intEntersAnInterruptGateOfSixtyFourBitCode() throws GuestFault {
    gate64(0x80, 0xffff_ffff_8000_1234L, 0x8e);
    cpu.rflags = 0x202 | CpuState.FLAG_AC;
    cpu.registers[CpuState.RSP] = STACK + 4;
    perform("cd80");
    assertThat(cpu.rip).isEqualTo(0xffff_ffff_8000_1234L);
    assertThat(cpu.rflags).isEqualTo(2 | CpuState.FLAG_AC);
    assertThat(cpu.registers[CpuState.RSP]).isEqualTo(STACK - 40);
    assertThat(memory.getU64(STACK - 40)).isEqualTo(0x4002);
    assertThat(memory.getU64(STACK - 32)).isEqualTo(0x10);
    assertThat(memory.getU64(STACK - 24)).isEqualTo(0x202 | CpuState.FLAG_AC);
    assertThat(memory.getU64(STACK - 16)).isEqualTo(STACK + 4);
    assertThat(memory.getU64(STACK - 8)).isEqualTo(0x18);
  }

  @Test
  void intWithoutAGateIsAProtectionFault() {
    GuestFault fault = fault("cd80");
    assertThat(fault.vector).isEqualTo(GuestFault.GENERAL_PROTECTION);
    assertThat(fault.errorCode).isEqualTo(0x80 * 8 + 2);
  }

  @Test
  void intAndIretOfThirtyTwoBitCodeAreInverse() throws GuestFault {
    protected32();
    memory.setU64(IDT + 0x21 * 8, 0x0000_8e00_0008_5678L);
    cpu.rflags = 0x246;
    perform("cd21");
    assertThat(cpu.rip).isEqualTo(0x5678);
    assertThat(cpu.rflags).isEqualTo(0x46);
    assertThat(cpu.registers[CpuState.RSP]).isEqualTo(STACK - 12);
    perform("cf");
    assertThat(cpu.rip).isEqualTo(0x4002);
    assertThat(cpu.rflags).isEqualTo(0x246);
    assertThat(cpu.registers[CpuState.RSP]).isEqualTo(STACK);
  }

  @Test
  void iretGoesToAnOuterRing() throws GuestFault {
    protected32();
    long frame = STACK - 20;
    cpu.registers[CpuState.RSP] = frame;
    int[] values = {0x1000, 0x23, 0x202, 0x7000, 0x2b};
    for (int i = 0; i < values.length; i++) {
      memory.setU32(frame + 4L * i, values[i]);
    }
    perform("cf");
    assertThat(cpu.rip).isEqualTo(0x1000);
    assertThat(cpu.cpl()).isEqualTo(3);
    assertThat(cpu.registers[CpuState.RSP]).isEqualTo(0x7000);
    assertThat(cpu.segments[CpuState.SS].selector()).isEqualTo(0x2b);
    // Ring 0's data segments are taken from it.
    assertThat(cpu.segments[CpuState.DS].present()).isFalse();
  }

  @Test
  void aBrokenSyscallBecomesOne() throws GuestFault {
    long entry = brokenSyscall();
    perform("0f01ca");
    assertThat(cpu.rip).isEqualTo(entry);
    assertThat(cpu.registers[CpuState.RSP]).isEqualTo(0x7ffc_1234_5678L);
    assertThat(cpu.rflags).isEqualTo(2);
    assertThat(cpu.cpl()).isZero();
    var counters = new TreeMap<String, Long>();
    instructions.countInto(counters);
    assertThat(counters).containsOnlyKeys("assist.syscall");
  }

  @Test
  void otherPageFaultsAreNotSystemCalls() throws GuestFault {
    brokenSyscall();
    long frame = STACK;
    memory.setU64(frame, 7);
    clacOnly();
    memory.setU64(frame, 0x15);
    memory.setU64(frame + 8, 0xffff_ffff_8100_0001L);
    clacOnly();
    memory.setU64(frame + 8, 0xffff_ffff_8100_0000L);
    memory.setU64(frame + 16, 0x10);
    clacOnly();
    memory.setU64(frame + 16, 0x33);
    cpu.rip = 0x6000;
    clacOnly();
  }

  private void clacOnly() throws GuestFault {
    long rip = cpu.rip;
    perform("0f01ca");
    assertThat(cpu.rip).isEqualTo(rip + 3);
    cpu.rip = rip;
  }

  /** As the guest sees it at the start of its page fault handler; returns LSTAR. */
  private long brokenSyscall() {
    long entry = 0xffff_ffff_8100_0000L;
    cpu.msrs.put(CpuState.MSR_LSTAR, entry);
    cpu.msrs.put(CpuState.MSR_SYSCALL_MASK, 0x4_7700L);
    gate64(GuestFault.PAGE, 0x4000, 0x8e);
    // A kernel stack lies in the upper half: map it onto the lower pages.
    cpu.cr0 |= CpuState.CR0_PG;
    cpu.cr3 = 0xa000;
    memory.setU64(0xa000, 0xb003);
    memory.setU64(0xa000 + 511 * 8, 0xb003);
    memory.setU64(0xb000, 0xc003);
    memory.setU64(0xb000 + 511 * 8, 0xc003);
    memory.setU64(0xc000, 0x83);
    memory.setU64(0xc000 + 511 * 8, 0x83);
    long frame = -(1L << 21) + STACK;
    cpu.registers[CpuState.RSP] = frame;
    memory.setU64(STACK, 0x15);
    memory.setU64(STACK + 8, entry);
    memory.setU64(STACK + 16, 0x33);
    memory.setU64(STACK + 24, 0x4_0302 | CpuState.FLAG_RF);
    memory.setU64(STACK + 32, 0x7ffc_1234_5678L);
    return entry;
  }

  private void protected32() {
    cpu.efer = 0;
    cpu.codeBits = 32;
    cpu.segments[CpuState.CS] = new Segment(0x8, 0, -1, 11, 0, false, true, false, true, true);
  }

  private void gate64(int vector, long offset, int type) {
    long low = (offset & 0xffff) | 0x10L << 16 | (long) type << 40;
    low |= (offset >>> 16 & 0xffff) << 48;
    memory.setU64(IDT + vector * 16L, low);
    memory.setU64(IDT + vector * 16L + 8, offset >>> 32);
  }

  private void perform(String hex) throws GuestFault {
    byte[] bytes = HexFormat.of().parseHex(hex);
    instructions.perform(cpu, Decoder.decode(bytes, bytes.length, cpu.codeBits));
  }

  private GuestFault fault(String hex) {
    GuestFault fault = catchThrowableOfType(GuestFault.class, () -> perform(hex));
    assertThat(fault).as("a fault of " + hex).isNotNull();
    return fault;
  }
}
