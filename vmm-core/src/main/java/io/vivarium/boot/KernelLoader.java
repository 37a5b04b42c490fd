package io.vivarium.boot;

import io.vivarium.devices.memory.GuestMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Puts a kernel, its initrd, command line and boot parameters into a machine's zeroed memory. */
public final class KernelLoader {
  /**
   * @param kernel bzImage or ELF64 file
   * @param initrd or null
   * @param cmdline kernel command line
   * @param unpackKernel whether a bzImage's payload is unpacked here and entered as ELF; its own
   *     decompressor, and with it KASLR, doesn't run then
   * @param rsdp guest-physical address of the ACPI tables' root pointer; 0 when there is none
   */
  public record Request(
      Path kernel, @Nullable Path initrd, String cmdline, boolean unpackKernel, long rsdp) {}

  private static final long PAGE = 4096;
  private static final int DEFAULT_CMDLINE_MAX = 2047;
  private static final long DEFAULT_INITRD_MAX = 0x7fff_ffffL;

  private KernelLoader() {}

  /**
   * Loads, or refuses with a sentence before anything is written.
   *
   * @throws BadKernelException when the kernel, initrd or command line cannot be booted
   * @throws IOException when a file cannot be read
   */
  public static CpuEntry load(GuestMemory memory, Request request)
      throws IOException, BadKernelException {
    try (Arena arena = Arena.ofConfined()) {
      KernelPlan plan =
          KernelPlan.of(ImageBytes.read(request.kernel(), arena), request.unpackKernel(), arena);
      ImageBytes initrd =
          request.initrd() == null ? null : ImageBytes.read(request.initrd(), arena);
      return place(memory, plan, initrd, request.cmdline(), request.rsdp());
    }
  }

  static CpuEntry place(
      GuestMemory memory, KernelPlan plan, @Nullable ImageBytes initrd, String cmdline, long rsdp)
      throws BadKernelException {
    plan.check(memory);
    byte[] line = checkedCmdline(plan, cmdline);
    long initrdAddress = initrd == null ? 0 : initrdAddress(memory, plan, initrd);
    long initrdSize = initrd == null ? 0 : initrd.size();

    for (KernelPlan.Piece piece : plan.pieces()) {
      memory.slice(piece.address(), piece.bytes().byteSize()).copyFrom(piece.bytes());
    }
    if (initrd != null) {
      memory.slice(initrdAddress, initrdSize).copyFrom(initrd.data());
    }
    memory.write(LowMemory.CMDLINE, line);
    memory.setU8(LowMemory.CMDLINE + line.length, 0);

    BootInfo info =
        new BootInfo(
            MemoryMap.of(memory), LowMemory.CMDLINE, line.length, initrdAddress, initrdSize, rsdp);
    return switch (plan.protocol()) {
      case LINUX_64 -> {
        PageTables.writeIdentityMap(memory);
        PageTables.writeDescriptors(memory, CpuEntry.Mode.LONG_64);
        info.writeBootParams(memory, plan.setupBytes());
        yield CpuEntry.linux64(plan.entry());
      }
      case PVH -> {
        PageTables.writeDescriptors(memory, CpuEntry.Mode.PROTECTED_32);
        info.writePvhStartInfo(memory);
        yield CpuEntry.pvh(plan.entry());
      }
    };
  }

  private static byte[] checkedCmdline(KernelPlan plan, String cmdline) throws BadKernelException {
    byte[] line = cmdline.getBytes(StandardCharsets.UTF_8);
    SetupHeader header = plan.header();
    long max =
        header == null || header.cmdlineMax() == 0 ? DEFAULT_CMDLINE_MAX : header.cmdlineMax();
    max = Math.min(max, LowMemory.CMDLINE_SPACE - 1);
    if (line.length > max) {
      throw new BadKernelException(
          "The kernel command line has %d bytes; %s takes at most %d."
              .formatted(line.length, plan.name(), max));
    }
    if (cmdline.indexOf('\0') >= 0 || cmdline.indexOf('\n') >= 0) {
      throw new BadKernelException("The kernel command line holds a line break or a NUL.");
    }
    return line;
  }

  /** As high as kernel and memory allow, which leaves the kernel's own growth the room. */
  private static long initrdAddress(GuestMemory memory, KernelPlan plan, ImageBytes initrd)
      throws BadKernelException {
    SetupHeader header = plan.header();
    long last = header == null || header.initrdMax() == 0 ? DEFAULT_INITRD_MAX : header.initrdMax();
    MemorySegment low = memory.regions().getFirst().host();
    long end = Math.min(low.byteSize(), last + 1);
    long address = (end - initrd.size()) & -PAGE;
    if (initrd.size() == 0) {
      throw new BadKernelException(initrd.name() + " is empty.");
    }
    if (address < Math.max(plan.end(), LowMemory.HIGH)) {
      throw new BadKernelException(
          "%s (%d MiB) does not fit beside the kernel into %d MiB of memory."
              .formatted(
                  initrd.name(), (initrd.size() + (1 << 20) - 1) >> 20, memory.size() >> 20));
    }
    return address;
  }
}
