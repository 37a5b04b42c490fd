package io.vivarium.assist;

import static io.vivarium.assist.Decoder.MAP_0F;
import static io.vivarium.assist.Decoder.MAP_0F38;
import static io.vivarium.assist.Decoder.MAP_0F3A;
import static io.vivarium.assist.Decoder.MAP_ONE;
import static io.vivarium.assist.Decoder.PREFIX_66;
import static io.vivarium.assist.Decoder.PREFIX_F2;
import static io.vivarium.assist.Decoder.PREFIX_F3;
import static io.vivarium.assist.Decoder.PREFIX_NONE;

/** Which opcode is which instruction (SDM 2D, appendix A), as far as this package performs them. */
final class OpcodeTable {
  private OpcodeTable() {}

  static boolean hasModRm(int map, int opcode, boolean vex) {
    if (vex) {
      return true;
    }
    if (map == MAP_ONE) {
      return opcode >= 0xd8 && opcode <= 0xdf;
    }
    return map != MAP_0F || opcode == 0x01 || opcode >= 0xa3;
  }

  static boolean hasImmediate(Op op) {
    return op == Op.RORX;
  }

  /**
   * The instruction, or {@link Op#UNKNOWN}.
   *
   * @param prefix the mandatory prefix, {@code PREFIX_*}
   * @param modRm the ModRM byte, 0 where there is none
   * @param vex whether it is VEX-encoded
   * @param wide REX.W or VEX.W
   */
  static Op find(int map, int opcode, int prefix, int modRm, boolean vex, boolean wide) {
    if (vex) {
      return switch (map) {
        case MAP_0F38 -> vex0f38(opcode, prefix, modRm);
        case MAP_0F3A -> opcode == 0xf0 && prefix == PREFIX_F2 ? Op.RORX : Op.UNKNOWN;
        default -> Op.UNKNOWN;
      };
    }
    return switch (map) {
      case MAP_ONE -> one(opcode, modRm);
      case MAP_0F -> twoBytes(opcode, prefix, modRm, wide);
      case MAP_0F38 -> map0f38(opcode, prefix, modRm);
      default -> Op.UNKNOWN;
    };
  }

  private static Op one(int opcode, int modRm) {
    boolean register = modRm >= 0xc0;
    int digit = modRm >> 3 & 7;
    return switch (opcode) {
      case 0x9b -> Op.FWAIT;
      case 0xcc -> Op.INT3;
      case 0xcd -> Op.INT;
      case 0xcf -> Op.IRET;
      case 0xd9 ->
          register ? Op.UNKNOWN : digit == 5 ? Op.FLDCW : digit == 7 ? Op.FNSTCW : Op.UNKNOWN;
      case 0xdb -> modRm == 0xe3 ? Op.FNINIT : modRm == 0xe2 ? Op.FNCLEX : Op.UNKNOWN;
      case 0xdd -> !register && digit == 7 ? Op.FNSTSW : Op.UNKNOWN;
      case 0xdf -> modRm == 0xe0 ? Op.FNSTSW : Op.UNKNOWN;
      default -> Op.UNKNOWN;
    };
  }

  private static Op twoBytes(int opcode, int prefix, int modRm, boolean wide) {
    boolean plain = prefix == PREFIX_NONE;
    return switch (opcode) {
      case 0x01 ->
          switch (plain ? modRm : 0) {
            case 0xca -> Op.CLAC;
            case 0xcb -> Op.STAC;
            case 0xd0 -> Op.XGETBV;
            default -> Op.UNKNOWN;
          };
      case 0xae -> group15(prefix, modRm);
      case 0xb8 -> prefix == PREFIX_F3 ? Op.POPCNT : Op.UNKNOWN;
      case 0xbc -> prefix == PREFIX_F3 ? Op.TZCNT : Op.UNKNOWN;
      case 0xbd -> prefix == PREFIX_F3 ? Op.LZCNT : Op.UNKNOWN;
      case 0xc7 -> group9(prefix, modRm, wide);
      default -> Op.UNKNOWN;
    };
  }

