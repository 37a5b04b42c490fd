package io.vivarium.assist;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.kvm.Kvm;
import io.vivarium.linux.ErrnoException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each instruction that is legal in ring 3, done by the processor and by the assist, on the same
 * random registers, memory and extended state: all of them must come out the same.
 */
@Tag("kvm")
@TestInstance(Lifecycle.PER_CLASS)
class NativeComparisonTest {
  private static final int ROUNDS = 60;
  private static final long ARITHMETIC = 0x8d5;

  private final Random random = new Random(20260102);
  private Kvm kvm;
  private NativeGuest guest;
  private HostProfile profile;
  private List<String> hostFlags = List.of();
  private int mxcsrMask;
  private long xcr0;

  @BeforeAll
  void open() throws IOException {
    assumeTrue(Files.isWritable(Path.of(Kvm.DEVICE)), "needs a writable " + Kvm.DEVICE);
    kvm = Kvm.open();
    profile = HostProfile.probe(kvm);
    guest = new NativeGuest(kvm);
    askProcessor();
    for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
      if (line.startsWith("flags")) {
        hostFlags = List.of(line.split(" "));
        break;
      }
    }
  }

  /** XCR0 and MXCSR_MASK, by XGETBV and FXSAVE64. */
  private void askProcessor() throws ErrnoException {
    FakeCpu cpu = new FakeCpu(guest.vcpu().xsaveSize());
    cpu.registers[CpuState.RCX] = 0;
    cpu.registers[6] = NativeGuest.DATA;
    guest.execute(HexFormat.of().parseHex("0f01d0"), cpu);
    xcr0 = cpu.registers[CpuState.RAX];
    guest.execute(HexFormat.of().parseHex("480fae06"), cpu);
    mxcsrMask = guest.memory().getU32(NativeGuest.DATA + XsaveOps.MXCSR_MASK);
  }

  @AfterAll
  void close() {
    if (guest != null) {
      guest.close();
      kvm.close();
    }
  }

  /** The last column: flags that the instruction leaves undefined. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "popcnt %rdi→%rax, popcnt, f3480fb8c7, 0",
    "popcnt %edi→%eax, popcnt, f30fb8c7, 0",
    "popcnt %di→%ax, popcnt, 66f30fb8c7, 0",
    "popcnt (%rsi)→%r9, popcnt, f34c0fb80e, 0",
    "popcnt -8(%rsi;%rcx;2)→%rax, popcnt, f3480fb8444ef8, 0",
    "tzcnt %rcx→%rax, bmi1, f3480fbcc1, 0x894",
    "tzcnt (%rsi)→%eax, bmi1, f30fbc06, 0x894",
    "lzcnt %rcx→%rax, abm, f3480fbdc1, 0x894",
    "lzcnt %cx→%ax, abm, 66f30fbdc1, 0x894",
    "movbe (%rsi)→%rax, movbe, 480f38f006, 0",
    "movbe (%rsi)→%ax, movbe, 660f38f006, 0",
    "movbe %eax→(%rsi), movbe, 0f38f106, 0",
    "crc32 %rdi→%rax, sse4_2, f2480f38f1c7, 0",
    "crc32b (%rsi)→%eax, sse4_2, f20f38f006, 0",
    "crc32w (%rsi)→%eax, sse4_2, 66f20f38f106, 0",
    "adcx %rcx→%rax, adx, 66480f38f6c1, 0",
    "adox (%rsi)→%eax, adx, f30f38f606, 0",
    "andn %rcx;%rax→%rax, bmi1, c4e2f8f2c1, 0x14",
    "blsr %rax→%rcx, bmi1, c4e2f0f3c8, 0x14",
    "blsmsk %eax→%ecx, bmi1, c4e270f3d0, 0x14",
    "blsi %rax→%rcx, bmi1, c4e2f0f3d8, 0x14",
    "bzhi, bmi2, c4e2f0f5c2, 0x14",
    "bextr, bmi1, c4e2f0f7c2, 0x94",
    "shlx, bmi2, c4e2f1f7c2, 0",
    "sarx %ecx, bmi2, c4e272f7c2, 0",
    "shrx, bmi2, c4e2f3f7c2, 0",
    "rorx $7, bmi2, c4e3fbf0c207, 0",
    "rorxl $35, bmi2, c4e37bf0c223, 0",
    "mulx, bmi2, c4e2f3f6c2, 0",
    "mulxl, bmi2, c4e273f6c2, 0",
    "pdep, bmi2, c4e2f3f5c2, 0",
    "pext, bmi2, c4e2f2f5c2, 0",
    "cmpxchg16b (%rsi), cx16, 480fc70e, 0",
    "lock cmpxchg16b (%rsi), cx16, f0480fc70e, 0",
    "fwait, fpu, 9b, 0",
    "fninit, fpu, dbe3, 0",
    "fnclex, fpu, dbe2, 0",
    "fnstcw (%rsi), fpu, d93e, 0",
    "fldcw (%rsi), fpu, d92e, 0",
    "fnstsw %ax, fpu, dfe0, 0",
    "fnstsw (%rsi), fpu, dd3e, 0",
    "ldmxcsr (%rsi), sse, 0fae16, 0",
    "stmxcsr (%rsi), sse, 0fae1e, 0",
    "fxsave64 (%rsi), fxsr, 480fae06, 0",
    "fxrstor64 (%rsi), fxsr, 480fae0e, 0",
    "xsave64 (%rsi), xsave, 480fae26, 0",
    "xrstor64 (%rsi), xsave, 480fae2e, 0",
    "xsaveopt64 (%rsi), xsaveopt, 480fae36, 0",
    "xsavec64 (%rsi), xsavec, 480fc726, 0",
    "xgetbv, xsave, 0f01d0, 0",
    "lfence, sse2, 0faee8, 0",
    "clflush (%rsi), clflush, 0fae3e, 0",
  })
  void doesWhatTheProcessorDoes(String name, String flag, String hex, String undefinedFlags)
      throws ErrnoException, GuestFault {
    assumeTrue(hostFlags.contains(flag), "this processor has no " + flag);
    byte[] bytes = HexFormat.of().parseHex(hex);
    long undefined = Long.decode(undefinedFlags);
    Instruction instruction = Decoder.decode(bytes, bytes.length, 64);
    for (int round = 0; round < ROUNDS; round++) {
      FakeCpu here = randomCpu(instruction.op(), round);
      byte[] data = randomData(instruction.op(), here, round);
      FakeCpu there = copy(here);
      GuestMemory memory = memory(data);
      guest.memory().write(NativeGuest.DATA, data);

      new InstructionSet(memory, profile.xsaveLayout(), profile.paging())
          .perform(here, instruction);
      guest.execute(bytes, there);

      compare(name + " round " + round, here, there, undefined);
      byte[] written = new byte[data.length];
      memory.read(NativeGuest.DATA, written);
      byte[] expected = new byte[data.length];
      guest.memory().read(NativeGuest.DATA, expected);
      int difference = Arrays.mismatch(written, expected);
      if (difference >= 0) {
        Assertions.fail(
            "%s round %d: memory differs at +%#x: %02x, the processor has %02x; rax %x rdx %x"
                .formatted(
                    name,
                    round,
                    difference,
                    written[difference],
                    expected[difference],
                    here.registers[CpuState.RAX],
                    here.registers[CpuState.RDX]));
      }
    }
  }

  private static GuestMemory memory(byte[] data) {
    MemorySegment ram = Arena.ofAuto().allocate(NativeGuest.RAM, 4096);
    var memory = new GuestMemory(List.of(new GuestMemory.Region(0, ram)));
    NativeGuest.writePageTables(memory);
    memory.write(NativeGuest.DATA, data);
    return memory;
  }

  /** RSI points at the operand, which every fourth time lies across two pages where it may. */
  private FakeCpu randomCpu(Op op, int round) {
    FakeCpu cpu = new FakeCpu(guest.vcpu().xsaveSize());
    NativeGuest.prepare(cpu);
    cpu.xcr0 = xcr0;
    for (int i = 0; i < 16; i++) {
      cpu.registers[i] = random.nextLong() >>> random.nextInt(64);
    }
    cpu.registers[CpuState.RSP] = NativeGuest.DATA_END - 64;
    cpu.registers[CpuState.RCX] &= 0xff;
    long alignment =
        switch (op) {
          case XSAVE, XSAVEOPT, XSAVEC, XRSTOR -> 64;
          case FXSAVE, FXRSTOR, CMPXCHG16B -> 16;
          default -> 1;
        };
    long operand = round % 4 == 3 ? NativeGuest.DATA + 0x1000 - 3 : NativeGuest.DATA + 0x103;
    cpu.registers[6] = operand & -alignment;
    cpu.rflags = 2 | (random.nextLong() & ARITHMETIC);
    cpu.rip = NativeGuest.CODE;
    switch (op) {
      case XGETBV -> cpu.registers[CpuState.RCX] = 0;
      case XSAVE, XSAVEOPT, XSAVEC, XRSTOR ->
          cpu.registers[CpuState.RAX] = round % 2 == 0 ? 7 : random.nextInt(8);
      default -> {}
    }
    randomState(cpu.xsave, 7);
    return cpu;
  }

  private byte[] randomData(Op op, FakeCpu cpu, int round) {
    byte[] data = new byte[(int) (NativeGuest.DATA_END - NativeGuest.DATA)];
    random.nextBytes(data);
    MemorySegment segment = MemorySegment.ofArray(data);
    long operand = cpu.registers[6] - NativeGuest.DATA;
    switch (op) {
      case CMPXCHG16B -> {
        if (round % 2 == 0) {
          segment.set(ValueLayout.JAVA_LONG_UNALIGNED, operand, cpu.registers[CpuState.RAX]);
          segment.set(ValueLayout.JAVA_LONG_UNALIGNED, operand + 8, cpu.registers[CpuState.RDX]);
        }
      }
      case LDMXCSR ->
          segment.set(ValueLayout.JAVA_INT_UNALIGNED, operand, random.nextInt(0x10000) & ~0x40);
      case XRSTOR, FXRSTOR -> {
        MemorySegment image = segment.asSlice(operand, 832);
        randomState(image, round % 3 == 0 ? 7 : random.nextInt(8));
      }
      default -> {}
    }
    return data;
  }

  /** A legal standard-format image with the given components in use. */
  private void randomState(MemorySegment image, long components) {
    byte[] bytes = new byte[832];
    random.nextBytes(bytes);
    image.asSlice(0, 832).copyFrom(MemorySegment.ofArray(bytes));
    // x87: control word, no pending exception, 64-bit pointers as canonical as KVM keeps them.
    image.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) (0x37f & ~(random.nextInt(4) << 8)));
    image.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2, (short) (random.nextInt(8) << 11));
    image.set(ValueLayout.JAVA_SHORT_UNALIGNED, 4, (short) random.nextInt(256));
    image.set(ValueLayout.JAVA_SHORT_UNALIGNED, 6, (short) 0);
    image.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, 0);
    image.set(ValueLayout.JAVA_LONG_UNALIGNED, 16, 0);
    image.set(ValueLayout.JAVA_INT_UNALIGNED, XsaveOps.MXCSR, 0x1f80 | (random.nextInt(4) << 13));
    image.set(ValueLayout.JAVA_INT_UNALIGNED, XsaveOps.MXCSR_MASK, mxcsrMask);
    for (int register = 0; register < 8; register++) {
      image.asSlice(32 + 16L * register + 10, 6).fill((byte) 0);
    }
    image.asSlice(416, 96).fill((byte) 0);
    image.asSlice(XsaveOps.XSTATE_BV, 64).fill((byte) 0);
    image.set(ValueLayout.JAVA_LONG_UNALIGNED, XsaveOps.XSTATE_BV, components);
  }

  private FakeCpu copy(FakeCpu cpu) {
    FakeCpu copy = new FakeCpu(guest.vcpu().xsaveSize());
    NativeGuest.prepare(copy);
    System.arraycopy(cpu.registers, 0, copy.registers, 0, 16);
    copy.rflags = cpu.rflags;
    copy.xsave.copyFrom(cpu.xsave);
    return copy;
  }

  private static void compare(String name, FakeCpu here, FakeCpu there, long undefined) {
    for (int i = 0; i < 16; i++) {
      Assertions.assertEquals(there.registers[i], here.registers[i], name + ": register " + i);
    }
    long flags = ARITHMETIC & ~undefined;
    Assertions.assertEquals(
        there.rflags & flags,
        here.rflags & flags,
        () -> name + ": flags " + Long.toHexString(here.rflags).toLowerCase(Locale.ROOT));
    compareState(name, here.xsave, there.xsave);
  }

  /** Components not in use are compared as what they mean, their initial values. */
  private static void compareState(String name, MemorySegment here, MemorySegment there) {
    MemorySegment left = normal(here);
    MemorySegment right = normal(there);
    long difference = left.mismatch(right);
    if (difference >= 0) {
      Assertions.fail(
          "%s: extended state differs at +%#x: %02x, the processor has %02x"
              .formatted(
                  name,
                  difference,
                  left.get(ValueLayout.JAVA_BYTE, difference),
                  right.get(ValueLayout.JAVA_BYTE, difference)));
    }
  }

  private static MemorySegment normal(MemorySegment state) {
    MemorySegment copy =
        MemorySegment.ofArray(state.asSlice(0, 832).toArray(ValueLayout.JAVA_BYTE));
    long inUse = copy.get(ValueLayout.JAVA_LONG_UNALIGNED, XsaveOps.XSTATE_BV);
    if ((inUse & XsaveLayout.X87) == 0) {
      XsaveOps.initialiseX87(copy);
    }
    if ((inUse & XsaveLayout.SSE) == 0) {
      copy.asSlice(160, 256).fill((byte) 0);
    }
    if ((inUse & XsaveLayout.AVX) == 0) {
      copy.asSlice(576, 256).fill((byte) 0);
    }
    copy.set(ValueLayout.JAVA_INT_UNALIGNED, XsaveOps.MXCSR_MASK, 0);
    // Where the kernel notes for itself what the image holds.
    copy.asSlice(416, 96).fill((byte) 0);
    copy.asSlice(XsaveOps.XSTATE_BV, 64).fill((byte) 0);
    return copy;
  }
}
