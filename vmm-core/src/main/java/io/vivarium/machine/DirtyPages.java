package io.vivarium.machine;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.devices.memory.TouchedPages;
import io.vivarium.kvm.KvmException;
import io.vivarium.kvm.KvmVm;
import io.vivarium.kvm.abi.KvmConstants;
import java.lang.System.Logger.Level;
import java.util.BitSet;
import java.util.List;

/**
 * Which pages change while it is open: vCPUs' writes by KVM's dirty log, devices' by the memory
 * view that they share.
 */
final class DirtyPages implements AutoCloseable {
  private static final int PAGE_SHIFT = 12;

  private final KvmVm vm;
  private final GuestMemory memory;
  private final TouchedPages touched;
  private boolean closed;

  private DirtyPages(KvmVm vm, GuestMemory memory, TouchedPages touched) {
    this.vm = vm;
    this.memory = memory;
    this.touched = touched;
  }

  /** No vCPU and no device may run meanwhile. */
  static DirtyPages track(KvmVm vm, GuestMemory memory) throws KvmException {
    log(vm, memory, KvmConstants.KVM_MEM_LOG_DIRTY_PAGES);
    return new DirtyPages(vm, memory, memory.track());
  }

  private static void log(KvmVm vm, GuestMemory memory, int flags) throws KvmException {
    List<GuestMemory.Region> regions = memory.regions();
    for (int slot = 0; slot < regions.size(); slot++) {
      GuestMemory.Region region = regions.get(slot);
      vm.setUserMemoryRegion(slot, flags, region.guestAddress(), region.host());
    }
  }

  /** Pages that vCPUs wrote since the last call. */
  BitSet byVcpus() throws KvmException {
    BitSet all = new BitSet();
    int first = 0;
    List<GuestMemory.Region> regions = memory.regions();
    for (int slot = 0; slot < regions.size(); slot++) {
      int pages = (int) (regions.get(slot).host().byteSize() >>> PAGE_SHIFT);
      add(all, BitSet.valueOf(vm.dirtyLog(slot, pages)), first);
      first += pages;
    }
    return all;
  }

  private static void add(BitSet all, BitSet some, int first) {
    for (int bit = some.nextSetBit(0); bit >= 0; bit = some.nextSetBit(bit + 1)) {
      all.set(first + bit);
    }
  }

  /** Pages that devices may have written since this was opened. */
  BitSet byDevices() {
    return BitSet.valueOf(touched.bits());
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    memory.untrack();
    try {
      log(vm, memory, 0);
    } catch (KvmException | IllegalStateException e) {
      System.getLogger(DirtyPages.class.getName())
          .log(Level.WARNING, "the dirty log stays on, which costs the guest some speed", e);
    }
  }
}
