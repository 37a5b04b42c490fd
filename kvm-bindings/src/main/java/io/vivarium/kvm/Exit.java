package io.vivarium.kvm;

import static io.vivarium.kvm.abi.KvmConstants.*;

import java.util.HexFormat;

/**
 * Why a vCPU left the guest, as a value: for everything but the hot path, which reads {@link
 * RunPage} instead.
 */
public sealed interface Exit {
  /**
   * Port access; {@link RunPage#ioValue} holds the data.
   *
   * @param size bytes of one access
   * @param count accesses, more than 1 for string instructions
   */
  record Io(boolean out, int port, int size, int count) implements Exit {}

  /**
   * Access to guest-physical memory where no slot is.
   *
   * @param value what is written; meaningless for a read
   */
  record Mmio(boolean write, long address, int length, long value) implements Exit {}

  /** HLT, where no local APIC in the kernel waits by itself. */
  record Hlt() implements Exit {}

  /** Triple fault. */
  record Shutdown() implements Exit {}

  /**
   * KVM gave up.
   *
   * @param suberror KVM_INTERNAL_ERROR_*
   * @param flags what is known of a failed emulation
   * @param instruction its bytes in hexadecimal, "" where not known
   */
  record InternalFailure(int suberror, long flags, String instruction) implements Exit {
    public boolean isEmulationFailure() {
      return suberror == KVM_INTERNAL_ERROR_EMULATION;
    }
  }

  /** The processor refused the guest's state. */
  record FailEntry(long hardwareReason, int cpu) implements Exit {}

  /** The guest asked for shutdown or reset, or crashed, by paravirtual means. */
  record SystemEvent(int type) implements Exit {}

  /** A signal or immediate_exit: nothing of the guest. */
  record Intr() implements Exit {}

  /** The guest can take an interrupt now, as was requested. */
  record IrqWindowOpen() implements Exit {}

  /** A breakpoint or single step of KVM_SET_GUEST_DEBUG. */
  record Debug(int exception, long pc, long dr6, long dr7) implements Exit {}

  /** End of an interrupt, with a split irqchip. */
  record IoapicEoi(int vector) implements Exit {}

  record Rdmsr(int index) implements Exit {}

  record Wrmsr(int index, long data) implements Exit {}

  /** Any other reason. */
  record Unknown(int reason, long hardwareReason) implements Exit {}

  /** Reads the exit that stands in the run page. */
  static Exit decode(RunPage page) {
    int reason = page.exitReason();
    return switch (reason) {
      case KVM_EXIT_IO -> new Io(page.ioIsOut(), page.ioPort(), page.ioSize(), page.ioCount());
      case KVM_EXIT_MMIO ->
          new Mmio(page.mmioIsWrite(), page.mmioAddress(), page.mmioLength(), page.mmioValue());
      case KVM_EXIT_HLT -> new Hlt();
      case KVM_EXIT_SHUTDOWN -> new Shutdown();
      case KVM_EXIT_INTERNAL_ERROR -> internalError(page);
      case KVM_EXIT_FAIL_ENTRY -> new FailEntry(page.failEntryReason(), page.failEntryCpu());
      case KVM_EXIT_SYSTEM_EVENT -> new SystemEvent(page.systemEventType());
      case KVM_EXIT_INTR -> new Intr();
      case KVM_EXIT_IRQ_WINDOW_OPEN -> new IrqWindowOpen();
      case KVM_EXIT_DEBUG ->
          new Debug(page.debugException(), page.debugPc(), page.debugDr6(), page.debugDr7());
      case KVM_EXIT_IOAPIC_EOI -> new IoapicEoi(page.eoiVector());
      case KVM_EXIT_X86_RDMSR -> new Rdmsr(page.msrIndex());
      case KVM_EXIT_X86_WRMSR -> new Wrmsr(page.msrIndex(), page.msrData());
      default -> new Unknown(reason, page.hardwareExitReason());
    };
  }

  private static InternalFailure internalError(RunPage page) {
    boolean emulation =
        page.internalSuberror() == KVM_INTERNAL_ERROR_EMULATION && page.internalNdata() >= 1;
    StringBuilder bytes = new StringBuilder();
    if (page.isEmulationFailureWithBytes()) {
      for (int i = 0; i < page.emulationInstructionSize(); i++) {
        bytes.append(HexFormat.of().toHexDigits((byte) page.emulationInstructionByte(i)));
      }
    }
    return new InternalFailure(
        page.internalSuberror(), emulation ? page.emulationFlags() : 0, bytes.toString());
  }
}
