package io.vivarium.kvm.abi;

/**
 * Offsets and sizes in bytes of the structs that vCPU ioctls use. A class is a struct, a constant a
 * field's offset; a double underline stands for the dot of a nested field.
 */
public final class VcpuStructs {
  private VcpuStructs() {}

  /** {@code struct kvm_run}. */
  public static final class Run {
    public static final int SIZE = 2352;
    public static final int REQUEST_INTERRUPT_WINDOW = 0;
    public static final int IMMEDIATE_EXIT = 1;
    public static final int EXIT_REASON = 8;
    public static final int READY_FOR_INTERRUPT_INJECTION = 12;
    public static final int IF_FLAG = 13;
    public static final int FLAGS = 14;
    public static final int CR8 = 16;
    public static final int APIC_BASE = 24;
    public static final int HW__HARDWARE_EXIT_REASON = 32;
    public static final int FAIL_ENTRY__HARDWARE_ENTRY_FAILURE_REASON = 32;
    public static final int FAIL_ENTRY__CPU = 40;
    public static final int EX__EXCEPTION = 32;
    public static final int EX__ERROR_CODE = 36;
    public static final int IO__DIRECTION = 32;
    public static final int IO__SIZE = 33;
    public static final int IO__PORT = 34;
    public static final int IO__COUNT = 36;
    public static final int IO__DATA_OFFSET = 40;
    public static final int DEBUG__ARCH__EXCEPTION = 32;
    public static final int DEBUG__ARCH__PC = 40;
    public static final int DEBUG__ARCH__DR6 = 48;
    public static final int DEBUG__ARCH__DR7 = 56;
    public static final int MMIO__PHYS_ADDR = 32;
    public static final int MMIO__DATA = 40;
    public static final int MMIO__LEN = 48;
    public static final int MMIO__IS_WRITE = 52;
    public static final int HYPERCALL__NR = 32;
    public static final int INTERNAL__SUBERROR = 32;
    public static final int INTERNAL__NDATA = 36;
    public static final int INTERNAL__DATA = 40;
    public static final int EMULATION_FAILURE__FLAGS = 40;
    public static final int EMULATION_FAILURE__INSN_SIZE = 48;
    public static final int EMULATION_FAILURE__INSN_BYTES = 49;
    public static final int SYSTEM_EVENT__TYPE = 32;
    public static final int SYSTEM_EVENT__NDATA = 36;
    public static final int SYSTEM_EVENT__DATA = 40;
    public static final int EOI__VECTOR = 32;
    public static final int MSR__ERROR = 32;
    public static final int MSR__REASON = 40;
    public static final int MSR__INDEX = 44;
    public static final int MSR__DATA = 48;
    public static final int KVM_VALID_REGS = 288;
    public static final int KVM_DIRTY_REGS = 296;
    public static final int S__REGS = 304;

    private Run() {}
  }

  /** {@code struct kvm_sync_regs}. */
  public static final class SyncRegs {
    public static final int SIZE = 520;
    public static final int REGS = 0;
    public static final int SREGS = 144;
    public static final int EVENTS = 456;

    private SyncRegs() {}
  }

  /** {@code struct kvm_regs}. */
  public static final class Regs {
    public static final int SIZE = 144;
    public static final int RAX = 0;
    public static final int RBX = 8;
    public static final int RCX = 16;
    public static final int RDX = 24;
    public static final int RSI = 32;
    public static final int RDI = 40;
    public static final int RSP = 48;
    public static final int RBP = 56;
    public static final int R8 = 64;
    public static final int R9 = 72;
    public static final int R10 = 80;
    public static final int R11 = 88;
    public static final int R12 = 96;
    public static final int R13 = 104;
    public static final int R14 = 112;
    public static final int R15 = 120;
    public static final int RIP = 128;
    public static final int RFLAGS = 136;

    private Regs() {}
  }

  /** {@code struct kvm_sregs}. */
  public static final class Sregs {
    public static final int SIZE = 312;
    public static final int CS = 0;
    public static final int DS = 24;
    public static final int ES = 48;
    public static final int FS = 72;
    public static final int GS = 96;
    public static final int SS = 120;
    public static final int TR = 144;
    public static final int LDT = 168;
    public static final int GDT = 192;
    public static final int IDT = 208;
    public static final int CR0 = 224;
    public static final int CR2 = 232;
    public static final int CR3 = 240;
    public static final int CR4 = 248;
    public static final int CR8 = 256;
    public static final int EFER = 264;
    public static final int APIC_BASE = 272;
    public static final int INTERRUPT_BITMAP = 280;

    private Sregs() {}
  }

  /** {@code struct kvm_segment}. */
  public static final class Segment {
    public static final int SIZE = 24;
    public static final int BASE = 0;
    public static final int LIMIT = 8;
    public static final int SELECTOR = 12;
    public static final int TYPE = 14;
    public static final int PRESENT = 15;
    public static final int DPL = 16;
    public static final int DB = 17;
    public static final int S = 18;
    public static final int L = 19;
    public static final int G = 20;
    public static final int AVL = 21;
    public static final int UNUSABLE = 22;

    private Segment() {}
  }

  /** {@code struct kvm_dtable}. */
  public static final class Dtable {
    public static final int SIZE = 16;
    public static final int BASE = 0;
    public static final int LIMIT = 8;

    private Dtable() {}
  }

