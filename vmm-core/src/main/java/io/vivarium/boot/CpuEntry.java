package io.vivarium.boot;

/**
 * The state in which the first processor begins; interrupts are off, segments flat (code selector
 * 0x10, data 0x18, task 0x20, as in the descriptor table).
 *
 * @param mode 64-bit with paging, or 32-bit without
 * @param rip first instruction
 * @param rsp stack
 * @param rsi struct boot_params by the 64-bit boot protocol, else 0
 * @param rbx hvm_start_info by the PVH protocol, else 0
 * @param cr3 page tables; 0 without paging
 * @param gdt address of the descriptor table, all guest-physical
 * @param gdtLimit its size in bytes less one
 */
public record CpuEntry(
    Mode mode, long rip, long rsp, long rsi, long rbx, long cr3, long gdt, int gdtLimit) {
  /** How the processor runs. */
  public enum Mode {
    LONG_64,
    PROTECTED_32
  }

  static CpuEntry linux64(long rip) {
    return new CpuEntry(
        Mode.LONG_64,
        rip,
        LowMemory.STACK_TOP,
        LowMemory.BOOT_PARAMS,
        0,
        LowMemory.PAGE_TABLES,
        LowMemory.GDT,
        0x27);
  }

  static CpuEntry pvh(long rip) {
    return new CpuEntry(
        Mode.PROTECTED_32,
        rip,
        LowMemory.STACK_TOP,
        0,
        LowMemory.PVH_START_INFO,
        0,
        LowMemory.GDT,
        0x27);
  }
}
