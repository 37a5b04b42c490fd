package io.vivarium.assist;

/** Bit counting, BMI, MOVBE, CRC32 and wide carries on general registers (SDM 2). */
final class IntegerOps {
  private static final int CRC32C_REFLECTED = 0x82f63b78;
  private static final long ARITHMETIC =
      CpuState.FLAG_CF
          | CpuState.FLAG_PF
          | CpuState.FLAG_AF
          | CpuState.FLAG_ZF
          | CpuState.FLAG_SF
          | CpuState.FLAG_OF;

  private final LinearMemory memory;

  IntegerOps(LinearMemory memory) {
    this.memory = memory;
  }

  void perform(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    if (instruction.lock()) {
      throw GuestFault.invalidOpcode();
    }
    int bytes = instruction.operandBytes();
    int bits = bytes * 8;
    switch (instruction.op()) {
      case MOVBE_LOAD -> {
        long value = Long.reverseBytes(source(cpu, instruction, nextRip)) >>> (64 - bits);
        result(cpu, instruction.reg(), bytes, value);
      }
      case MOVBE_STORE -> {
        long value = Long.reverseBytes(cpu.register(instruction.reg())) >>> (64 - bits);
        long address = memory.address(cpu, instruction.memoryOperand(), nextRip, bytes);
        memory.write(cpu, address, bytes, value);
      }
      case POPCNT -> {
        long value = source(cpu, instruction, nextRip);
        result(cpu, instruction.reg(), bytes, Long.bitCount(value));
        flags(cpu, ARITHMETIC, value == 0 ? CpuState.FLAG_ZF : 0);
      }
      case TZCNT, LZCNT -> countZeros(cpu, instruction, nextRip);
      case CRC32 -> crc32(cpu, instruction, nextRip);
      case ADCX, ADOX -> addCarry(cpu, instruction, nextRip);
      default -> bmi(cpu, instruction, nextRip);
    }
  }

  private void countZeros(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    int bytes = instruction.operandBytes();
    int bits = bytes * 8;
    long value = source(cpu, instruction, nextRip);
    int count =
        instruction.op() == Op.TZCNT
            ? Math.min(bits, Long.numberOfTrailingZeros(value))
            : Long.numberOfLeadingZeros(value) - (64 - bits);
    result(cpu, instruction.reg(), bytes, count);
    long set = (count == bits ? CpuState.FLAG_CF : 0) | (count == 0 ? CpuState.FLAG_ZF : 0);
    flags(cpu, CpuState.FLAG_CF | CpuState.FLAG_ZF, set);
  }

