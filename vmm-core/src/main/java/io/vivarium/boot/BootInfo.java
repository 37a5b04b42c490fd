package io.vivarium.boot;

import io.vivarium.devices.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What a kernel is told at its start, in either protocol's form. Addresses are guest-physical,
 * sizes in bytes.
 */
record BootInfo(
    MemoryMap map,
    long cmdlineAddress,
    int cmdlineLength,
    long initrdAddress,
    long initrdSize,
    long rsdp) {
  private static final int BOOT_FLAG = 0xaa55;
  private static final int LOADER_UNDEFINED = 0xff;
  private static final int LOADED_HIGH = 1;
  private static final int PVH_MAGIC = 0x336e_c578;

  /** struct boot_params, Documentation/arch/x86/zero-page.rst. */
  void writeBootParams(GuestMemory memory, @Nullable MemorySegment setupBytes) {
    long zero = LowMemory.BOOT_PARAMS;
    memory.slice(zero, 4096).fill((byte) 0);
    if (setupBytes != null) {
      memory.slice(zero + SetupHeader.START, setupBytes.byteSize()).copyFrom(setupBytes);
    } else {
      memory.setU16(zero + 0x1fe, BOOT_FLAG);
      memory.setU32(zero + SetupHeader.MAGIC_OFFSET, (int) SetupHeader.MAGIC);
      memory.setU16(zero + 0x206, 0x20c);
      memory.setU32(zero + 0x230, 0x20_0000);
    }
    memory.setU8(zero + 0x210, LOADER_UNDEFINED);
    memory.setU8(zero + 0x211, memory.getU8(zero + 0x211) | LOADED_HIGH);
    memory.setU32(zero + 0x218, (int) initrdAddress);
    memory.setU32(zero + 0x21c, (int) initrdSize);
    memory.setU32(zero + 0x228, (int) cmdlineAddress);
    memory.setU64(zero + 0x250, 0); // setup_data: what the file says there is no address of ours
    memory.setU64(zero + 0x070, rsdp);
    memory.setU8(zero + 0x1e8, map.ranges().size());
    long at = zero + 0x2d0;
    for (MemoryMap.Range range : map.ranges()) {
      memory.setU64(at, range.start());
      memory.setU64(at + 8, range.length());
      memory.setU32(at + 16, range.type());
      at += 20;
    }
  }

  /** struct hvm_start_info, version 1, with one module and the memory map behind it. */
  void writePvhStartInfo(GuestMemory memory) {
    long info = LowMemory.PVH_START_INFO;
    long modules = info + 0x40;
    long ranges = info + 0x80;
    memory.slice(info, 4096).fill((byte) 0);
    memory.setU32(info, PVH_MAGIC);
    memory.setU32(info + 4, 1);
    memory.setU32(info + 12, initrdSize == 0 ? 0 : 1);
    memory.setU64(info + 16, initrdSize == 0 ? 0 : modules);
    memory.setU64(info + 24, cmdlineAddress);
    memory.setU64(info + 32, rsdp);
    memory.setU64(info + 40, ranges);
    memory.setU32(info + 48, map.ranges().size());
    memory.setU64(modules, initrdAddress);
    memory.setU64(modules + 8, initrdSize);
    long at = ranges;
    for (MemoryMap.Range range : map.ranges()) {
      memory.setU64(at, range.start());
      memory.setU64(at + 8, range.length());
      memory.setU32(at + 16, range.type());
      at += 24;
    }
  }
}
