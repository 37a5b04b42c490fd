package io.vivarium.assist;

import io.vivarium.kvm.Kvm;
import io.vivarium.kvm.KvmCpuidEntry2;
import io.vivarium.kvm.KvmException;
import io.vivarium.kvm.abi.KvmCaps;
import java.util.ArrayList;
import java.util.List;

/**
 * What this host's KVM needs of the monitor, decided by what KVM does and not by its name. On an
 * ordinary host nothing: CPUID passes unchanged, the kernel command line gets no additions.
 */
public final class HostProfile {
  private static final int LEAF_FEATURES = 1;
  private static final int LEAF_XSAVE = 0xd;
  private static final int LEAF_KVM_FEATURES = 0x4000_0001;
  private static final int LEAF_EXTENDED_FEATURES = 0x8000_0001;
  private static final int LEAF_ADDRESS_SIZES = 0x8000_0008;

  private static final int FEATURE_CX16 = 1 << 13;
  private static final int FEATURE_GIGABYTE_PAGES = 1 << 26;
  private static final int FEATURE_TSC_DEADLINE = 1 << 24;

  /**
   * KVM_FEATURE bits of hypercalls between vCPUs: async page faults (4, 14), unhalt (7), TLB flush
   * (9), send IPI (11), sched yield (13). With them a vCPU of an interpreting host never leaves the
   * hypercall.
   */
  private static final int PARAVIRTUAL_SMP = 0x6e90;

  private final boolean interpretsRing0;
  private final boolean tscSettable;
  private final PageWalk.Features paging;
  private final XsaveLayout xsaveLayout;

  private HostProfile(
      boolean interpretsRing0,
      boolean tscSettable,
      PageWalk.Features paging,
      XsaveLayout xsaveLayout) {
    this.interpretsRing0 = interpretsRing0;
    this.tscSettable = tscSettable;
    this.paging = paging;
    this.xsaveLayout = xsaveLayout;
  }

  /**
   * Asks KVM, by running a guest of a few instructions; takes a few milliseconds.
   *
   * @throws KvmException when KVM cannot make that guest
   */
  public static HostProfile probe(Kvm kvm) throws KvmException {
    List<KvmCpuidEntry2> cpuid = kvm.supportedCpuid();
    int physicalBits = 52;
    boolean gigabytePages = false;
    var layout = new XsaveLayout();
    for (KvmCpuidEntry2 entry : cpuid) {
      if (entry.function() == LEAF_ADDRESS_SIZES) {
        physicalBits = Math.clamp(entry.eax() & 0xff, 32, 52);
      } else if (entry.function() == LEAF_EXTENDED_FEATURES) {
        gigabytePages = (entry.edx() & FEATURE_GIGABYTE_PAGES) != 0;
      } else if (entry.function() == LEAF_XSAVE
          && entry.index() >= 2
          && entry.index() < XsaveLayout.COMPONENTS
          && (entry.ecx() & 1) == 0) {
        layout.component(entry.index(), entry.ebx(), entry.eax(), (entry.ecx() & 2) != 0);
      }
    }
    boolean tsc = kvm.checkExtension(KvmCaps.KVM_CAP_TSC_CONTROL) > 0;
    return new HostProfile(
        RingZeroProbe.interprets(kvm),
        tsc,
        new PageWalk.Features(physicalBits, gigabytePages),
        layout);
  }

  /** Whether KVM interprets guest ring 0, so that each vCPU needs an {@link Assist}. */
  public boolean interpretsRing0() {
    return interpretsRing0;
  }

  /** Whether the guest's time stamp counter can be set; else it is always the host's. */
  public boolean tscSettable() {
    return tscSettable;
  }

  /**
   * Whether a guest's kernel takes long to catch up with a clock that jumped: it counts each second
   * on its own, which is 75 us interpreted, 6 s for a day, and nothing worth mention elsewhere.
   */
  public boolean catchesUpSlowly() {
    return interpretsRing0;
  }

  /** How many vCPUs make sense: {@code wanted}, or fewer where more only cost. */
  public int sensibleCpus(int wanted) {
    return interpretsRing0 ? Math.min(wanted, 2) : wanted;
  }

  /**
   * What the guest's CPUID should be, given what KVM supports.
   *
   * @param cpus vCPUs of the machine
   */
  public List<KvmCpuidEntry2> cpuid(List<KvmCpuidEntry2> supported, int cpus) {
    if (!interpretsRing0) {
      return supported;
    }
    List<KvmCpuidEntry2> result = new ArrayList<>(supported.size());
    for (KvmCpuidEntry2 entry : supported) {
      int eax = entry.eax();
      int ecx = entry.ecx();
      if (entry.function() == LEAF_FEATURES) {
        // With the deadline timer Linux would not use the 8254, not even by "nolapic_timer".
        ecx &= ~(FEATURE_CX16 | FEATURE_TSC_DEADLINE);
      } else if (entry.function() == LEAF_KVM_FEATURES && cpus > 1) {
        eax &= ~PARAVIRTUAL_SMP;
      }
      result.add(entry.with(eax, entry.ebx(), ecx, entry.edx()));
    }
    return result;
  }

  /** What a Linux kernel command line needs besides the user's, "" on an ordinary host. */
  public String kernelParameters() {
    return interpretsRing0 ? InterpretedLinux.PARAMETERS : "";
  }

  /**
   * Whether the monitor should unpack a kernel that may be unpacked by either. Interpreted, the
   * kernel's own decompressor takes half a minute; on an ordinary host it runs, because it is also
   * what moves the kernel to a random address (KASLR).
   */
  public boolean unpacksKernels() {
    return interpretsRing0;
  }

  PageWalk.Features paging() {
    return paging;
  }

  XsaveLayout xsaveLayout() {
    return xsaveLayout;
  }
}
