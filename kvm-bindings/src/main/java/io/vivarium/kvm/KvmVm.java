package io.vivarium.kvm;

import static io.vivarium.kvm.abi.KvmRequests.*;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.vivarium.kvm.abi.KvmCaps;
import io.vivarium.kvm.abi.KvmConstants;
import io.vivarium.kvm.abi.VmStructs.ClearDirtyLog;
import io.vivarium.kvm.abi.VmStructs.ClockData;
import io.vivarium.kvm.abi.VmStructs.CoalescedMmioZone;
import io.vivarium.kvm.abi.VmStructs.DirtyLog;
import io.vivarium.kvm.abi.VmStructs.EnableCap;
import io.vivarium.kvm.abi.VmStructs.Ioeventfd;
import io.vivarium.kvm.abi.VmStructs.IrqLevel;
import io.vivarium.kvm.abi.VmStructs.IrqRouting;
import io.vivarium.kvm.abi.VmStructs.IrqRoutingEntry;
import io.vivarium.kvm.abi.VmStructs.Irqchip;
import io.vivarium.kvm.abi.VmStructs.Irqfd;
import io.vivarium.kvm.abi.VmStructs.Msi;
import io.vivarium.kvm.abi.VmStructs.PitConfig;
import io.vivarium.kvm.abi.VmStructs.PitState2;
import io.vivarium.kvm.abi.VmStructs.ReinjectControl;
import io.vivarium.kvm.abi.VmStructs.UserspaceMemoryRegion;
import io.vivarium.linux.EventFd;
import io.vivarium.linux.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A VM's descriptor: its memory slots, interrupt chips, clock and vCPUs. Safe for use by several
 * threads.
 *
 * <p>Close the vCPUs first, then this, then unmap the guest's memory.
 */
public final class KvmVm implements AutoCloseable {
  /** For {@link #irqLine}, which is hot: all its arguments, laid out once. */
  private static final int PREPARED_GSIS = 64;

  private static final MemorySegment IRQ_LEVELS = irqLevels();

  private final Fd fd;
  private final int runPageSize;

  KvmVm(Fd fd, int runPageSize) {
    this.fd = fd;
    this.runPageSize = runPageSize;
  }

  public Fd fd() {
    return fd;
  }

  /** KVM_CHECK_EXTENSION for this VM: what its settings leave of a capability. */
  public int checkExtension(int capability) throws KvmException {
    return Ioctl.call(fd, KVM_CHECK_EXTENSION, capability);
  }

  /** Turns a capability of {@link KvmCaps} on, with the arguments that it defines. */
  public void enableCap(int capability, long... arguments) throws KvmException {
    enableCap(fd, capability, arguments);
  }