  private static Op group15(int prefix, int modRm) {
    boolean register = modRm >= 0xc0;
    int digit = modRm >> 3 & 7;
    if (register) {
      return switch (prefix) {
        case PREFIX_NONE -> digit >= 5 ? Op.FENCE : Op.UNKNOWN;
        case PREFIX_F3 ->
            switch (digit) {
              case 0 -> Op.RDFSBASE;
              case 1 -> Op.RDGSBASE;
              case 2 -> Op.WRFSBASE;
              case 3 -> Op.WRGSBASE;
              default -> Op.UNKNOWN;
            };
        default -> Op.UNKNOWN;
      };
    }
    if (prefix == PREFIX_66) {
      return digit >= 6 ? Op.CACHE_FLUSH : Op.UNKNOWN;
    }
    if (prefix != PREFIX_NONE) {
      return Op.UNKNOWN;
    }
    return switch (digit) {
      case 0 -> Op.FXSAVE;
      case 1 -> Op.FXRSTOR;
      case 2 -> Op.LDMXCSR;
      case 3 -> Op.STMXCSR;
      case 4 -> Op.XSAVE;
      case 5 -> Op.XRSTOR;
      case 6 -> Op.XSAVEOPT;
      default -> Op.CACHE_FLUSH;
    };
  }

  private static Op group9(int prefix, int modRm, boolean wide) {
    int digit = modRm >> 3 & 7;
    if (modRm >= 0xc0) {
      if (prefix == PREFIX_F2 || prefix == PREFIX_F3) {
        return Op.UNKNOWN;
      }
      return digit == 6 ? Op.RDRAND : digit == 7 ? Op.RDSEED : Op.UNKNOWN;
    }
    if (digit == 1) {
      return wide ? Op.CMPXCHG16B : Op.UNKNOWN;
    }
    if (prefix != PREFIX_NONE) {
      return Op.UNKNOWN;
    }
    return switch (digit) {
      case 3 -> Op.XRSTORS;
      case 4 -> Op.XSAVEC;
      case 5 -> Op.XSAVES;
      default -> Op.UNKNOWN;
    };
  }

  private static Op map0f38(int opcode, int prefix, int modRm) {
    boolean register = modRm >= 0xc0;
    return switch (opcode) {
      case 0xf0 -> prefix == PREFIX_F2 ? Op.CRC32 : movbe(prefix, register, Op.MOVBE_LOAD);
      case 0xf1 -> prefix == PREFIX_F2 ? Op.CRC32 : movbe(prefix, register, Op.MOVBE_STORE);
      case 0xf6 -> prefix == PREFIX_66 ? Op.ADCX : prefix == PREFIX_F3 ? Op.ADOX : Op.UNKNOWN;
      default -> Op.UNKNOWN;
    };
  }

  private static Op movbe(int prefix, boolean register, Op op) {
    return prefix == PREFIX_F3 || register ? Op.UNKNOWN : op;
  }

  private static Op vex0f38(int opcode, int prefix, int modRm) {
    return switch (opcode) {
      case 0xf2 -> prefix == PREFIX_NONE ? Op.ANDN : Op.UNKNOWN;
      case 0xf3 ->
          switch (prefix == PREFIX_NONE ? modRm >> 3 & 7 : 0) {
            case 1 -> Op.BLSR;
            case 2 -> Op.BLSMSK;
            case 3 -> Op.BLSI;
            default -> Op.UNKNOWN;
          };
      case 0xf5 -> byPrefix(prefix, Op.BZHI, Op.UNKNOWN, Op.PEXT, Op.PDEP);
      case 0xf6 -> prefix == PREFIX_F2 ? Op.MULX : Op.UNKNOWN;
      case 0xf7 -> byPrefix(prefix, Op.BEXTR, Op.SHLX, Op.SARX, Op.SHRX);
      default -> Op.UNKNOWN;
    };
  }

  private static Op byPrefix(int prefix, Op none, Op p66, Op f3, Op f2) {
    return switch (prefix) {
      case PREFIX_NONE -> none;
      case PREFIX_66 -> p66;
      case PREFIX_F3 -> f3;
      default -> f2;
    };
  }
}
