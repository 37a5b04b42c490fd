package io.vivarium.machine;

import io.vivarium.assist.HostProfile;
import io.vivarium.kvm.Kvm;
import io.vivarium.kvm.KvmException;
import org.jspecify.annotations.Nullable;

/** What this process has found out about its host, once. */
final class Host {
  private static @Nullable HostProfile profile;

  private Host() {}

  static synchronized HostProfile profile(Kvm kvm) throws KvmException {
    if (profile == null) {
      profile = HostProfile.probe(kvm);
    }
    return profile;
  }
}
