package io.vivarium.assist;

import org.jspecify.annotations.Nullable;

/**
 * A decoded instruction.
 *
 * @param op which
 * @param length in bytes, 1 to 15
 * @param operandBytes 2, 4 or 8
 * @param lock whether a LOCK prefix is there
 * @param reg register number in ModRM.reg with REX.R
 * @param rm register number in ModRM.rm with REX.B when the operand is a register, else -1
 * @param vvvv the VEX register operand, 0 without VEX
 * @param memory the memory operand, or null
 * @param immediate sign-extended, 0 where there is none
 * @param sourceBytes operand size of a source that differs from the destination (CRC32), else
 *     {@code operandBytes}
 */
record Instruction(
    Op op,
    int length,
    int operandBytes,
    boolean lock,
    int reg,
    int rm,
    int vvvv,
    @Nullable Memory memory,
    long immediate,
    int sourceBytes) {

  /**
   * A memory operand (SDM 2A, 2.1.5).
   *
   * @param segment number of the segment register, as {@link CpuState#DS}
   * @param base register number or -1
   * @param index register number or -1
   * @param scale 1, 2, 4 or 8
   * @param displacement sign-extended
   * @param ripRelative whether the address of the next instruction is added
   * @param addressBits 16, 32 or 64
   */
  record Memory(
      int segment,
      int base,
      int index,
      int scale,
      long displacement,
      boolean ripRelative,
      int addressBits) {

    /** The offset within the segment, given the address of the next instruction. */
    long offset(CpuState cpu, long nextRip) {
      long offset = displacement;
      if (base >= 0) {
        offset += cpu.register(base);
      }
      if (index >= 0) {
        offset += cpu.register(index) * scale;
      }
      if (ripRelative) {
        offset += nextRip;
      }
      return switch (addressBits) {
        case 16 -> offset & 0xffff;
        case 32 -> offset & 0xffff_ffffL;
        default -> offset;
      };
    }
  }

  static Instruction unknown(int length) {
    return new Instruction(Op.UNKNOWN, Math.clamp(length, 1, 15), 4, false, 0, -1, 0, null, 0, 4);
  }

  /** The memory operand of an instruction that the decoder lets through only with one. */
  Memory memoryOperand() throws GuestFault {
    if (memory == null) {
      throw GuestFault.invalidOpcode();
    }
    return memory;
  }
}
