package io.vivarium.assist;

import io.vivarium.devices.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Linear to guest-physical addresses as the processor's paging unit does it (SDM 3A, chapter 4): no
 * paging, 32-bit, PAE, 4-level and 5-level, with large pages, NX, write protection, SMEP, SMAP, and
 * accessed and dirty bits. Holds no translations: the tables are read anew each time.
 */
final class PageWalk {
  /** Page fault error code bits (SDM 3A, figure 4-12). */
  static final int ERROR_PRESENT = 1;

  static final int ERROR_WRITE = 1 << 1;
  static final int ERROR_USER = 1 << 2;
  static final int ERROR_RESERVED = 1 << 3;
  static final int ERROR_FETCH = 1 << 4;

  private static final long PRESENT = 1;
  private static final long WRITABLE = 1 << 1;
  private static final long USER = 1 << 2;
  private static final long ACCESSED = 1 << 5;
  private static final long DIRTY = 1 << 6;
  private static final long LARGE = 1 << 7;
  private static final long NO_EXECUTE = 1L << 63;
  private static final long ADDRESS_MASK = 0x000f_ffff_ffff_f000L;

  private static final VarHandle ENTRY64 = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle ENTRY32 = ValueLayout.JAVA_INT.varHandle();

  /**
   * What the guest's processor knows of paging.
   *
   * @param physicalBits MAXPHYADDR, CPUID 0x80000008 eax bits 7 to 0
   * @param gigabytePages CPUID 0x80000001 edx bit 26; without, such an entry is a reserved one
   */
  record Features(int physicalBits, boolean gigabytePages) {}

  /** What an access wants to do. */
  enum Access {
    READ,
    WRITE,
    FETCH
  }

  private final GuestMemory memory;
  private final boolean gigabytePages;
  private final long reservedAddressBits;

  PageWalk(GuestMemory memory, Features features) {
    this.memory = memory;
    this.gigabytePages = features.gigabytePages;
    this.reservedAddressBits = ADDRESS_MASK & -(1L << features.physicalBits);
  }

  /** An access with the rights of the current privilege level. */
  long translate(CpuState cpu, long linear, Access access) throws GuestFault {
    return translate(cpu, linear, access, cpu.cpl() == 3, (cpu.rflags() & CpuState.FLAG_AC) != 0);
  }

  /**
   * An implicit supervisor access, as to descriptor tables: ring 0 whatever the privilege level,
   * and never allowed to user pages under SMAP.
   */
  long translateSystem(CpuState cpu, long linear, Access access) throws GuestFault {
    return translate(cpu, linear, access, false, false);
  }

  private long translate(
      CpuState cpu, long linear, Access access, boolean user, boolean alignmentCheck)
      throws GuestFault {
    if ((cpu.cr0() & CpuState.CR0_PG) == 0) {
      return linear & 0xffff_ffffL;
    }
    boolean pae = (cpu.cr4() & CpuState.CR4_PAE) != 0;
    var rights = new Rights(cpu, linear, access, user, alignmentCheck);
    while (true) {
      long physical = pae ? walk64(cpu, rights) : walk32(cpu, rights);
      if (physical >= 0) {
        return physical;
      }
    }
  }

  /** One walk through 8-byte entries; -1 when another vCPU changed an entry meanwhile. */
  private long walk64(CpuState cpu, Rights rights) throws GuestFault {
    long linear = rights.linear;
    long table = cpu.cr3() & ADDRESS_MASK;
    int level;
    if (cpu.longModeActive()) {
      level = (cpu.cr4() & CpuState.CR4_LA57) != 0 ? 5 : 4;
    } else {
      // The four PDPTEs: no rights, no accessed bit, every other bit reserved (SDM 3A, 4.4.1).
      linear &= 0xffff_ffffL;
      long entry = memory.getU64((cpu.cr3() & 0xffff_ffe0L) + (linear >>> 30) * 8);
      if ((entry & PRESENT) == 0) {
        throw rights.notPresent();
      }
      table = entry & ADDRESS_MASK;
      level = 2;
    }
    boolean noExecuteEnabled = (cpu.efer() & CpuState.EFER_NXE) != 0;
    long combined = WRITABLE | USER;
    boolean noExecute = false;
    long[] addresses = new long[level];
    long[] entries = new long[level];
    int depth = 0;
    while (true) {
      int shift = 12 + 9 * (level - 1);
      long address = table + (linear >>> shift & 0x1ff) * 8;
      long entry = memory.getU64(address);
      if ((entry & PRESENT) == 0) {
        throw rights.notPresent();
      }
      boolean large = (entry & LARGE) != 0 && (level == 2 || level == 3);
      if ((entry & reservedBits(level, large)) != 0
          || ((entry & NO_EXECUTE) != 0 && !noExecuteEnabled)) {
        throw rights.reserved();
      }
      combined &= entry;
      noExecute |= (entry & NO_EXECUTE) != 0;
      addresses[depth] = address;
      entries[depth] = entry;
      depth++;
      if (level == 1 || large) {
        rights.check(combined, noExecute);
        long offsetMask = (1L << shift) - 1;
        for (int i = 0; i < depth; i++) {
          long set = entries[i] | ACCESSED;
          if (i == depth - 1 && rights.access == Access.WRITE) {
            set |= DIRTY;
          }
          if (set != entries[i] && !replace64(addresses[i], entries[i], set)) {
            return -1;
          }
        }
        return (entry & ADDRESS_MASK & ~offsetMask) | (linear & offsetMask);
      }
      table = entry & ADDRESS_MASK;
      level--;
    }
  }