  /** {@code struct kvm_vcpu_events}. */
  public static final class VcpuEvents {
    public static final int SIZE = 64;
    public static final int EXCEPTION__INJECTED = 0;
    public static final int EXCEPTION__NR = 1;
    public static final int EXCEPTION__HAS_ERROR_CODE = 2;
    public static final int EXCEPTION__PENDING = 3;
    public static final int EXCEPTION__ERROR_CODE = 4;
    public static final int INTERRUPT__INJECTED = 8;
    public static final int INTERRUPT__NR = 9;
    public static final int INTERRUPT__SOFT = 10;
    public static final int INTERRUPT__SHADOW = 11;
    public static final int NMI__INJECTED = 12;
    public static final int NMI__PENDING = 13;
    public static final int NMI__MASKED = 14;
    public static final int SIPI_VECTOR = 16;
    public static final int FLAGS = 20;
    public static final int SMI__SMM = 24;
    public static final int SMI__PENDING = 25;
    public static final int SMI__SMM_INSIDE_NMI = 26;
    public static final int SMI__LATCHED_INIT = 27;
    public static final int TRIPLE_FAULT__PENDING = 28;
    public static final int EXCEPTION_HAS_PAYLOAD = 55;
    public static final int EXCEPTION_PAYLOAD = 56;

    private VcpuEvents() {}
  }

  /** {@code struct kvm_cpuid_entry2}. */
  public static final class CpuidEntry2 {
    public static final int SIZE = 40;
    public static final int FUNCTION = 0;
    public static final int INDEX = 4;
    public static final int FLAGS = 8;
    public static final int EAX = 12;
    public static final int EBX = 16;
    public static final int ECX = 20;
    public static final int EDX = 24;

    private CpuidEntry2() {}
  }

  /** {@code struct kvm_cpuid2}. */
  public static final class Cpuid2 {
    public static final int SIZE = 8;
    public static final int NENT = 0;
    public static final int ENTRIES = 8;

    private Cpuid2() {}
  }

  /** {@code struct kvm_msr_entry}. */
  public static final class MsrEntry {
    public static final int SIZE = 16;
    public static final int INDEX = 0;
    public static final int DATA = 8;

    private MsrEntry() {}
  }

  /** {@code struct kvm_msrs}. */
  public static final class Msrs {
    public static final int SIZE = 8;
    public static final int NMSRS = 0;
    public static final int ENTRIES = 8;

    private Msrs() {}
  }

  /** {@code struct kvm_msr_list}. */
  public static final class MsrList {
    public static final int SIZE = 4;
    public static final int NMSRS = 0;
    public static final int INDICES = 4;

    private MsrList() {}
  }

  /** {@code struct kvm_fpu}. */
  public static final class Fpu {
    public static final int SIZE = 416;
    public static final int FPR = 0;
    public static final int FCW = 128;
    public static final int FSW = 130;
    public static final int FTWX = 132;
    public static final int LAST_OPCODE = 134;
    public static final int LAST_IP = 136;
    public static final int LAST_DP = 144;
    public static final int XMM = 152;
    public static final int MXCSR = 408;

    private Fpu() {}
  }

  /** {@code struct kvm_lapic_state}. */
  public static final class LapicState {
    public static final int SIZE = 1024;
    public static final int REGS = 0;

    private LapicState() {}
  }

  /** {@code struct kvm_xcr}. */
  public static final class Xcr {
    public static final int SIZE = 16;
    public static final int XCR = 0;
    public static final int VALUE = 8;

    private Xcr() {}
  }

  /** {@code struct kvm_xcrs}. */
  public static final class Xcrs {
    public static final int SIZE = 392;
    public static final int NR_XCRS = 0;
    public static final int FLAGS = 4;
    public static final int XCRS = 8;

    private Xcrs() {}
  }

  /** {@code struct kvm_debugregs}. */
  public static final class Debugregs {
    public static final int SIZE = 128;
    public static final int DB = 0;
    public static final int DR6 = 32;
    public static final int DR7 = 40;
    public static final int FLAGS = 48;

    private Debugregs() {}
  }

  /** {@code struct kvm_translation}. */
  public static final class Translation {
    public static final int SIZE = 24;
    public static final int LINEAR_ADDRESS = 0;
    public static final int PHYSICAL_ADDRESS = 8;
    public static final int VALID = 16;
    public static final int WRITEABLE = 17;
    public static final int USERMODE = 18;

    private Translation() {}
  }

  /** {@code struct kvm_mp_state}. */
  public static final class MpState {
    public static final int SIZE = 4;
    public static final int MP_STATE = 0;

    private MpState() {}
  }

  /** {@code struct kvm_interrupt}. */
  public static final class Interrupt {
    public static final int SIZE = 4;
    public static final int IRQ = 0;

    private Interrupt() {}
  }

  /** {@code struct kvm_guest_debug}. */
  public static final class GuestDebug {
    public static final int SIZE = 72;
    public static final int CONTROL = 0;
    public static final int ARCH__DEBUGREG = 8;

    private GuestDebug() {}
  }

  /** {@code struct kvm_signal_mask}. */
  public static final class SignalMask {
    public static final int SIZE = 4;
    public static final int LEN = 0;
    public static final int SIGSET = 4;

    private SignalMask() {}
  }

  /** {@code struct kvm_device_attr}. */
  public static final class DeviceAttr {
    public static final int SIZE = 24;
    public static final int FLAGS = 0;
    public static final int GROUP = 4;
    public static final int ATTR = 8;
    public static final int ADDR = 16;

    private DeviceAttr() {}
  }
}
