package io.vivarium.assist;

import io.vivarium.assist.Instruction.Memory;
import org.jspecify.annotations.Nullable;

/**
 * Turns instruction bytes into an {@link Instruction} (SDM 2A, chapter 2). Knows prefixes, REX,
 * VEX, ModRM, SIB and RIP-relative addresses; which opcodes there are is {@link OpcodeTable}'s.
 * Never throws: what it doesn't know, and what is cut off, is {@link Op#UNKNOWN}.
 */
final class Decoder {
  /** Prefix that selects among instructions of one opcode, in VEX encoding of the pp field. */
  static final int PREFIX_NONE = 0;

  static final int PREFIX_66 = 1;
  static final int PREFIX_F3 = 2;
  static final int PREFIX_F2 = 3;

  /** Opcode maps: one byte, 0F, 0F 38, 0F 3A. */
  static final int MAP_ONE = 0;

  static final int MAP_0F = 1;
  static final int MAP_0F38 = 2;
  static final int MAP_0F3A = 3;

  private final byte[] bytes;
  private final int end;
  private final int codeBits;
  private int position;
  private boolean cutOff;

  private int segment = -1;
  private boolean operandPrefix;
  private boolean addressPrefix;
  private boolean lock;
  private int repeat;
  private int rex;
  private boolean vex;
  private int vvvv;

  private Decoder(byte[] bytes, int length, int codeBits) {
    this.bytes = bytes;
    this.end = Math.clamp(length, 0, Math.min(15, bytes.length));
    this.codeBits = codeBits;
  }

  /**
   * Decodes one instruction.
   *
   * @param length how many of {@code bytes} are there, at most 15 are looked at
   * @param codeBits 16, 32 or 64: the mode of the code segment
   */
  static Instruction decode(byte[] bytes, int length, int codeBits) {
    var decoder = new Decoder(bytes, length, codeBits);
    Instruction instruction = decoder.decode();
    return decoder.cutOff ? Instruction.unknown(decoder.position) : instruction;
  }

  private int next() {
    if (position >= end) {
      cutOff = true;
      return 0;
    }
    return bytes[position++] & 0xff;
  }

  private Instruction decode() {
    int opcode = prefixes();
    int map = MAP_ONE;
    if (isVex(opcode)) {
      map = vexPrefix(opcode);
      opcode = next();
    } else if (opcode == 0x0f) {
      opcode = next();
      map = MAP_0F;
      if (opcode == 0x38 || opcode == 0x3a) {
        map = opcode == 0x38 ? MAP_0F38 : MAP_0F3A;
        opcode = next();
      }
    }
    int prefix = repeat != 0 ? repeat : operandPrefix ? PREFIX_66 : PREFIX_NONE;
    if (!OpcodeTable.hasModRm(map, opcode, vex)) {
      Op op = OpcodeTable.find(map, opcode, prefix, 0, vex, rexW());
      long immediate = op == Op.INT ? next() : 0;
      return build(op, 0, -1, null, immediate, operandBytes());
    }
    int modRm = next();
    int mod = modRm >> 6;
    Op op = OpcodeTable.find(map, opcode, prefix, modRm, vex, rexW());
    int reg = (modRm >> 3 & 7) | (rex & 4) << 1;
    int rm = mod == 3 ? (modRm & 7) | (rex & 1) << 3 : -1;
    Memory memory = mod == 3 ? null : memory(modRm);
    long immediate = OpcodeTable.hasImmediate(op) ? (byte) next() : 0;
    if (op == Op.CRC32 && opcode == 0xf0 && mod == 3 && rex == 0 && rm >= 4) {
      // AH to BH: nobody's compiler emits it.
      return Instruction.unknown(position);
    }
    int sourceBytes = op == Op.CRC32 && opcode == 0xf0 ? 1 : operandBytes();
    return build(op, reg, rm, memory, immediate, sourceBytes);
  }

  private Instruction build(
      Op op, int reg, int rm, @Nullable Memory memory, long immediate, int sourceBytes) {
    if (op == Op.UNKNOWN) {
      return Instruction.unknown(position);
    }
    return new Instruction(
        op, position, operandBytes(), lock, reg, rm, vvvv, memory, immediate, sourceBytes);
  }

