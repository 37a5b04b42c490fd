package io.vivarium.machine;

import java.util.List;

/**
 * All of a saved machine but its memory and its devices. Byte arrays are kernel structs as they
 * stand in {@code linux/kvm.h}.
 *
 * @param version of this record
 * @param memoryBytes RAM
 * @param bootId the kernel's id of the host's run, from /proc/sys/kernel/random/boot_id
 * @param vcpus by id
 * @param pic the two i8259 chips, master first
 * @param ioapic the I/O APIC
 * @param pit the i8254, {@code kvm_pit_state2}; empty where it is a device of the chipset
 * @param clock nanoseconds of the guest's kvmclock when saved
 * @param wallClock nanoseconds since 1970 at the same moment
 */
record MachineState(
    int version,
    long memoryBytes,
    String bootId,
    List<Vcpu> vcpus,
    List<Chip> pic,
    Chip ioapic,
    Chip pit,
    long clock,
    long wallClock) {
  static final int VERSION = 1;

  /** An interrupt or timer chip's bytes. */
  @SuppressWarnings("ArrayRecordComponent") // made once, never changed
  record Chip(byte[] bytes) {}

  /** A model-specific register. */
  record Msr(int index, long data) {}

  /** A CPUID leaf as the guest sees it. */
  record Leaf(int function, int index, int flags, int eax, int ebx, int ecx, int edx) {}

  /**
   * One vCPU.
   *
   * @param mpState KVM_MP_STATE_*
   * @param tsc the guest's time stamp counter
   * @param tscKhz its frequency
   */
  @SuppressWarnings("ArrayRecordComponent") // made once, never changed
  record Vcpu(
      byte[] regs,
      byte[] sregs,
      byte[] events,
      byte[] xsave,
      byte[] xcrs,
      byte[] debugregs,
      byte[] lapic,
      int mpState,
      long tsc,
      int tscKhz,
      List<Msr> msrs,
      List<Leaf> cpuid) {}
}