  private void crc32(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    int bytes = instruction.sourceBytes();
    long value =
        instruction.memory() == null && bytes == 1
            ? cpu.register(instruction.rm())
            : operand(cpu, instruction, nextRip, bytes);
    int crc = (int) cpu.register(instruction.reg());
    for (int i = 0; i < bytes; i++) {
      crc ^= (int) (value >>> (8 * i)) & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) != 0 ? (crc >>> 1) ^ CRC32C_REFLECTED : crc >>> 1;
      }
    }
    cpu.setRegister(instruction.reg(), crc & 0xffff_ffffL);
  }

  private void addCarry(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    long flag = instruction.op() == Op.ADCX ? CpuState.FLAG_CF : CpuState.FLAG_OF;
    int bytes = Math.max(4, instruction.operandBytes());
    long mask = mask(bytes);
    long a = cpu.register(instruction.reg()) & mask;
    long b = operand(cpu, instruction, nextRip, bytes);
    long carry = (cpu.rflags() & flag) != 0 ? 1 : 0;
    long sum = (a + b + carry) & mask;
    boolean carries = Long.compareUnsigned(sum, a) < 0 || (carry == 1 && sum == a);
    result(cpu, instruction.reg(), bytes, sum);
    flags(cpu, flag, carries ? flag : 0);
  }

  private void bmi(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    int bytes = instruction.operandBytes();
    int bits = bytes * 8;
    long mask = mask(bytes);
    long value = operand(cpu, instruction, nextRip, bytes);
    long other = cpu.register(instruction.vvvv()) & mask;
    int count = (int) other & (bits - 1);
    int reg = instruction.reg();
    switch (instruction.op()) {
      case ANDN -> logical(cpu, reg, bytes, ~other & value, false);
      case BLSR -> logical(cpu, instruction.vvvv(), bytes, value & (value - 1), value == 0);
      case BLSMSK -> logical(cpu, instruction.vvvv(), bytes, value ^ (value - 1), value == 0);
      case BLSI -> logical(cpu, instruction.vvvv(), bytes, value & -value, value != 0);
      case BZHI -> {
        int index = (int) other & 0xff;
        long kept = index < bits ? value & ((1L << index) - 1) : value;
        logical(cpu, reg, bytes, kept, index >= bits);
      }
      case BEXTR -> extract(cpu, reg, bytes, value, (int) other);
      case SHLX -> result(cpu, reg, bytes, value << count);
      case SHRX -> result(cpu, reg, bytes, value >>> count);
      case SARX -> result(cpu, reg, bytes, bytes == 4 ? (int) value >> count : value >> count);
      case RORX -> {
        int rotate = (int) instruction.immediate() & (bits - 1);
        result(
            cpu,
            reg,
            bytes,
            bytes == 4
                ? Integer.rotateRight((int) value, rotate)
                : Long.rotateRight(value, rotate));
      }
      case MULX -> {
        long factor = cpu.register(CpuState.RDX) & mask;
        boolean four = bytes == 4;
        long product = factor * value;
        long high = four ? product >>> 32 : Math.unsignedMultiplyHigh(factor, value);
        result(cpu, instruction.vvvv(), bytes, product);
        result(cpu, reg, bytes, high);
      }
      case PDEP -> result(cpu, reg, bytes, Long.expand(other, value));
      case PEXT -> result(cpu, reg, bytes, Long.compress(other, value));
      default -> throw GuestFault.invalidOpcode();
    }
  }

  private static void extract(CpuState cpu, int reg, int bytes, long value, int control) {
    int start = control & 0xff;
    int length = control >>> 8 & 0xff;
    long shifted = start < bytes * 8 ? value >>> start : 0;
    long extracted = length < bytes * 8 ? shifted & ((1L << length) - 1) : shifted;
    result(cpu, reg, bytes, extracted);
    flags(
        cpu,
        CpuState.FLAG_ZF | CpuState.FLAG_CF | CpuState.FLAG_OF,
        extracted == 0 ? CpuState.FLAG_ZF : 0);
  }

  /** Stores a result that sets SF and ZF, takes CF as given and clears OF. */
  private static void logical(CpuState cpu, int reg, int bytes, long value, boolean carry) {
    long masked = value & mask(bytes);
    result(cpu, reg, bytes, masked);
    long set = carry ? CpuState.FLAG_CF : 0;
    set |= masked == 0 ? CpuState.FLAG_ZF : 0;
    set |= masked >>> (bytes * 8 - 1) != 0 ? CpuState.FLAG_SF : 0;
    flags(cpu, CpuState.FLAG_CF | CpuState.FLAG_ZF | CpuState.FLAG_SF | CpuState.FLAG_OF, set);
  }

  private long source(CpuState cpu, Instruction instruction, long nextRip) throws GuestFault {
    return operand(cpu, instruction, nextRip, instruction.operandBytes());
  }

  private long operand(CpuState cpu, Instruction instruction, long nextRip, int bytes)
      throws GuestFault {
    if (instruction.memory() == null) {
      return cpu.register(instruction.rm()) & mask(bytes);
    }
    return memory.read(cpu, memory.address(cpu, instruction.memory(), nextRip, bytes), bytes);
  }

  /** Writes a register as instructions do: 32-bit results clear the upper half. */
  static void result(CpuState cpu, int register, int bytes, long value) {
    switch (bytes) {
      case 2 -> {
        long kept = cpu.register(register) & ~0xffffL;
        cpu.setRegister(register, kept | (value & 0xffff));
      }
      case 4 -> cpu.setRegister(register, value & 0xffff_ffffL);
      default -> cpu.setRegister(register, value);
    }
  }

  static void flags(CpuState cpu, long affected, long set) {
    cpu.setRflags((cpu.rflags() & ~affected) | set);
  }

  private static long mask(int bytes) {
    return bytes == 8 ? -1L : (1L << (bytes * 8)) - 1;
  }
}
