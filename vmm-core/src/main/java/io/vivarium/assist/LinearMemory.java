package io.vivarium.assist;

import io.vivarium.assist.Instruction.Memory;
import io.vivarium.assist.PageWalk.Access;
import io.vivarium.devices.memory.GuestMemory;
import java.lang.foreign.MemorySegment;

/**
 * Guest memory by linear address, with the rights of the current privilege level. Accesses may
 * cross pages; a write changes nothing unless all of it is permitted. An access that lands outside
 * RAM throws {@code GuestAddressException}: nothing here reaches device registers.
 */
final class LinearMemory {
  private static final int PAGE = 4096;

  private final GuestMemory memory;
  private final PageWalk walk;

  LinearMemory(GuestMemory memory, PageWalk.Features paging) {
    this.memory = memory;
    this.walk = new PageWalk(memory, paging);
  }

  /**
   * The linear address of a memory operand.
   *
   * @param bytes how many will be accessed: all must be canonical, or within the segment's limit
   */
  long address(CpuState cpu, Memory operand, long nextRip, int bytes) throws GuestFault {
    long offset = operand.offset(cpu, nextRip);
    int segment = operand.segment();
    if (cpu.codeBits() == 64) {
      long linear = offset;
      if (segment == CpuState.FS || segment == CpuState.GS) {
        linear += cpu.segmentBase(segment);
      }
      if (!canonical(cpu, linear) || !canonical(cpu, linear + bytes - 1)) {
        throw outside(segment);
      }
      return linear;
    }
    CpuState.Segment descriptor = cpu.segment(segment);
    boolean expandDown = (descriptor.type() & 0xc) == 4;
    long limit = descriptor.limit() & 0xffff_ffffL;
    if (!descriptor.present() || (!expandDown && offset + bytes - 1 > limit)) {
      throw outside(segment);
    }
    return (descriptor.base() + offset) & 0xffff_ffffL;
  }

  private static GuestFault outside(int segment) {
    return segment == CpuState.SS ? GuestFault.stackSegment(0) : GuestFault.generalProtection(0);
  }

  static boolean canonical(CpuState cpu, long linear) {
    int shift = (cpu.cr4() & CpuState.CR4_LA57) != 0 ? 64 - 57 : 64 - 48;
    return (linear << shift) >> shift == linear;
  }

  /** Little-endian value of 1 to 8 bytes. */
  long read(CpuState cpu, long linear, int bytes) throws GuestFault {
    if ((linear & (PAGE - 1)) <= PAGE - bytes) {
      return get(walk.translate(cpu, linear, Access.READ), bytes);
    }
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (long) memory.getU8(walk.translate(cpu, linear + i, Access.READ)) << (8 * i);
    }
    return value;
  }

  /** Stores the low 1 to 8 bytes of {@code value}. */
  void write(CpuState cpu, long linear, int bytes, long value) throws GuestFault {
    if ((linear & (PAGE - 1)) <= PAGE - bytes) {
      put(walk.translate(cpu, linear, Access.WRITE), bytes, value);
      return;
    }
    checkWritable(cpu, linear, bytes);
    for (int i = 0; i < bytes; i++) {
      memory.setU8(walk.translate(cpu, linear + i, Access.WRITE), (int) (value >>> (8 * i)) & 0xff);
    }
  }

  /** Eight bytes of a descriptor table, whatever the privilege level. */
  long readSystem(CpuState cpu, long linear) throws GuestFault {
    long value = 0;
    for (int i = 0; i < 8; i++) {
      long physical = walk.translateSystem(cpu, linear + i, Access.READ);
      value |= (long) memory.getU8(physical) << (8 * i);
    }
    return value;
  }

  /** Bytes of code at {@code linear}: as many as can be fetched, up to 15. */
  int fetch(CpuState cpu, long linear, byte[] target) {
    int count = 0;
    try {
      while (count < target.length) {
        long physical = walk.translate(cpu, linear + count, Access.FETCH);
        if (!memory.contains(physical, 1)) {
          break;
        }
        target[count] = (byte) memory.getU8(physical);
        count++;
      }
    } catch (GuestFault e) {
      return count;
    }
    return count;
  }

  void read(CpuState cpu, long linear, MemorySegment target) throws GuestFault {
    long length = target.byteSize();
    for (long done = 0; done < length; ) {
      long chunk = Math.min(length - done, PAGE - ((linear + done) & (PAGE - 1)));
      long physical = walk.translate(cpu, linear + done, Access.READ);
      MemorySegment.copy(memory.slice(physical, chunk), 0, target, done, chunk);
      done += chunk;
    }
  }

  /** Throws the fault that a write to any byte of the range would raise. */
  void checkWritable(CpuState cpu, long linear, long length) throws GuestFault {
    for (long done = 0; done < length; ) {
      walk.translate(cpu, linear + done, Access.WRITE);
      done += Math.min(length - done, PAGE - ((linear + done) & (PAGE - 1)));
    }
  }

  /** Writes a range; check first with {@link #checkWritable} where a part must not be written. */
  void write(CpuState cpu, long linear, MemorySegment source) throws GuestFault {
    long length = source.byteSize();
    for (long done = 0; done < length; ) {
      long chunk = Math.min(length - done, PAGE - ((linear + done) & (PAGE - 1)));
      long physical = walk.translate(cpu, linear + done, Access.WRITE);
      MemorySegment.copy(source, done, memory.slice(physical, chunk), 0, chunk);
      done += chunk;
    }
  }

  private long get(long physical, int bytes) {
    return switch (bytes) {
      case 1 -> memory.getU8(physical);
      case 2 -> memory.getU16(physical);
      case 4 -> memory.getU32(physical) & 0xffff_ffffL;
      default -> memory.getU64(physical);
    };
  }

  private void put(long physical, int bytes, long value) {
    switch (bytes) {
      case 1 -> memory.setU8(physical, (int) value & 0xff);
      case 2 -> memory.setU16(physical, (int) value & 0xffff);
      case 4 -> memory.setU32(physical, (int) value);
      default -> memory.setU64(physical, value);
    }
  }
}
