package io.vivarium.machine;

import io.vivarium.assist.HostProfile;
import io.vivarium.kvm.Kvm;
import io.vivarium.kvm.KvmCpuidEntry2;
import io.vivarium.kvm.KvmException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What this process has found out about its host, once. */
final class Host {
  private static @Nullable HostProfile profile;

  private static @Nullable List<KvmCpuidEntry2> cpuid;
  private static @Nullable List<Integer> msrs;

  private Host() {}

  static synchronized HostProfile profile(Kvm kvm) throws KvmException {
    if (profile == null) {
      profile = HostProfile.probe(kvm);
    }
    return profile;
  }

  /**
   * The CPUID leaves that a guest can have. KVM runs the instruction for each, which leaves the
   * guest that this host may be itself.
   */
  static synchronized List<KvmCpuidEntry2> cpuid(Kvm kvm) throws KvmException {
    if (cpuid == null) {
      cpuid = List.copyOf(kvm.supportedCpuid());
    }
    return cpuid;
  }

  /** The model-specific registers that a vCPU's state has. */
  static synchronized List<Integer> msrs(Kvm kvm) throws KvmException {
    if (msrs == null) {
      msrs = Arrays.stream(kvm.msrIndexList()).boxed().toList();
    }
    return msrs;
  }
}
