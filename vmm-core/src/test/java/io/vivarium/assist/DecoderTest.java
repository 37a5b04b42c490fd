package io.vivarium.assist;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.assist.Instruction.Memory;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The encodings are an assembler's (GNU as 2.40), noted as hexadecimal. */
class DecoderTest {
  private static final int FUZZ_ROUNDS = 2_000_000;

  @ParameterizedTest
  @CsvSource({
    "0f01ca, CLAC, 4",
    "0f01cb, STAC, 4",
    "0f01d0, XGETBV, 4",
    "480fae20, XSAVE, 8",
    "0fae20, XSAVE, 4",
    "480fae6c2440, XRSTOR, 8",
    "480fae33, XSAVEOPT, 8",
    "480fc723, XSAVEC, 8",
    "480fc72b, XSAVES, 8",
    "480fc71b, XRSTORS, 8",
    "0fae02, FXSAVE, 4",
    "490fae0c24, FXRSTOR, 8",
    "0fae542404, LDMXCSR, 4",
    "0fae1d10000000, STMXCSR, 4",
    "9b, FWAIT, 4",
    "dbe3, FNINIT, 4",
    "dbe2, FNCLEX, 4",
    "d93c24, FNSTCW, 4",
    "d92c24, FLDCW, 4",
    "dfe0, FNSTSW, 4",
    "dd3b, FNSTSW, 4",
    "cc, INT3, 4",
    "cd80, INT, 4",
    "cf, IRET, 4",
    "f0480fc70e, CMPXCHG16B, 8",
    "65480fc70e, CMPXCHG16B, 8",
    "f3480fb8c7, POPCNT, 8",
    "f30fb8c7, POPCNT, 4",
    "66f30fb8c7, POPCNT, 2",
    "f3480fbcc1, TZCNT, 8",
    "f3480fbdc1, LZCNT, 8",
    "480f38f003, MOVBE_LOAD, 8",
    "480f38f103, MOVBE_STORE, 8",
    "f2480f38f1c1, CRC32, 8",
    "f20f38f003, CRC32, 4",
    "f3480faec0, RDFSBASE, 8",
    "f3480faed8, WRGSBASE, 8",
    "480fc7f0, RDRAND, 8",
    "0fc7f8, RDSEED, 4",
    "0faee8, FENCE, 4",
    "0faef8, FENCE, 4",
    "660fae38, CACHE_FLUSH, 2",
    "0fae38, CACHE_FLUSH, 4",
    "c4e2f8f2c1, ANDN, 8",
    "c4e2f0f3c8, BLSR, 8",
    "c4e270f3d0, BLSMSK, 4",
    "c4e2f0f3d8, BLSI, 8",
    "c4e2f0f5c2, BZHI, 8",
    "c4e2f0f7c2, BEXTR, 8",
    "c4e2f1f7c2, SHLX, 8",
    "c4e2f2f7c2, SARX, 8",
    "c4e2f3f7c2, SHRX, 8",
    "c4e3fbf0c207, RORX, 8",
    "c4e2f3f6c2, MULX, 8",
    "c4e2f3f5c2, PDEP, 8",
    "c4e2f2f5c2, PEXT, 8",
    "66480f38f6c1, ADCX, 8",
    "f3480f38f6c1, ADOX, 8",
    "90, UNKNOWN, 4",
    "0f0b, UNKNOWN, 4",
    "66480f6fc0, UNKNOWN, 4",
  })
  void knowsTheseEncodings(String hex, Op op, int operandBytes) {
    Instruction instruction = decode(hex, 64);

    assertThat(instruction.op()).isEqualTo(op);
    if (op != Op.UNKNOWN) {
      assertThat(instruction.length()).isEqualTo(hex.length() / 2);
      assertThat(instruction.operandBytes()).isEqualTo(operandBytes);
    }
  }

