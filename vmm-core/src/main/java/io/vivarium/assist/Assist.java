package io.vivarium.assist;

import io.vivarium.devices.memory.GuestAddressException;
import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.kvm.KvmVcpu;
import io.vivarium.kvm.KvmVcpuEvents;
import io.vivarium.kvm.RunPage;
import io.vivarium.kvm.abi.KvmConstants;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Performs, for one vCPU, the instructions that an interpreting KVM's emulator lacks. Made only
 * where {@link HostProfile#interpretsRing0()}.
 *
 * <p>The VM must have {@code KVM_CAP_EXIT_ON_EMULATION_FAILURE} enabled, and the run page's valid
 * register sets must include {@link #SYNC_REGS}, before the vCPU first runs. All calls but {@link
 * #countInto} come from the vCPU's thread.
 */
public final class Assist {
  /** The register sets that must be valid at each exit: {@code RunPage.setValidRegs}. */
  public static final int SYNC_REGS =
      KvmConstants.KVM_SYNC_X86_REGS
          | KvmConstants.KVM_SYNC_X86_SREGS
          | KvmConstants.KVM_SYNC_X86_EVENTS;

  private static final int LONGEST_INSTRUCTION = 15;

  private final RunPage page;
  private final KvmVcpuEvents events;
  private final CpuState cpu;
  private final InstructionSet instructions;
  private final byte[] bytes = new byte[LONGEST_INSTRUCTION];

  /** For one vCPU of a machine whose RAM is {@code memory}. */
  public Assist(KvmVcpu vcpu, GuestMemory memory, HostProfile profile) {
    page = vcpu.runPage();
    events = page.events();
    cpu = new KvmCpuState(vcpu);
    instructions = new InstructionSet(memory, profile.xsaveLayout(), profile.paging());
  }

  /**
   * To be called when {@code KVM_RUN} returned {@code KVM_EXIT_INTERNAL_ERROR} with suberror {@code
   * KVM_INTERNAL_ERROR_EMULATION}: performs the instruction, or injects the exception that it
   * raises, so that the vCPU can run on.
   *
   * @return null when the vCPU can run on, else a sentence that says what could not be done
   */
  public @Nullable String handle() {
    int count = instructionBytes();
    Instruction instruction = Decoder.decode(bytes, count, cpu.codeBits());
    if (instruction.op() == Op.UNKNOWN) {
      return refuse(count, "is not known to the assist either");
    }
    try {
      instructions.perform(cpu, instruction);
    } catch (GuestFault fault) {
      inject(fault);
      return null;
    } catch (GuestAddressException e) {
      return refuse(count, "touches what is not RAM: " + e.getMessage());
    } catch (UnsupportedOperationException e) {
      return refuse(count, "is not supported: " + e.getMessage());
    }
    if (events.interruptShadow() != 0) {
      events.interruptShadow(0);
      events.flags(events.flags() | KvmConstants.KVM_VCPUEVENT_VALID_SHADOW);
      page.markDirty(KvmConstants.KVM_SYNC_X86_EVENTS);
    }
    return null;
  }

  /** Adds how often each instruction was performed, as "assist.clac"; from any thread. */
  public void countInto(Map<String, Long> counters) {
    instructions.countInto(counters);
  }

  private int instructionBytes() {
    int count = 0;
    if (page.isEmulationFailureWithBytes()) {
      count = page.emulationInstructionSize();
      for (int i = 0; i < count; i++) {
        bytes[i] = (byte) page.emulationInstructionByte(i);
      }
    }
    if (count > 0) {
      return count;
    }
    long linear = cpu.rip();
    if (cpu.codeBits() != 64) {
      linear = (linear + cpu.segmentBase(CpuState.CS)) & 0xffff_ffffL;
    }
    return instructions.memory().fetch(cpu, linear, bytes);
  }

  private void inject(GuestFault fault) {
    if (fault.vector == GuestFault.PAGE) {
      cpu.setCr2(fault.address);
    }
    if (fault.hasErrorCode) {
      events.injectException(fault.vector, fault.errorCode);
    } else {
      events.injectException(fault.vector);
    }
    // The exception is given whole: no payload that KVM would put into CR2 or DR6.
    events.exceptionHasPayload(0);
    page.markDirty(KvmConstants.KVM_SYNC_X86_EVENTS);
  }

  /** A program's odd instruction is its own trouble (#UD); a kernel's stops the machine. */
  private @Nullable String refuse(int count, String why) {
    if (cpu.cpl() == 3) {
      inject(GuestFault.invalidOpcode());
      return null;
    }
    return "KVM cannot emulate the instruction %s at %#x in ring %d (%d-bit code), and it %s"
        .formatted(
            HexFormat.ofDelimiter(" ").formatHex(bytes, 0, count),
            cpu.rip(),
            cpu.cpl(),
            cpu.codeBits(),
            why);
  }
}
