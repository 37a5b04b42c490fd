package io.vivarium.kvm.abi;

import java.lang.reflect.Field;

/** The ioctl request numbers of {@code linux/kvm.h}, for x86-64. */
public final class KvmRequests {
  // /dev/kvm
  public static final long KVM_GET_API_VERSION = 0xae00L;
  public static final long KVM_CREATE_VM = 0xae01L;
  public static final long KVM_GET_MSR_INDEX_LIST = 0xc004ae02L;
  public static final long KVM_CHECK_EXTENSION = 0xae03L;
  public static final long KVM_GET_VCPU_MMAP_SIZE = 0xae04L;
  public static final long KVM_GET_SUPPORTED_CPUID = 0xc008ae05L;
  public static final long KVM_GET_EMULATED_CPUID = 0xc008ae09L;
  public static final long KVM_GET_MSR_FEATURE_INDEX_LIST = 0xc004ae0aL;

  // VM descriptors
  public static final long KVM_CREATE_VCPU = 0xae41L;
  public static final long KVM_GET_DIRTY_LOG = 0x4010ae42L;
  public static final long KVM_CLEAR_DIRTY_LOG = 0xc018aec0L;
  public static final long KVM_SET_USER_MEMORY_REGION = 0x4020ae46L;
  public static final long KVM_SET_TSS_ADDR = 0xae47L;
  public static final long KVM_SET_IDENTITY_MAP_ADDR = 0x4008ae48L;
  public static final long KVM_CREATE_IRQCHIP = 0xae60L;
  public static final long KVM_IRQ_LINE = 0x4008ae61L;
  public static final long KVM_GET_IRQCHIP = 0xc208ae62L;
  public static final long KVM_SET_IRQCHIP = 0x8208ae63L;
  public static final long KVM_REGISTER_COALESCED_MMIO = 0x4010ae67L;
  public static final long KVM_SET_GSI_ROUTING = 0x4008ae6aL;
  public static final long KVM_REINJECT_CONTROL = 0xae71L;
  public static final long KVM_IRQFD = 0x4020ae76L;
  public static final long KVM_CREATE_PIT2 = 0x4040ae77L;
  public static final long KVM_GET_PIT2 = 0x8070ae9fL;
  public static final long KVM_SET_PIT2 = 0x4070aea0L;
  public static final long KVM_SET_BOOT_CPU_ID = 0xae78L;
  public static final long KVM_IOEVENTFD = 0x4040ae79L;
  public static final long KVM_SET_CLOCK = 0x4030ae7bL;
  public static final long KVM_GET_CLOCK = 0x8030ae7cL;
  public static final long KVM_SIGNAL_MSI = 0x4020aea5L;
  public static final long KVM_RESET_DIRTY_RINGS = 0xaec7L;
  public static final long KVM_ENABLE_CAP = 0x4068aea3L;

  // vCPU descriptors
  public static final long KVM_RUN = 0xae80L;
  public static final long KVM_GET_REGS = 0x8090ae81L;
  public static final long KVM_SET_REGS = 0x4090ae82L;
  public static final long KVM_GET_SREGS = 0x8138ae83L;
  public static final long KVM_SET_SREGS = 0x4138ae84L;
  public static final long KVM_TRANSLATE = 0xc018ae85L;
  public static final long KVM_INTERRUPT = 0x4004ae86L;
  public static final long KVM_GET_MSRS = 0xc008ae88L;
  public static final long KVM_SET_MSRS = 0x4008ae89L;
  public static final long KVM_SET_SIGNAL_MASK = 0x4004ae8bL;
  public static final long KVM_GET_FPU = 0x81a0ae8cL;
  public static final long KVM_SET_FPU = 0x41a0ae8dL;
  public static final long KVM_GET_LAPIC = 0x8400ae8eL;
  public static final long KVM_SET_LAPIC = 0x4400ae8fL;
  public static final long KVM_SET_CPUID2 = 0x4008ae90L;
  public static final long KVM_GET_CPUID2 = 0xc008ae91L;
  public static final long KVM_GET_MP_STATE = 0x8004ae98L;
  public static final long KVM_SET_MP_STATE = 0x4004ae99L;
  public static final long KVM_NMI = 0xae9aL;
  public static final long KVM_SET_GUEST_DEBUG = 0x4048ae9bL;
  public static final long KVM_GET_VCPU_EVENTS = 0x8040ae9fL;
  public static final long KVM_SET_VCPU_EVENTS = 0x4040aea0L;
  public static final long KVM_GET_DEBUGREGS = 0x8080aea1L;
  public static final long KVM_SET_DEBUGREGS = 0x4080aea2L;
  public static final long KVM_SET_TSC_KHZ = 0xaea2L;
  public static final long KVM_GET_TSC_KHZ = 0xaea3L;
  public static final long KVM_GET_XSAVE = 0x9000aea4L;
  public static final long KVM_SET_XSAVE = 0x5000aea5L;
  public static final long KVM_GET_XSAVE2 = 0x9000aecfL;
  public static final long KVM_GET_XCRS = 0x8188aea6L;
  public static final long KVM_SET_XCRS = 0x4188aea7L;
  public static final long KVM_KVMCLOCK_CTRL = 0xaeadL;
  public static final long KVM_SET_DEVICE_ATTR = 0x4018aee1L;
  public static final long KVM_GET_DEVICE_ATTR = 0x4018aee2L;
  public static final long KVM_HAS_DEVICE_ATTR = 0x4018aee3L;

  private KvmRequests() {}

  /** The header's name of a request number, for error sentences; slow. */
  public static String name(long request) {
    for (Field field : KvmRequests.class.getFields()) {
      try {
        if (field.getLong(null) == request) {
          return field.getName();
        }
      } catch (IllegalAccessException e) {
        throw new AssertionError(e); // all fields are public
      }
    }
    return "ioctl 0x" + Long.toHexString(request);
  }
}