  @Test
  void readsMemoryOperandsOfSixtyFourBitCode() {
    // xsave64 (%rbx); xsave64 -8(%rbp,%r12,4); popcnt 0x10(%rip),%r9; popcnt %gs:0x20,%rax
    assertThat(decode("480fae23", 64).memory())
        .isEqualTo(new Memory(CpuState.DS, 3, -1, 1, 0, false, 64));
    assertThat(decode("4a0fae64a5f8", 64).memory())
        .isEqualTo(new Memory(CpuState.SS, 5, 12, 4, -8, false, 64));
    Instruction relative = decode("f34c0fb80d10000000", 64);
    assertThat(relative.memory()).isEqualTo(new Memory(CpuState.DS, -1, -1, 1, 16, true, 64));
    assertThat(relative.reg()).isEqualTo(9);
    assertThat(decode("65f3480fb8042520000000", 64).memory())
        .isEqualTo(new Memory(CpuState.GS, -1, -1, 1, 32, false, 64));
    // popcnt (%r13),%eax needs a displacement; popcnt (%r12d),%eax has a 32-bit address
    assertThat(decode("f3410fb84500", 64).memory())
        .isEqualTo(new Memory(CpuState.DS, 13, -1, 1, 0, false, 64));
    assertThat(decode("67f3410fb80424", 64).memory())
        .isEqualTo(new Memory(CpuState.DS, 12, -1, 1, 0, false, 32));
  }

  @Test
  void readsMemoryOperandsOfOlderCode() {
    // fxsave 0x12(%bx,%si); fxsave 0x1234; fxsave (%ebp) in 16-, 16- and 32-bit code
    assertThat(decode("0fae4012", 16).memory())
        .isEqualTo(new Memory(CpuState.DS, 3, 6, 1, 0x12, false, 16));
    assertThat(decode("0fae063412", 16).memory())
        .isEqualTo(new Memory(CpuState.DS, -1, -1, 1, 0x1234, false, 16));
    assertThat(decode("0fae4500", 32).memory())
        .isEqualTo(new Memory(CpuState.SS, 5, -1, 1, 0, false, 32));
    assertThat(decode("0fae0534120000", 32).memory())
        .isEqualTo(new Memory(CpuState.DS, -1, -1, 1, 0x1234, false, 32));
  }

  @Test
  void aRexBeforeAnotherPrefixDoesNotCount() {
    assertThat(decode("48f30fb8c7", 64).operandBytes()).isEqualTo(4);
  }

  @Test
  void ldsOfOlderCodeIsNotVex() {
    assertThat(decode("c40424", 32).op()).isEqualTo(Op.UNKNOWN);
    assertThat(decode("c4e270f3d0", 32).op()).isEqualTo(Op.BLSMSK);
  }

  @Test
  void whatIsCutOffIsUnknown() {
    byte[] bytes = HexFormat.of().parseHex("f34c0fb80d10000000");
    for (int length = 0; length < bytes.length; length++) {
      assertThat(Decoder.decode(bytes, length, 64).op()).isEqualTo(Op.UNKNOWN);
    }
  }

  @Test
  void survivesAnyBytes() {
    var random = new Random(20260101);
    byte[] bytes = new byte[15];
    int[] modes = {16, 32, 64};
    int[] starts = {0x0f, 0xc4, 0xc5, 0xf3, 0xf2, 0x66, 0x48};
    for (int i = 0; i < FUZZ_ROUNDS; i++) {
      random.nextBytes(bytes);
      if (i % 2 == 0) {
        bytes[0] = (byte) starts[i / 2 % starts.length];
      }
      Instruction instruction = Decoder.decode(bytes, random.nextInt(16), modes[i % 3]);
      if (instruction.length() < 1
          || instruction.length() > 15
          || instruction.reg() > 15
          || instruction.rm() > 15
          || instruction.vvvv() > 15) {
        throw new AssertionError(HexFormat.of().formatHex(bytes) + ": " + instruction);
      }
    }
  }

  private static Instruction decode(String hex, int codeBits) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    return Decoder.decode(bytes, bytes.length, codeBits);
  }
}
