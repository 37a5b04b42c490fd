package io.vivarium.kvm.abi;

/**
 * Offsets and sizes in bytes of the structs that VM ioctls use. A class is a struct, a constant a
 * field's offset; a double underline stands for the dot of a nested field.
 */
public final class VmStructs {
  private VmStructs() {}

  /** {@code struct kvm_userspace_memory_region}. */
  public static final class UserspaceMemoryRegion {
    public static final int SIZE = 32;
    public static final int SLOT = 0;
    public static final int FLAGS = 4;
    public static final int GUEST_PHYS_ADDR = 8;
    public static final int MEMORY_SIZE = 16;
    public static final int USERSPACE_ADDR = 24;

    private UserspaceMemoryRegion() {}
  }

  /** {@code struct kvm_irq_level}. */
  public static final class IrqLevel {
    public static final int SIZE = 8;
    public static final int IRQ = 0;
    public static final int LEVEL = 4;

    private IrqLevel() {}
  }

  /** {@code struct kvm_irqchip}. */
  public static final class Irqchip {
    public static final int SIZE = 520;
    public static final int CHIP_ID = 0;
    public static final int CHIP = 8;

    private Irqchip() {}
  }

  /** {@code struct kvm_pit_config}. */
  public static final class PitConfig {
    public static final int SIZE = 64;
    public static final int FLAGS = 0;

    private PitConfig() {}
  }

  /** {@code struct kvm_pit_state2}. */
  public static final class PitState2 {
    public static final int SIZE = 112;
    public static final int CHANNELS = 0;
    public static final int FLAGS = 72;

    private PitState2() {}
  }

  /** {@code struct kvm_clock_data}. */
  public static final class ClockData {
    public static final int SIZE = 48;
    public static final int CLOCK = 0;
    public static final int FLAGS = 8;
    public static final int REALTIME = 16;
    public static final int HOST_TSC = 24;

    private ClockData() {}
  }

  /** {@code struct kvm_irqfd}. */
  public static final class Irqfd {
    public static final int SIZE = 32;
    public static final int FD = 0;
    public static final int GSI = 4;
    public static final int FLAGS = 8;
    public static final int RESAMPLEFD = 12;

    private Irqfd() {}
  }

  /** {@code struct kvm_ioeventfd}. */
  public static final class Ioeventfd {
    public static final int SIZE = 64;
    public static final int DATAMATCH = 0;
    public static final int ADDR = 8;
    public static final int LEN = 16;
    public static final int FD = 20;
    public static final int FLAGS = 24;

    private Ioeventfd() {}
  }

  /** {@code struct kvm_coalesced_mmio_zone}; its size, in bytes, stands at {@link #ADDR} + 8. */
  public static final class CoalescedMmioZone {
    public static final int SIZE = 16;
    public static final int ADDR = 0;
    public static final int PIO = 12;

    private CoalescedMmioZone() {}
  }

  /** {@code struct kvm_coalesced_mmio_ring}. */
  public static final class CoalescedMmioRing {
    public static final int SIZE = 8;
    public static final int FIRST = 0;
    public static final int LAST = 4;
    public static final int COALESCED_MMIO = 8;

    private CoalescedMmioRing() {}
  }

  /** {@code struct kvm_coalesced_mmio}. */
  public static final class CoalescedMmio {
    public static final int SIZE = 24;
    public static final int PHYS_ADDR = 0;
    public static final int LEN = 8;
    public static final int PIO = 12;
    public static final int DATA = 16;

    private CoalescedMmio() {}
  }

  /** {@code struct kvm_irq_routing}. */
  public static final class IrqRouting {
    public static final int SIZE = 8;
    public static final int NR = 0;
    public static final int FLAGS = 4;
    public static final int ENTRIES = 8;

    private IrqRouting() {}
  }

  /** {@code struct kvm_irq_routing_entry}. */
  public static final class IrqRoutingEntry {
    public static final int SIZE = 48;
    public static final int GSI = 0;
    public static final int TYPE = 4;
    public static final int FLAGS = 8;
    public static final int U__IRQCHIP__IRQCHIP = 16;
    public static final int U__IRQCHIP__PIN = 20;
    public static final int U__MSI__ADDRESS_LO = 16;
    public static final int U__MSI__ADDRESS_HI = 20;
    public static final int U__MSI__DATA = 24;

    private IrqRoutingEntry() {}
  }

  /** {@code struct kvm_msi}. */
  public static final class Msi {
    public static final int SIZE = 32;
    public static final int ADDRESS_LO = 0;
    public static final int ADDRESS_HI = 4;
    public static final int DATA = 8;
    public static final int FLAGS = 12;
    public static final int DEVID = 16;

    private Msi() {}
  }

  /** {@code struct kvm_enable_cap}. */
  public static final class EnableCap {
    public static final int SIZE = 104;
    public static final int CAP = 0;
    public static final int FLAGS = 4;
    public static final int ARGS = 8;

    private EnableCap() {}
  }

  /** {@code struct kvm_reinject_control}. */
  public static final class ReinjectControl {
    public static final int SIZE = 32;
    public static final int PIT_REINJECT = 0;

    private ReinjectControl() {}
  }

  /** {@code struct kvm_dirty_log}. */
  public static final class DirtyLog {
    public static final int SIZE = 16;
    public static final int SLOT = 0;
    public static final int DIRTY_BITMAP = 8;

    private DirtyLog() {}
  }

  /** {@code struct kvm_clear_dirty_log}. */
  public static final class ClearDirtyLog {
    public static final int SIZE = 24;
    public static final int SLOT = 0;
    public static final int NUM_PAGES = 4;
    public static final int FIRST_PAGE = 8;
    public static final int DIRTY_BITMAP = 16;

    private ClearDirtyLog() {}
  }
}
