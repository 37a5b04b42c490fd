package io.vivarium.boot;

/**
 * The setup header of a bzImage, as in Linux's Documentation/arch/x86/boot.rst. Offsets in {@link
 * #parse} are those of the file, whose first sector is struct boot_params' tail.
 *
 * @param protocol version of the boot protocol, 0x20f for 2.15
 * @param protectedModeOffset where in the file the part begins that is loaded at 1 MiB
 * @param loadFlags bit 0: the kernel is loaded high
 * @param xloadFlags bit 0: has a 64-bit entry at 0x200
 * @param initrdMax highest address that the initrd's last byte may have
 * @param alignment of the load address, in bytes, when relocatable
 * @param relocatable whether it runs at another address than {@code preferredAddress}
 * @param cmdlineMax longest command line in bytes, without its end
 * @param payloadOffset of the compressed kernel in the protected-mode part
 * @param payloadLength in bytes; 0 when the protocol is too old to tell
 * @param preferredAddress where it wants to be, in bytes
 * @param initSize bytes of memory that it needs from its run address before it reads the memory map
 */
public record SetupHeader(
    int protocol,
    long protectedModeOffset,
    int loadFlags,
    int xloadFlags,
    long initrdMax,
    long alignment,
    boolean relocatable,
    long cmdlineMax,
    long payloadOffset,
    long payloadLength,
    long preferredAddress,
    long initSize) {

  static final long MAGIC_OFFSET = 0x202;
  static final long MAGIC = 0x53726448; // "HdrS"

  /** Where the header begins, in the file and in struct boot_params. */
  static final int START = 0x1f1;

  private static final int OLDEST = 0x206;

  /** Whether the bytes are a bzImage at all. */
  static boolean recognizes(ImageBytes image) throws BadKernelException {
    return image.size() >= MAGIC_OFFSET + 4 && image.u32(MAGIC_OFFSET, "magic number") == MAGIC;
  }

  /** Parses and checks the header of an image that {@link #recognizes}. */
  static SetupHeader parse(ImageBytes image) throws BadKernelException {
    int protocol = image.u16(0x206, "protocol version");
    if (protocol < OLDEST) {
      throw new BadKernelException(
          "%s speaks boot protocol %d.%02d; the oldest that works is 2.06 (Linux 2.6.22)."
              .formatted(image.name(), protocol >> 8, protocol & 0xff));
    }
    int setupSectors = image.u8(START, "setup_sects");
    long protectedModeOffset = ((setupSectors == 0 ? 4 : setupSectors) + 1) * 512L;
    image.slice(protectedModeOffset, 0x400, "protected-mode kernel");
    boolean hasPayload = protocol >= 0x208;
    boolean hasPreferred = protocol >= 0x20a;
    long preferred = hasPreferred ? image.u64(0x258, "pref_address") : 0x100000;
    long alignment = image.u32(0x230, "kernel_alignment");
    if (preferred < 0 || preferred > 1L << 40) {
      throw new BadKernelException(
          "%s wants to be loaded at 0x%x, which no machine has."
              .formatted(image.name(), preferred));
    }
    if (alignment == 0 || Long.bitCount(alignment) != 1) {
      throw new BadKernelException(
          "%s asks for an alignment of %d bytes, which is no power of two."
              .formatted(image.name(), alignment));
    }
    return new SetupHeader(
        protocol,
        protectedModeOffset,
        image.u8(0x211, "loadflags"),
        protocol >= 0x20c ? image.u16(0x236, "xloadflags") : 0,
        image.u32(0x22c, "initrd_addr_max"),
        alignment,
        image.u8(0x234, "relocatable_kernel") != 0,
        image.u32(0x238, "cmdline_size"),
        hasPayload ? image.u32(0x248, "payload_offset") : 0,
        hasPayload ? image.u32(0x24c, "payload_length") : 0,
        preferred,
        hasPreferred ? image.u32(0x260, "init_size") : 0);
  }

  boolean has64BitEntry() {
    return (xloadFlags & 1) != 0;
  }
}