  private long reservedBits(int level, boolean large) {
    long bits = reservedAddressBits;
    if (large) {
      // Address bits below the page size, except PAT at bit 12.
      bits |= ((1L << (12 + 9 * (level - 1))) - 1) & ~0x1fffL;
    }
    if (level >= 4 || (level == 3 && !gigabytePages)) {
      bits |= LARGE;
    }
    return bits;
  }

  /** One walk through 4-byte entries (SDM 3A, 4.3); -1 when an entry changed meanwhile. */
  private long walk32(CpuState cpu, Rights rights) throws GuestFault {
    long linear = rights.linear & 0xffff_ffffL;
    long directoryAddress = (cpu.cr3() & 0xffff_f000L) + (linear >>> 22) * 4;
    int directory = memory.getU32(directoryAddress);
    if ((directory & PRESENT) == 0) {
      throw rights.notPresent();
    }
    if ((directory & LARGE) != 0 && (cpu.cr4() & CpuState.CR4_PSE) != 0) {
      if ((directory & 1 << 21) != 0) {
        throw rights.reserved();
      }
      rights.check(directory, false);
      if (!mark32(directoryAddress, directory, rights.access == Access.WRITE)) {
        return -1;
      }
      long high = (long) (directory >>> 13 & 0xff) << 32;
      return high | (directory & 0xffc0_0000L) | (linear & 0x3f_ffff);
    }
    long pageAddress = (directory & 0xffff_f000L) + (linear >>> 12 & 0x3ff) * 4;
    int page = memory.getU32(pageAddress);
    if ((page & PRESENT) == 0) {
      throw rights.notPresent();
    }
    rights.check(directory & page, false);
    if (!mark32(directoryAddress, directory, false)
        || !mark32(pageAddress, page, rights.access == Access.WRITE)) {
      return -1;
    }
    return (page & 0xffff_f000L) | (linear & 0xfff);
  }

  private boolean replace64(long address, long expected, long value) {
    MemorySegment entry = memory.slice(address, 8);
    return ENTRY64.compareAndSet(entry, 0L, expected, value);
  }

  private boolean mark32(long address, int entry, boolean dirty) {
    int value = entry | (int) ACCESSED | (dirty ? (int) DIRTY : 0);
    if (value == entry) {
      return true;
    }
    return ENTRY32.compareAndSet(memory.slice(address, 4), 0L, entry, value);
  }

  /** One access, and whether the combined rights of a walk permit it (SDM 3A, 4.6). */
  private static final class Rights {
    final long linear;
    final Access access;
    private final CpuState cpu;
    private final boolean user;
    private final boolean alignmentCheck;

    Rights(CpuState cpu, long linear, Access access, boolean user, boolean alignmentCheck) {
      this.cpu = cpu;
      this.linear = linear;
      this.access = access;
      this.user = user;
      this.alignmentCheck = alignmentCheck;
    }

    void check(long combined, boolean noExecute) throws GuestFault {
      boolean userPage = (combined & USER) != 0;
      boolean allowed = userPage || !user;
      if (access == Access.FETCH) {
        allowed &= !noExecute;
        allowed &= user || !userPage || (cpu.cr4() & CpuState.CR4_SMEP) == 0;
      } else {
        allowed &= user || !userPage || alignmentCheck || (cpu.cr4() & CpuState.CR4_SMAP) == 0;
      }
      if (access == Access.WRITE && (combined & WRITABLE) == 0) {
        allowed &= !user && (cpu.cr0() & CpuState.CR0_WP) == 0;
      }
      if (!allowed) {
        throw fault(ERROR_PRESENT);
      }
    }

    GuestFault notPresent() {
      return fault(0);
    }

    GuestFault reserved() {
      return fault(ERROR_PRESENT | ERROR_RESERVED);
    }

    private GuestFault fault(int errorCode) {
      if (access == Access.WRITE) {
        errorCode |= ERROR_WRITE;
      }
      if (user) {
        errorCode |= ERROR_USER;
      }
      boolean reportsFetch =
          (cpu.cr4() & CpuState.CR4_SMEP) != 0
              || ((cpu.efer() & CpuState.EFER_NXE) != 0 && (cpu.cr4() & CpuState.CR4_PAE) != 0);
      if (access == Access.FETCH && reportsFetch) {
        errorCode |= ERROR_FETCH;
      }
      return GuestFault.page(linear, errorCode);
    }
  }
}