  /** Reads legacy prefixes and REX; returns the first opcode byte. */
  private int prefixes() {
    while (!cutOff) {
      int b = next();
      switch (b) {
        case 0x26 -> prefixSegment(CpuState.ES);
        case 0x2e -> prefixSegment(CpuState.CS);
        case 0x36 -> prefixSegment(CpuState.SS);
        case 0x3e -> prefixSegment(CpuState.DS);
        case 0x64 -> segment = CpuState.FS;
        case 0x65 -> segment = CpuState.GS;
        case 0x66 -> operandPrefix = true;
        case 0x67 -> addressPrefix = true;
        case 0xf0 -> lock = true;
        case 0xf2 -> repeat = PREFIX_F2;
        case 0xf3 -> repeat = PREFIX_F3;
        default -> {
          if (codeBits != 64 || (b & 0xf0) != 0x40) {
            return b;
          }
          // A REX counts only directly before the opcode (SDM 2A, 2.2.1).
          rex = b;
          continue;
        }
      }
      rex = 0;
    }
    return 0;
  }

  /** In 64-bit mode the four old segment overrides do nothing. */
  private void prefixSegment(int number) {
    if (codeBits != 64) {
      segment = number;
    }
  }

  /** C4 and C5 are VEX in 64-bit mode; elsewhere only where LES and LDS would be invalid. */
  private boolean isVex(int opcode) {
    if (opcode != 0xc4 && opcode != 0xc5) {
      return false;
    }
    return codeBits == 64 || (position < end && (bytes[position] & 0xc0) == 0xc0);
  }

  private int vexPrefix(int opcode) {
    vex = true;
    int first = next();
    int map = MAP_0F;
    int last = first;
    rex = (~first >> 5) & 4;
    if (opcode == 0xc4) {
      rex = (~first >> 5) & 7;
      map = first & 0x1f;
      last = next();
      rex |= last >> 4 & 8;
    }
    if (codeBits != 64) {
      rex = 0;
    }
    vvvv = ~last >> 3 & (codeBits == 64 ? 15 : 7);
    switch (last & 3) {
      case PREFIX_66 -> operandPrefix = true;
      case PREFIX_F3 -> repeat = PREFIX_F3;
      case PREFIX_F2 -> repeat = PREFIX_F2;
      default -> {}
    }
    return map;
  }

  private boolean rexW() {
    return (rex & 8) != 0;
  }

  private int operandBytes() {
    if (rexW()) {
      return 8;
    }
    if (vex) {
      return 4;
    }
    return operandPrefix == (codeBits == 16) ? 4 : 2;
  }

  private Memory memory(int modRm) {
    int addressBits =
        switch (codeBits) {
          case 64 -> addressPrefix ? 32 : 64;
          case 32 -> addressPrefix ? 16 : 32;
          default -> addressPrefix ? 32 : 16;
        };
    return addressBits == 16 ? memory16(modRm) : memory32(modRm, addressBits);
  }

  private Memory memory32(int modRm, int addressBits) {
    int mod = modRm >> 6;
    int rm = modRm & 7;
    int base = rm | (rex & 1) << 3;
    int index = -1;
    int scale = 1;
    boolean ripRelative = false;
    int displacementBytes = mod == 1 ? 1 : mod == 2 ? 4 : 0;
    int low = rm;
    if (rm == 4) {
      int sib = next();
      scale = 1 << (sib >> 6);
      index = (sib >> 3 & 7) | (rex & 2) << 2;
      if (index == 4) {
        index = -1;
      }
      low = sib & 7;
      base = low | (rex & 1) << 3;
    }
    if (low == 5 && mod == 0) {
      base = -1;
      displacementBytes = 4;
      ripRelative = rm == 5 && codeBits == 64;
    }
    long displacement = displacement(displacementBytes);
    boolean stack = base == CpuState.RSP || base == 5;
    return new Memory(segmentOr(stack), base, index, scale, displacement, ripRelative, addressBits);
  }

  private static final int[] BASE16 = {3, 3, 5, 5, -1, -1, 5, 3};
  private static final int[] INDEX16 = {6, 7, 6, 7, 6, 7, -1, -1};

  private Memory memory16(int modRm) {
    int mod = modRm >> 6;
    int rm = modRm & 7;
    int base = BASE16[rm];
    int displacementBytes = mod == 1 ? 1 : mod == 2 ? 2 : 0;
    if (rm == 6 && mod == 0) {
      base = -1;
      displacementBytes = 2;
    }
    long displacement = displacement(displacementBytes);
    return new Memory(segmentOr(base == 5), base, INDEX16[rm], 1, displacement, false, 16);
  }

  private int segmentOr(boolean stack) {
    return segment >= 0 ? segment : stack ? CpuState.SS : CpuState.DS;
  }

  private long displacement(int count) {
    int value = 0;
    for (int i = 0; i < count; i++) {
      value |= next() << (8 * i);
    }
    return switch (count) {
      case 1 -> (byte) value;
      case 2 -> (short) value;
      default -> value;
    };
  }
}
