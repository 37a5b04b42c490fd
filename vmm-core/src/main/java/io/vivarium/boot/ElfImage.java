package io.vivarium.boot;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a bootable ELF64 file says of itself: entry, segments to load and, if it has one, the entry
 * by the PVH protocol (note XEN_ELFNOTE_PHYS32_ENTRY).
 *
 * @param entry physical address of the 64-bit entry
 * @param segments the PT_LOAD segments with memory, by rising physical address; they do not overlap
 * @param pvhEntry physical address of the 32-bit entry, if there is one
 */
record ElfImage(long entry, List<Segment> segments, OptionalLong pvhEntry) {
  /**
   * @param offset of its bytes in the file
   * @param fileSize bytes from the file
   * @param address guest-physical
   * @param memorySize bytes in memory, at least {@code fileSize}; the rest is zero
   */
  record Segment(long offset, long fileSize, long address, long memorySize) {
    long end() {
      return address + memorySize;
    }
  }

  private static final int PT_LOAD = 1;
  private static final int PT_NOTE = 4;
  private static final int EM_X86_64 = 62;
  private static final int XEN_ELFNOTE_PHYS32_ENTRY = 18;
  private static final int MAX_PROGRAM_HEADERS = 128;
  private static final long MAX_ADDRESS = 1L << 46;

  static boolean recognizes(ImageBytes image) throws BadKernelException {
    return image.size() >= 4 && image.u32(0, "magic number") == 0x464c457f;
  }

  static ElfImage parse(ImageBytes image) throws BadKernelException {
    if (image.u8(4, "ELF class") != 2 || image.u8(5, "ELF byte order") != 1) {
      throw new BadKernelException(image.name() + " is not a 64-bit little-endian ELF file.");
    }
    int machine = image.u16(18, "ELF machine");
    if (machine != EM_X86_64) {
      throw new BadKernelException(
          "%s is for another processor (ELF machine %d); x86-64 is 62."
              .formatted(image.name(), machine));
    }
    int entrySize = image.u16(54, "program header size");
    int count = image.u16(56, "program header count");
    if (entrySize < 56 || count == 0 || count > MAX_PROGRAM_HEADERS) {
      throw new BadKernelException(
          "%s has %d program headers of %d bytes; at least one and at most %d of 56 are expected."
              .formatted(image.name(), count, entrySize, MAX_PROGRAM_HEADERS));
    }
    long table = image.u64(32, "program header offset");
    image.slice(table, (long) entrySize * count, "program headers");
    List<Segment> segments = new ArrayList<>();
    OptionalLong pvhEntry = OptionalLong.empty();
    for (int i = 0; i < count; i++) {
      long at = table + (long) i * entrySize;
      long type = image.u32(at, "program header");
      long offset = image.u64(at + 8, "segment offset");
      long fileSize = image.u64(at + 32, "segment size");
      if (type == PT_LOAD) {
        Segment segment =
            new Segment(
                offset,
                fileSize,
                image.u64(at + 24, "segment address"),
                image.u64(at + 40, "segment memory size"));
        if (segment.memorySize() != 0) {
          check(image, i, segment);
          segments.add(segment);
        }
      } else if (type == PT_NOTE && pvhEntry.isEmpty()) {
        image.slice(offset, fileSize, "notes");
        pvhEntry = pvhNote(image, offset, offset + fileSize);
      }
    }
    segments.sort(Comparator.comparingLong(Segment::address));
    checkTogether(image, segments);
    return new ElfImage(image.u64(24, "entry"), List.copyOf(segments), pvhEntry);
  }

  private static void check(ImageBytes image, int index, Segment segment)
      throws BadKernelException {
    image.slice(segment.offset(), segment.fileSize(), "segment " + index);
    if (segment.memorySize() < 0
        || segment.address() < 0
        || segment.address() > MAX_ADDRESS
        || segment.memorySize() > MAX_ADDRESS) {
      throw new BadKernelException(
          "Segment %d of %s is giant or out of reach: 0x%x bytes at 0x%x."
              .formatted(index, image.name(), segment.memorySize(), segment.address()));
    }
    if (segment.fileSize() > segment.memorySize()) {
      throw new BadKernelException(
          "Segment %d of %s has more bytes in the file (%d) than in memory (%d)."
              .formatted(index, image.name(), segment.fileSize(), segment.memorySize()));
    }
  }

  private static void checkTogether(ImageBytes image, List<Segment> sorted)
      throws BadKernelException {
    if (sorted.isEmpty()) {
      throw new BadKernelException(image.name() + " has no segment to load.");
    }
    for (int i = 1; i < sorted.size(); i++) {
      if (sorted.get(i).address() < sorted.get(i - 1).end()) {
        throw new BadKernelException(
            "Segments of %s overlap at 0x%x.".formatted(image.name(), sorted.get(i).address()));
      }
    }
  }

  /** Walks the notes: name size, descriptor size, type, then both padded to 4 bytes. */
  private static OptionalLong pvhNote(ImageBytes image, long start, long end)
      throws BadKernelException {
    long at = start;
    while (end - at >= 12) {
      long nameSize = image.u32(at, "note");
      long descriptorSize = image.u32(at + 4, "note");
      long type = image.u32(at + 8, "note");
      long descriptor = at + 12 + padded(nameSize);
      if (type == XEN_ELFNOTE_PHYS32_ENTRY
          && nameSize == 4
          && image.u32(at + 12, "note") == 0x006e6558) { // "Xen"
        return OptionalLong.of(image.u32(descriptor, "PVH entry note"));
      }
      at = descriptor + padded(descriptorSize);
    }
    return OptionalLong.empty();
  }

  private static long padded(long size) {
    return (size + 3) & ~3L;
  }
}
