package io.vivarium.kvm;

import static io.vivarium.kvm.abi.KvmConstants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.kvm.abi.VcpuStructs.Run;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Exits as they stand in a run page, without a kernel. */
class ExitDecodeTest {
  private final MemorySegment memory = Arena.ofAuto().allocate(3 * 4096, 4096);
  private final RunPage page = new RunPage(memory);

  private void reason(int reason) {
    memory.set(ValueLayout.JAVA_INT, Run.EXIT_REASON, reason);
  }

  @Test
  void emulationFailureTellsItsInstruction() {
    reason(KVM_EXIT_INTERNAL_ERROR);
    memory.set(ValueLayout.JAVA_INT, Run.INTERNAL__SUBERROR, KVM_INTERNAL_ERROR_EMULATION);
    memory.set(ValueLayout.JAVA_INT, Run.INTERNAL__NDATA, 3);
    memory.set(ValueLayout.JAVA_LONG, Run.EMULATION_FAILURE__FLAGS, 1);
    memory.set(ValueLayout.JAVA_BYTE, Run.EMULATION_FAILURE__INSN_SIZE, (byte) 3);
    memory.set(ValueLayout.JAVA_BYTE, Run.EMULATION_FAILURE__INSN_BYTES, (byte) 0x0f);
    memory.set(ValueLayout.JAVA_BYTE, Run.EMULATION_FAILURE__INSN_BYTES + 1, (byte) 0x01);
    memory.set(ValueLayout.JAVA_BYTE, Run.EMULATION_FAILURE__INSN_BYTES + 2, (byte) 0xca);

    assertThat(page.isEmulationFailureWithBytes()).isTrue();
    assertThat(page.emulationInstructionByte(2)).isEqualTo(0xca);
    assertThat(page.exit()).isEqualTo(new Exit.InternalFailure(1, 1, "0f01ca"));
  }

  @Test
  void anInstructionIsNeverLongerThanFifteenBytes() {
    memory.set(ValueLayout.JAVA_BYTE, Run.EMULATION_FAILURE__INSN_SIZE, (byte) 0xff);

    assertThat(page.emulationInstructionSize()).isEqualTo(15);
  }

  @Test
  void otherInternalErrorsHaveNoInstruction() {
    reason(KVM_EXIT_INTERNAL_ERROR);
    memory.set(ValueLayout.JAVA_INT, Run.INTERNAL__SUBERROR, KVM_INTERNAL_ERROR_DELIVERY_EV);
    memory.set(ValueLayout.JAVA_INT, Run.INTERNAL__NDATA, 99);

    assertThat(page.internalNdata()).isEqualTo(16);
    assertThat(page.exit()).isEqualTo(new Exit.InternalFailure(3, 0, ""));
  }

  @Test
  void simpleExitsAreValues() {
    reason(KVM_EXIT_HLT);
    assertThat(page.exit()).isEqualTo(new Exit.Hlt());
    reason(KVM_EXIT_SHUTDOWN);
    assertThat(page.exit()).isEqualTo(new Exit.Shutdown());
    reason(KVM_EXIT_INTR);
    assertThat(page.exit()).isEqualTo(new Exit.Intr());
    reason(KVM_EXIT_IRQ_WINDOW_OPEN);
    assertThat(page.exit()).isEqualTo(new Exit.IrqWindowOpen());
    reason(1234);
    assertThat(page.exit()).isEqualTo(new Exit.Unknown(1234, 0));
  }

  @Test
  void exitsWithFieldsCarryThem() {
    reason(KVM_EXIT_FAIL_ENTRY);
    memory.set(ValueLayout.JAVA_LONG, Run.FAIL_ENTRY__HARDWARE_ENTRY_FAILURE_REASON, 7);
    memory.set(ValueLayout.JAVA_INT, Run.FAIL_ENTRY__CPU, 1);
    assertThat(page.exit()).isEqualTo(new Exit.FailEntry(7, 1));

    reason(KVM_EXIT_SYSTEM_EVENT);
    memory.set(ValueLayout.JAVA_INT, Run.SYSTEM_EVENT__TYPE, KVM_SYSTEM_EVENT_CRASH);
    assertThat(page.exit()).isEqualTo(new Exit.SystemEvent(KVM_SYSTEM_EVENT_CRASH));

    reason(KVM_EXIT_X86_WRMSR);
    memory.set(ValueLayout.JAVA_INT, Run.MSR__INDEX, 0x10);
    memory.set(ValueLayout.JAVA_LONG, Run.MSR__DATA, -1);
    assertThat(page.exit()).isEqualTo(new Exit.Wrmsr(0x10, -1));
  }

  @Test
  void mmioValuesHaveNoMoreThanTheirBytes() {
    reason(KVM_EXIT_MMIO);
    memory.set(ValueLayout.JAVA_LONG, Run.MMIO__DATA, -1);
    memory.set(ValueLayout.JAVA_INT, Run.MMIO__LEN, 2);
    assertThat(page.mmioValue()).isEqualTo(0xffff);
    memory.set(ValueLayout.JAVA_INT, Run.MMIO__LEN, 8);
    assertThat(page.mmioValue()).isEqualTo(-1);
  }
}
