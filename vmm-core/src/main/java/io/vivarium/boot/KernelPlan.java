package io.vivarium.boot;

import io.vivarium.devices.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is to be loaded where, checked against the file but not yet against the machine.
 *
 * @param name of the kernel, for messages
 * @param protocol how it is entered
 * @param entry physical address of its first instruction
 * @param pieces by rising address; they do not overlap
 * @param header the setup header of the bzImage, null for a bare ELF file
 * @param setupBytes that header as it stands in the file, to be copied into boot_params
 */
record KernelPlan(
    String name,
    Protocol protocol,
    long entry,
    List<Piece> pieces,
    @Nullable SetupHeader header,
    @Nullable MemorySegment setupBytes) {
  /** How a kernel is entered. */
  enum Protocol {
    /** Linux's 64-bit boot protocol. */
    LINUX_64,
    /** Xen's PVH: 32-bit, with hvm_start_info. */
    PVH
  }

  /**
   * @param address guest-physical
   * @param bytes from the file
   * @param memorySize bytes from {@code address} that the kernel needs; what the file doesn't give
   *     is zero
   */
  record Piece(long address, MemorySegment bytes, long memorySize) {
    long end() {
      return address + memorySize;
    }
  }

  /**
   * Plans a bzImage or an ELF file.
   *
   * <p>A bare ELF file with a PVH entry is entered there, because that is what a kernel that is not
   * Linux has; else by Linux's protocol. A bzImage is Linux.
   *
   * @param unpack whether a bzImage's payload is unpacked here; one without a 64-bit entry always
   *     is
   */
  static KernelPlan of(ImageBytes image, boolean unpack, Arena arena) throws BadKernelException {
    if (image.size() == 0) {
      throw new BadKernelException(image.name() + " is empty.");
    }
    if (ElfImage.recognizes(image)) {
      ElfImage elf = ElfImage.parse(image);
      return elf.pvhEntry().isPresent()
          ? ofElf(image, elf, Protocol.PVH, elf.pvhEntry().getAsLong(), null, null)
          : ofElf(image, elf, Protocol.LINUX_64, elf.entry(), null, null);
    }
    if (!SetupHeader.recognizes(image)) {
      throw new BadKernelException(
          image.name() + " is no kernel that is known: neither a bzImage nor an ELF file.");
    }
    SetupHeader header = SetupHeader.parse(image);
    int length = image.u8(0x201, "header length");
    MemorySegment setupBytes =
        image.slice(
            SetupHeader.START, 0x202 + Math.min(length, 0x7f) - SetupHeader.START, "setup header");
    if (!unpack && header.has64BitEntry()) {
      MemorySegment bytes = image.data().asSlice(header.protectedModeOffset());
      long memorySize = Math.max(header.initSize(), bytes.byteSize());
      Piece piece = new Piece(header.preferredAddress(), bytes, memorySize);
      return new KernelPlan(
          image.name(),
          Protocol.LINUX_64,
          piece.address() + 0x200,
          List.of(piece),
          header,
          setupBytes);
    }
    ImageBytes vmlinux = KernelPayload.unpack(image, header, arena);
    if (!ElfImage.recognizes(vmlinux)) {
      throw new BadKernelException(vmlinux.name() + " is no ELF file.");
    }
    ElfImage elf = ElfImage.parse(vmlinux);
    return ofElf(vmlinux, elf, Protocol.LINUX_64, elf.entry(), header, setupBytes);
  }

  private static KernelPlan ofElf(
      ImageBytes image,
      ElfImage elf,
      Protocol protocol,
      long entry,
      @Nullable SetupHeader header,
      @Nullable MemorySegment setupBytes) {
    List<Piece> pieces =
        elf.segments().stream()
            .map(
                s ->
                    new Piece(
                        s.address(),
                        image.data().asSlice(s.offset(), s.fileSize()),
                        s.memorySize()))
            .toList();
    return new KernelPlan(image.name(), protocol, entry, pieces, header, setupBytes);
  }

  /** Physical address past the last byte that the kernel needs, its own workspace included. */
  long end() {
    long end = pieces.getLast().end();
    if (header != null) {
      end = Math.max(end, pieces.getFirst().address() + header.initSize());
    }
    return end;
  }

  /** Checks that all of it is RAM above 1 MiB and that the entry lies inside. */
  void check(GuestMemory memory) throws BadKernelException {
    boolean entered = false;
    for (Piece piece : pieces) {
      if (piece.address() < LowMemory.HIGH
          || !memory.contains(piece.address(), piece.memorySize())) {
        throw new BadKernelException(
            "%s needs 0x%x bytes at 0x%x, which is not free memory of this machine (%d MiB)."
                .formatted(name, piece.memorySize(), piece.address(), memory.size() >> 20));
      }
      entered |= entry >= piece.address() && entry < piece.end();
    }
    if (!entered) {
      throw new BadKernelException(
          "The entry 0x%x of %s lies outside its segments.".formatted(entry, name));
    }
    if (protocol == Protocol.LINUX_64 && end() > (long) PageTables.GIGABYTES << 30) {
      throw new BadKernelException(
          "%s ends at 0x%x, beyond the 4 GiB that are mapped at its start.".formatted(name, end()));
    }
  }
}
