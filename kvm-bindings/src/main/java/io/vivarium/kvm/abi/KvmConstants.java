package io.vivarium.kvm.abi;

/** Constants of {@code linux/kvm.h} and {@code asm/kvm.h} that fill or explain struct fields. */
public final class KvmConstants {
  // Exit reasons of kvm_run
  public static final int KVM_EXIT_UNKNOWN = 0;
  public static final int KVM_EXIT_EXCEPTION = 1;
  public static final int KVM_EXIT_IO = 2;
  public static final int KVM_EXIT_HYPERCALL = 3;
  public static final int KVM_EXIT_DEBUG = 4;
  public static final int KVM_EXIT_HLT = 5;
  public static final int KVM_EXIT_MMIO = 6;
  public static final int KVM_EXIT_IRQ_WINDOW_OPEN = 7;
  public static final int KVM_EXIT_SHUTDOWN = 8;
  public static final int KVM_EXIT_FAIL_ENTRY = 9;
  public static final int KVM_EXIT_INTR = 10;
  public static final int KVM_EXIT_SET_TPR = 11;
  public static final int KVM_EXIT_TPR_ACCESS = 12;
  public static final int KVM_EXIT_NMI = 16;
  public static final int KVM_EXIT_INTERNAL_ERROR = 17;
  public static final int KVM_EXIT_SYSTEM_EVENT = 24;
  public static final int KVM_EXIT_IOAPIC_EOI = 26;
  public static final int KVM_EXIT_HYPERV = 27;
  public static final int KVM_EXIT_X86_RDMSR = 29;
  public static final int KVM_EXIT_X86_WRMSR = 30;
  public static final int KVM_EXIT_DIRTY_RING_FULL = 31;
  public static final int KVM_EXIT_AP_RESET_HOLD = 32;
  public static final int KVM_EXIT_X86_BUS_LOCK = 33;
  public static final int KVM_EXIT_XEN = 34;
  public static final int KVM_EXIT_NOTIFY = 37;
  public static final int KVM_EXIT_IO_IN = 0;
  public static final int KVM_EXIT_IO_OUT = 1;

  // KVM_EXIT_INTERNAL_ERROR: suberror and flags
  public static final int KVM_INTERNAL_ERROR_EMULATION = 1;
  public static final int KVM_INTERNAL_ERROR_SIMUL_EX = 2;
  public static final int KVM_INTERNAL_ERROR_DELIVERY_EV = 3;
  public static final int KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON = 4;
  public static final int KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES = 1;

  // KVM_EXIT_SYSTEM_EVENT: type
  public static final int KVM_SYSTEM_EVENT_SHUTDOWN = 1;
  public static final int KVM_SYSTEM_EVENT_RESET = 2;
  public static final int KVM_SYSTEM_EVENT_CRASH = 3;

  // kvm_userspace_memory_region: flags
  public static final int KVM_MEM_LOG_DIRTY_PAGES = 1;
  public static final int KVM_MEM_READONLY = 2;

  // Dirty log
  public static final int KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE = 1;
  public static final int KVM_DIRTY_LOG_INITIALLY_SET = 2;

  // Interrupts
  public static final int KVM_IRQCHIP_PIC_MASTER = 0;
  public static final int KVM_IRQCHIP_PIC_SLAVE = 1;
  public static final int KVM_IRQCHIP_IOAPIC = 2;
  public static final int KVM_IOAPIC_NUM_PINS = 24;
  public static final int KVM_NR_INTERRUPTS = 256;
  public static final int KVM_IRQ_ROUTING_IRQCHIP = 1;
  public static final int KVM_IRQ_ROUTING_MSI = 2;
  public static final int KVM_IRQFD_FLAG_DEASSIGN = 1;
  public static final int KVM_IRQFD_FLAG_RESAMPLE = 2;
  public static final int KVM_IOEVENTFD_FLAG_DATAMATCH = 1;
  public static final int KVM_IOEVENTFD_FLAG_PIO = 2;
  public static final int KVM_IOEVENTFD_FLAG_DEASSIGN = 4;
  public static final int KVM_PIT_SPEAKER_DUMMY = 1;

  // kvm_clock_data: flags
  public static final int KVM_CLOCK_TSC_STABLE = 2;
  public static final int KVM_CLOCK_REALTIME = 4;
  public static final int KVM_CLOCK_HOST_TSC = 8;

  // kvm_mp_state
  public static final int KVM_MP_STATE_RUNNABLE = 0;
  public static final int KVM_MP_STATE_UNINITIALIZED = 1;
  public static final int KVM_MP_STATE_INIT_RECEIVED = 2;
  public static final int KVM_MP_STATE_HALTED = 3;
  public static final int KVM_MP_STATE_SIPI_RECEIVED = 4;

  // kvm_vcpu_events: flags and interrupt shadow
  public static final int KVM_VCPUEVENT_VALID_NMI_PENDING = 1;
  public static final int KVM_VCPUEVENT_VALID_SIPI_VECTOR = 2;
  public static final int KVM_VCPUEVENT_VALID_SHADOW = 4;
  public static final int KVM_VCPUEVENT_VALID_SMM = 8;
  public static final int KVM_VCPUEVENT_VALID_PAYLOAD = 16;
  public static final int KVM_VCPUEVENT_VALID_TRIPLE_FAULT = 32;
  public static final int KVM_X86_SHADOW_INT_MOV_SS = 1;
  public static final int KVM_X86_SHADOW_INT_STI = 2;

  // Synchronized registers: kvm_valid_regs, kvm_dirty_regs
  public static final int KVM_SYNC_X86_REGS = 1;
  public static final int KVM_SYNC_X86_SREGS = 2;
  public static final int KVM_SYNC_X86_EVENTS = 4;

  // kvm_guest_debug: control
  public static final int KVM_GUESTDBG_ENABLE = 1;
  public static final int KVM_GUESTDBG_SINGLESTEP = 2;
  public static final int KVM_GUESTDBG_USE_SW_BP = 0x10000;
  public static final int KVM_GUESTDBG_USE_HW_BP = 0x20000;

  // kvm_cpuid_entry2: flags
  public static final int KVM_CPUID_FLAG_SIGNIFCANT_INDEX = 1;

  // Device attributes of a vCPU
  public static final int KVM_VCPU_TSC_CTRL = 0;
  public static final int KVM_VCPU_TSC_OFFSET = 0;

  // Sizes
  public static final int KVM_API_VERSION = 12;
  public static final int KVM_APIC_REG_SIZE = 1024;
  public static final int KVM_MAX_XCRS = 16;
  public static final int KVM_PIO_PAGE_OFFSET = 1;
  public static final int KVM_COALESCED_MMIO_PAGE_OFFSET = 2;
  public static final int KVM_DIRTY_LOG_PAGE_OFFSET = 64;

  private KvmConstants() {}
}
