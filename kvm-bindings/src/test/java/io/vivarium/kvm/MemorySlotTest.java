package io.vivarium.kvm;

import static io.vivarium.kvm.abi.KvmConstants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.linux.Mapping;
import java.util.BitSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Memory slots: dirty log, read-only slots, deletion. */
@Tag("kvm")
class MemorySlotTest {
  private static final long BASE = 0x20000;

  /** Writes to pages 1, 3 and 3 again of the slot at 0x20000, then halts; and again. */
  private static final int[] WRITER = {
    0xb8,
    0x00,
    0x20,
    0x8e,
    0xd8, // mov ax,0x2000; mov ds,ax
    0xa2,
    0x00,
    0x10, // mov [0x1000],al
    0xa2,
    0x00,
    0x30, // mov [0x3000],al
    0xa2,
    0x08,
    0x30, // mov [0x3008],al
    0xf4,
    0xeb,
    0xf4 // hlt; jmp to the first write
  };

  @Test
  void theDirtyLogNamesThePagesThatWereWritten() throws Exception {
    try (TestGuest guest = TestGuest.plain(WRITER);
        Mapping slot = Mapping.anonymous(0x10000)) {
      guest.vm.setUserMemoryRegion(1, KVM_MEM_LOG_DIRTY_PAGES, BASE, slot.segment());
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_HLT);
      assertThat(pages(guest.vm.dirtyLog(1, 16))).isEqualTo(pages(1, 3));
      assertThat(pages(guest.vm.dirtyLog(1, 16))).isEqualTo(pages());
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_HLT);
      assertThat(pages(guest.vm.dirtyLog(1, 16))).isEqualTo(pages(1, 3));
    }
  }

  @Test
  void aManuallyProtectedLogIsClearedWhereWeSay() throws Exception {
    try (TestGuest guest = TestGuest.plain(WRITER);
        Mapping slot = Mapping.anonymous(0x10000)) {
      guest.vm.enableManualDirtyLogProtect(false);
      guest.vm.setUserMemoryRegion(1, KVM_MEM_LOG_DIRTY_PAGES, BASE, slot.segment());
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_HLT);
      assertThat(pages(guest.vm.dirtyLog(1, 16))).isEqualTo(pages(1, 3));
      guest.vm.clearDirtyLog(1, 0, 16, pages(3).toLongArray());
      assertThat(pages(guest.vm.dirtyLog(1, 16))).isEqualTo(pages(1));
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_HLT);
      assertThat(pages(guest.vm.dirtyLog(1, 16))).isEqualTo(pages(1, 3));
    }
  }

  @Test
  void writesToAReadOnlySlotLeaveTheGuest() throws Exception {
    try (TestGuest guest = TestGuest.plain(WRITER);
        Mapping slot = Mapping.anonymous(0x10000)) {
      guest.vm.setUserMemoryRegion(1, KVM_MEM_READONLY, BASE, slot.segment());
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_MMIO);
      assertThat(guest.vcpu.runPage().mmioIsWrite()).isTrue();
      assertThat(guest.vcpu.runPage().mmioAddress()).isEqualTo(BASE + 0x1000);
    }
  }

  @Test
  void aDeletedSlotIsMmioAgain() throws Exception {
    try (TestGuest guest = TestGuest.plain(WRITER);
        Mapping slot = Mapping.anonymous(0x10000)) {
      guest.vm.setUserMemoryRegion(1, 0, BASE, slot.segment());
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_HLT);
      guest.vm.deleteMemoryRegion(1);
      assertThat(guest.vcpu.run()).isEqualTo(KVM_EXIT_MMIO);
    }
  }

  private static BitSet pages(long[] bitmap) {
    return BitSet.valueOf(bitmap);
  }

  private static BitSet pages(int... set) {
    BitSet pages = new BitSet();
    for (int page : set) {
      pages.set(page);
    }
    return pages;
  }
}
