package io.vivarium.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.vivarium.kvm.abi.VcpuStructs.Cpuid2;
import io.vivarium.kvm.abi.VcpuStructs.CpuidEntry2;
import io.vivarium.linux.Errno;
import io.vivarium.linux.Fd;
import io.vivarium.linux.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * One CPUID leaf, {@code struct kvm_cpuid_entry2}.
 *
 * @param function the leaf: EAX before CPUID
 * @param index the subleaf: ECX before CPUID, where the flags say that it counts
 * @param flags KVM_CPUID_FLAG_*
 */
public record KvmCpuidEntry2(
    int function, int index, int flags, int eax, int ebx, int ecx, int edx) {
  private static final int MOST = 4096;

  /** The same leaf with other register values. */
  public KvmCpuidEntry2 with(int newEax, int newEbx, int newEcx, int newEdx) {
    return new KvmCpuidEntry2(function, index, flags, newEax, newEbx, newEcx, newEdx);
  }

  static List<KvmCpuidEntry2> get(Fd fd, long request) throws KvmException {
    for (int capacity = 128; ; capacity *= 2) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment list = arena.allocate(Cpuid2.SIZE + (long) capacity * CpuidEntry2.SIZE, 8);
        list.set(JAVA_INT, Cpuid2.NENT, capacity);
        if (LibC.ioctl(fd.number(), request, list.address()) < 0) {
          int errno = LibC.errno();
          if (errno == Errno.E2BIG && capacity < MOST) {
            continue;
          }
          throw Ioctl.failure(fd, request, errno);
        }
        return read(list, list.get(JAVA_INT, Cpuid2.NENT));
      }
    }
  }

  static void set(Fd fd, long request, List<KvmCpuidEntry2> entries) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment list =
          arena.allocate(Cpuid2.SIZE + (long) entries.size() * CpuidEntry2.SIZE, 8);
      list.set(JAVA_INT, Cpuid2.NENT, entries.size());
      long at = Cpuid2.ENTRIES;
      for (KvmCpuidEntry2 entry : entries) {
        list.set(JAVA_INT, at + CpuidEntry2.FUNCTION, entry.function);
        list.set(JAVA_INT, at + CpuidEntry2.INDEX, entry.index);
        list.set(JAVA_INT, at + CpuidEntry2.FLAGS, entry.flags);
        list.set(JAVA_INT, at + CpuidEntry2.EAX, entry.eax);
        list.set(JAVA_INT, at + CpuidEntry2.EBX, entry.ebx);
        list.set(JAVA_INT, at + CpuidEntry2.ECX, entry.ecx);
        list.set(JAVA_INT, at + CpuidEntry2.EDX, entry.edx);
        at += CpuidEntry2.SIZE;
      }
      Ioctl.call(fd, request, list);
    }
  }

  private static List<KvmCpuidEntry2> read(MemorySegment list, int count) {
    List<KvmCpuidEntry2> entries = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      long at = Cpuid2.ENTRIES + (long) i * CpuidEntry2.SIZE;
      entries.add(
          new KvmCpuidEntry2(
              list.get(JAVA_INT, at + CpuidEntry2.FUNCTION),
              list.get(JAVA_INT, at + CpuidEntry2.INDEX),
              list.get(JAVA_INT, at + CpuidEntry2.FLAGS),
              list.get(JAVA_INT, at + CpuidEntry2.EAX),
              list.get(JAVA_INT, at + CpuidEntry2.EBX),
              list.get(JAVA_INT, at + CpuidEntry2.ECX),
              list.get(JAVA_INT, at + CpuidEntry2.EDX)));
    }
    return entries;
  }
}
