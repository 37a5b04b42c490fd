package io.vivarium.machine;

import io.vivarium.kvm.KvmCpuidEntry2;
import java.util.ArrayList;
import java.util.List;

/**
 * What CPUID tells each vCPU: all that the host supports, with the machine's own topology, one
 * thread a core, all cores in one package (Intel's manual vol. 2A, CPUID; AMD's APM vol. 3, E).
 */
final class CpuidPolicy {
  private static final int HYPERVISOR = 1 << 31;
  private static final int HYPER_THREADING = 1 << 28;

  private CpuidPolicy() {}

  static List<KvmCpuidEntry2> of(List<KvmCpuidEntry2> supported, int vcpu, int cpus) {
    int apicIdBits = cpus == 1 ? 0 : 32 - Integer.numberOfLeadingZeros(cpus - 1);
    List<KvmCpuidEntry2> entries = new ArrayList<>();
    for (KvmCpuidEntry2 entry : supported) {
      switch (entry.function()) {
        case 0x1 -> entries.add(features(entry, vcpu, cpus));
        case 0x4, 0x8000_001d -> entries.add(cache(entry, cpus));
        case 0xb, 0x1f -> {
          if (entry.index() == 0) {
            entries.addAll(topology(entry, vcpu, cpus, apicIdBits));
          }
        }
        case 0x8000_0008 ->
            entries.add(
                entry.with(
                    entry.eax(),
                    entry.ebx(),
                    (entry.ecx() & ~0xf0ff) | (apicIdBits << 12) | (cpus - 1),
                    entry.edx()));
        case 0x8000_001e -> entries.add(entry.with(vcpu, vcpu & 0xff, 0, entry.edx()));
        default -> entries.add(entry);
      }
    }
    return entries;
  }

  private static KvmCpuidEntry2 features(KvmCpuidEntry2 entry, int vcpu, int cpus) {
    int edx = cpus > 1 ? entry.edx() | HYPER_THREADING : entry.edx() & ~HYPER_THREADING;
    int ebx = (entry.ebx() & 0xffff) | (Math.min(cpus, 255) << 16) | (vcpu << 24);
    return entry.with(entry.eax(), ebx, entry.ecx() | HYPERVISOR, edx);
  }

  /** EAX: bits 14 to 25 how many share this cache, less one; bits 26 to 31 the package's cores. */
  private static KvmCpuidEntry2 cache(KvmCpuidEntry2 entry, int cpus) {
    int level = entry.eax() >> 5 & 7;
    int sharing = level >= 3 ? cpus - 1 : 0;
    int eax = (entry.eax() & 0x3fff) | (Math.min(sharing, 0xfff) << 14);
    if (entry.function() == 0x4) {
      eax |= Math.min(cpus - 1, 0x3f) << 26;
    }
    return entry.with(eax, entry.ebx(), entry.ecx(), entry.edx());
  }

  /** The levels: thread, core, none. */
  private static List<KvmCpuidEntry2> topology(
      KvmCpuidEntry2 entry, int vcpu, int cpus, int apicIdBits) {
    int function = entry.function();
    int flags = entry.flags();
    return List.of(
        new KvmCpuidEntry2(function, 0, flags, 0, 1, 1 << 8, vcpu),
        new KvmCpuidEntry2(function, 1, flags, apicIdBits, cpus, 2 << 8 | 1, vcpu),
        new KvmCpuidEntry2(function, 2, flags, 0, 0, 2, vcpu));
  }
}