  static void enableCap(Fd fd, int capability, long... arguments) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cap = arena.allocate(EnableCap.SIZE, 8);
      cap.set(JAVA_INT, EnableCap.CAP, capability);
      for (int i = 0; i < arguments.length; i++) {
        cap.set(JAVA_LONG, EnableCap.ARGS + 8L * i, arguments[i]);
      }
      Ioctl.call(fd, KVM_ENABLE_CAP, cap);
    }
  }

  /** Makes a vCPU and maps its run page. The id is its local APIC's, from 0. */
  public KvmVcpu createVcpu(int id) throws KvmException {
    int number = Ioctl.call(fd, KVM_CREATE_VCPU, id);
    int xsaveSize = Math.max(checkExtension(KvmCaps.KVM_CAP_XSAVE2), 4096);
    return KvmVcpu.of(new Fd(number, "vCPU " + id), id, runPageSize, xsaveSize);
  }

  // Memory

  /**
   * Makes or changes a memory slot.
   *
   * @param slot its number, from 0
   * @param flags KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY, or 0
   * @param guestAddress guest-physical address, a multiple of 4096
   * @param host native memory behind it, its address and size multiples of 4096; it must stay
   *     mapped until the slot or the VM is gone
   */
  public void setUserMemoryRegion(int slot, int flags, long guestAddress, MemorySegment host)
      throws KvmException {
    setRegion(slot, flags, guestAddress, host.byteSize(), host.address());
  }

  /** Takes a memory slot away. */
  public void deleteMemoryRegion(int slot) throws KvmException {
    setRegion(slot, 0, 0, 0, 0);
  }

  private void setRegion(int slot, int flags, long guestAddress, long size, long hostAddress)
      throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment region = arena.allocate(UserspaceMemoryRegion.SIZE, 8);
      region.set(JAVA_INT, UserspaceMemoryRegion.SLOT, slot);
      region.set(JAVA_INT, UserspaceMemoryRegion.FLAGS, flags);
      region.set(JAVA_LONG, UserspaceMemoryRegion.GUEST_PHYS_ADDR, guestAddress);
      region.set(JAVA_LONG, UserspaceMemoryRegion.MEMORY_SIZE, size);
      region.set(JAVA_LONG, UserspaceMemoryRegion.USERSPACE_ADDR, hostAddress);
      Ioctl.call(fd, KVM_SET_USER_MEMORY_REGION, region);
    }
  }

  /**
   * Reads a slot's dirty log: one bit a page, the lowest bit first. Without manual protection it is
   * also cleared.
   *
   * @param pages size of the slot in pages of 4096 bytes
   */
  public long[] dirtyLog(int slot, long pages) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bitmap = arena.allocate((pages + 63) / 64 * 8, 8);
      MemorySegment log = arena.allocate(DirtyLog.SIZE, 8);
      log.set(JAVA_INT, DirtyLog.SLOT, slot);
      log.set(JAVA_LONG, DirtyLog.DIRTY_BITMAP, bitmap.address());
      Ioctl.call(fd, KVM_GET_DIRTY_LOG, log);
      return bitmap.toArray(JAVA_LONG);
    }
  }

  /**
   * Clears bits of the dirty log and protects those pages again; needs {@link
   * #enableManualDirtyLogProtect}.
   *
   * @param firstPage a multiple of 64
   * @param pages a multiple of 64, or up to the slot's end
   * @param bitmap which of them to clear, starting at firstPage
   */
  public void clearDirtyLog(int slot, long firstPage, int pages, long[] bitmap)
      throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bits = arena.allocate((pages + 63L) / 64 * 8, 8);
      MemorySegment.copy(bitmap, 0, bits, JAVA_LONG, 0, (pages + 63) / 64);
      MemorySegment log = arena.allocate(ClearDirtyLog.SIZE, 8);
      log.set(JAVA_INT, ClearDirtyLog.SLOT, slot);
      log.set(JAVA_INT, ClearDirtyLog.NUM_PAGES, pages);
      log.set(JAVA_LONG, ClearDirtyLog.FIRST_PAGE, firstPage);
      log.set(JAVA_LONG, ClearDirtyLog.DIRTY_BITMAP, bits.address());
      Ioctl.call(fd, KVM_CLEAR_DIRTY_LOG, log);
    }
  }

  /** Reading the dirty log no longer clears it: {@link #clearDirtyLog} does. */
  public void enableManualDirtyLogProtect(boolean initiallySet) throws KvmException {
    enableCap(
        KvmCaps.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2,
        KvmConstants.KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE
            | (initiallySet ? KvmConstants.KVM_DIRTY_LOG_INITIALLY_SET : 0));
  }

  /** Three pages below 4 GiB that Intel processors need and no RAM may overlap. */
  public void setTssAddr(long guestAddress) throws KvmException {
    Ioctl.call(fd, KVM_SET_TSS_ADDR, guestAddress);
  }

  /** One page that Intel processors need and no RAM may overlap; before the first vCPU. */
  public void setIdentityMapAddr(long guestAddress) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      Ioctl.call(fd, KVM_SET_IDENTITY_MAP_ADDR, arena.allocateFrom(JAVA_LONG, guestAddress));
    }
  }

  // Interrupts

  /** Makes the two PICs, the IOAPIC and the vCPUs' local APICs in the kernel. Before vCPUs. */
  public void createIrqchip() throws KvmException {
    Ioctl.call(fd, KVM_CREATE_IRQCHIP, 0);
  }

  /** Local APICs only in the kernel; PICs and IOAPIC are ours. Before vCPUs. */
  public void enableSplitIrqchip(int ioapicPins) throws KvmException {
    enableCap(KvmCaps.KVM_CAP_SPLIT_IRQCHIP, ioapicPins);
  }

  /**
   * KVM_RUN returns KVM_INTERNAL_ERROR_EMULATION, with the instruction's bytes, where KVM's
   * emulator fails, instead of putting #UD into the guest.
   */
  public void enableExitOnEmulationFailure() throws KvmException {
    enableCap(KvmCaps.KVM_CAP_EXIT_ON_EMULATION_FAILURE, 1);
  }

  /** A chip's 512 bytes of state, by KVM_IRQCHIP_*. */
  public byte[] getIrqchip(int chip) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Irqchip.SIZE, 8);
      state.set(JAVA_INT, Irqchip.CHIP_ID, chip);
      Ioctl.call(fd, KVM_GET_IRQCHIP, state);
      return state.asSlice(Irqchip.CHIP).toArray(JAVA_BYTE);
    }
  }

  /** Sets a chip's 512 bytes of state. Throws IllegalArgumentException at any other length. */
  public void setIrqchip(int chip, byte[] bytes) throws KvmException {
    int size = Irqchip.SIZE - Irqchip.CHIP;
    if (bytes.length != size) {
      throw new IllegalArgumentException("an irqchip's state has 512 bytes, not " + bytes.length);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Irqchip.SIZE, 8);
      state.set(JAVA_INT, Irqchip.CHIP_ID, chip);
      MemorySegment.copy(bytes, 0, state, JAVA_BYTE, Irqchip.CHIP, size);
      Ioctl.call(fd, KVM_SET_IRQCHIP, state);
    }
  }

  /**
   * Makes the timer chip (i8254) in the kernel, after the irqchip.
   *
   * @param speakerDummy also port 0x61
   */
  public void createPit2(boolean speakerDummy) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment config = arena.allocate(PitConfig.SIZE, 8);
      config.set(JAVA_INT, PitConfig.FLAGS, speakerDummy ? KvmConstants.KVM_PIT_SPEAKER_DUMMY : 0);
      Ioctl.call(fd, KVM_CREATE_PIT2, config);
    }
  }

  /** The timer chip's state, {@code struct kvm_pit_state2}, 112 bytes. */
  public byte[] getPit2() throws KvmException {
    return Ioctl.get(fd, KVM_GET_PIT2, PitState2.SIZE);
  }

  public void setPit2(byte[] state) throws KvmException {
    Ioctl.set(fd, KVM_SET_PIT2, PitState2.SIZE, state);
  }

  /** Whether timer ticks that a guest missed are delivered late (the default) or dropped. */
  public void setPitReinject(boolean reinject) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment control = arena.allocate(ReinjectControl.SIZE, 8);
      control.set(JAVA_BYTE, ReinjectControl.PIT_REINJECT, (byte) (reinject ? 1 : 0));
      Ioctl.call(fd, KVM_REINJECT_CONTROL, control);
    }
  }

  /** Sets an interrupt line of the in-kernel chips. GSIs 0 to 63 are the fast case. */
  public void irqLine(int gsi, boolean level) throws KvmException {
    if (gsi >= 0 && gsi < PREPARED_GSIS) {
      long prepared = ((long) gsi * 2 + (level ? 1 : 0)) * IrqLevel.SIZE;
      Ioctl.call(fd, KVM_IRQ_LINE, IRQ_LEVELS.address() + prepared);
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment line = arena.allocate(IrqLevel.SIZE, 8);
      line.set(JAVA_INT, IrqLevel.IRQ, gsi);
      line.set(JAVA_INT, IrqLevel.LEVEL, level ? 1 : 0);
      Ioctl.call(fd, KVM_IRQ_LINE, line);
    }
  }

  private static MemorySegment irqLevels() {
    MemorySegment levels = Arena.global().allocate(2L * PREPARED_GSIS * IrqLevel.SIZE, 8);
    for (int i = 0; i < 2 * PREPARED_GSIS; i++) {
      levels.set(JAVA_INT, (long) i * IrqLevel.SIZE + IrqLevel.IRQ, i / 2);
      levels.set(JAVA_INT, (long) i * IrqLevel.SIZE + IrqLevel.LEVEL, i % 2);
    }
    return levels;
  }

  /**
   * Signalling the event raises the interrupt: an edge, or with a resample event a level that stays
   * until the guest's end-of-interrupt, which signals {@code resample}.
   */
  public void assignIrqfd(EventFd event, int gsi, @Nullable EventFd resample) throws KvmException {
    int flags = resample == null ? 0 : KvmConstants.KVM_IRQFD_FLAG_RESAMPLE;
    irqfd(event, gsi, flags, resample == null ? 0 : resample.fd().number());
  }

  /** Undoes {@link #assignIrqfd}. */
  public void deassignIrqfd(EventFd event, int gsi) throws KvmException {
    irqfd(event, gsi, KvmConstants.KVM_IRQFD_FLAG_DEASSIGN, 0);
  }

  private void irqfd(EventFd event, int gsi, int flags, int resampleFd) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment irqfd = arena.allocate(Irqfd.SIZE, 8);
      irqfd.set(JAVA_INT, Irqfd.FD, event.fd().number());
      irqfd.set(JAVA_INT, Irqfd.GSI, gsi);
      irqfd.set(JAVA_INT, Irqfd.FLAGS, flags);
      irqfd.set(JAVA_INT, Irqfd.RESAMPLEFD, resampleFd);
      Ioctl.call(fd, KVM_IRQFD, irqfd);
    }
  }

  /** A guest's write that matches signals the event instead of leaving KVM_RUN. */
  public void assignIoeventfd(EventFd event, IoAddress address) throws KvmException {
    ioeventfd(event, address, 0);
  }

  /** Undoes {@link #assignIoeventfd}. */
  public void deassignIoeventfd(EventFd event, IoAddress address) throws KvmException {
    ioeventfd(event, address, KvmConstants.KVM_IOEVENTFD_FLAG_DEASSIGN);
  }

  private void ioeventfd(EventFd event, IoAddress address, int flags) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment io = arena.allocate(Ioeventfd.SIZE, 8);
      io.set(JAVA_LONG, Ioeventfd.DATAMATCH, address.matchedValue());
      io.set(JAVA_LONG, Ioeventfd.ADDR, address.address());
      io.set(JAVA_INT, Ioeventfd.LEN, address.length());
      io.set(JAVA_INT, Ioeventfd.FD, event.fd().number());
      io.set(JAVA_INT, Ioeventfd.FLAGS, flags | address.flags());
      Ioctl.call(fd, KVM_IOEVENTFD, io);
    }
  }

  /**
   * Lets the guest's writes to a port not leave the kernel, which keeps them back in {@link
   * KvmVcpu#coalescedWrites} until somebody takes them, and leaves KVM_RUN when no room is left.
   * Ports are few; the order among all that are coalesced is kept.
   *
   * @return false when this host's KVM cannot do that
   */
  public boolean coalescePort(int port) throws KvmException {
    if (checkExtension(KvmCaps.KVM_CAP_COALESCED_PIO) == 0) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment zone = arena.allocate(CoalescedMmioZone.SIZE, 8);
      zone.set(JAVA_LONG, CoalescedMmioZone.ADDR, port);
      zone.set(JAVA_INT, CoalescedMmioZone.ADDR + 8, 1);
      zone.set(JAVA_INT, CoalescedMmioZone.PIO, 1);
      Ioctl.call(fd, KVM_REGISTER_COALESCED_MMIO, zone);
    }
    return true;
  }

  /** Replaces the whole table that says where GSIs lead; several entries may share a GSI. */
  public void setGsiRouting(List<IrqRoute> routes) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table =
          arena.allocate(IrqRouting.SIZE + (long) routes.size() * IrqRoutingEntry.SIZE, 8);
      table.set(JAVA_INT, IrqRouting.NR, routes.size());
      long at = IrqRouting.ENTRIES;
      for (IrqRoute route : routes) {
        table.set(JAVA_INT, at + IrqRoutingEntry.GSI, route.gsi());
        switch (route) {
          case IrqRoute.Irqchip(int _, int irqchip, int pin) -> {
            table.set(JAVA_INT, at + IrqRoutingEntry.TYPE, KvmConstants.KVM_IRQ_ROUTING_IRQCHIP);
            table.set(JAVA_INT, at + IrqRoutingEntry.U__IRQCHIP__IRQCHIP, irqchip);
            table.set(JAVA_INT, at + IrqRoutingEntry.U__IRQCHIP__PIN, pin);
          }
          case IrqRoute.Msi(int _, long address, int data) -> {
            table.set(JAVA_INT, at + IrqRoutingEntry.TYPE, KvmConstants.KVM_IRQ_ROUTING_MSI);
            table.set(JAVA_INT, at + IrqRoutingEntry.U__MSI__ADDRESS_LO, (int) address);
            table.set(JAVA_INT, at + IrqRoutingEntry.U__MSI__ADDRESS_HI, (int) (address >>> 32));
            table.set(JAVA_INT, at + IrqRoutingEntry.U__MSI__DATA, data);
          }
        }
        at += IrqRoutingEntry.SIZE;
      }
      Ioctl.call(fd, KVM_SET_GSI_ROUTING, table);
    }
  }

  /**
   * Delivers a message interrupt now.
   *
   * @return whether a vCPU took it; false when the guest blocked it
   */
  public boolean signalMsi(long address, int data) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment msi = arena.allocate(Msi.SIZE, 8);
      msi.set(JAVA_INT, Msi.ADDRESS_LO, (int) address);
      msi.set(JAVA_INT, Msi.ADDRESS_HI, (int) (address >>> 32));
      msi.set(JAVA_INT, Msi.DATA, data);
      return Ioctl.call(fd, KVM_SIGNAL_MSI, msi) > 0;
    }
  }

  // Clock

  public KvmClockData getClock() throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment clock = arena.allocate(ClockData.SIZE, 8);
      Ioctl.call(fd, KVM_GET_CLOCK, clock);
      return new KvmClockData(
          clock.get(JAVA_LONG, ClockData.CLOCK),
          clock.get(JAVA_INT, ClockData.FLAGS),
          clock.get(JAVA_LONG, ClockData.REALTIME),
          clock.get(JAVA_LONG, ClockData.HOST_TSC));
    }
  }

  /** Only the flag KVM_CLOCK_REALTIME may be set; see {@link KvmClockData#since}. */
  public void setClock(KvmClockData data) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment clock = arena.allocate(ClockData.SIZE, 8);
      clock.set(JAVA_LONG, ClockData.CLOCK, data.clock());
      clock.set(JAVA_INT, ClockData.FLAGS, data.flags());
      clock.set(JAVA_LONG, ClockData.REALTIME, data.realtime());
      clock.set(JAVA_LONG, ClockData.HOST_TSC, data.hostTsc());
      Ioctl.call(fd, KVM_SET_CLOCK, clock);
    }
  }

  /** Which vCPU is the one that boots; before any is made. */
  public void setBootCpuId(int id) throws KvmException {
    Ioctl.call(fd, KVM_SET_BOOT_CPU_ID, id);
  }

  @Override
  public void close() {
    fd.close();
  }
}
