package io.vivarium.client.internal;

import io.vivarium.assist.HostProfile;
import io.vivarium.client.HostCheck;
import io.vivarium.client.HostCheck.Status;
import io.vivarium.kvm.Kvm;
import io.vivarium.kvm.KvmException;
import io.vivarium.kvm.abi.KvmCaps;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code /dev/kvm} itself says. */
final class KvmCheck {
  private static final int API = 12;
  private static final Map<String, Integer> NEEDED = new LinkedHashMap<>();

  static {
    NEEDED.put("KVM_CAP_IRQCHIP", KvmCaps.KVM_CAP_IRQCHIP);
    NEEDED.put("KVM_CAP_USER_MEMORY", KvmCaps.KVM_CAP_USER_MEMORY);
    NEEDED.put("KVM_CAP_EXT_CPUID", KvmCaps.KVM_CAP_EXT_CPUID);
    NEEDED.put("KVM_CAP_IRQFD", KvmCaps.KVM_CAP_IRQFD);
    NEEDED.put("KVM_CAP_IOEVENTFD", KvmCaps.KVM_CAP_IOEVENTFD);
    NEEDED.put("KVM_CAP_PIT2", KvmCaps.KVM_CAP_PIT2);
    NEEDED.put("KVM_CAP_ADJUST_CLOCK", KvmCaps.KVM_CAP_ADJUST_CLOCK);
    NEEDED.put("KVM_CAP_VCPU_EVENTS", KvmCaps.KVM_CAP_VCPU_EVENTS);
    NEEDED.put("KVM_CAP_XSAVE", KvmCaps.KVM_CAP_XSAVE);
    NEEDED.put("KVM_CAP_SYNC_REGS", KvmCaps.KVM_CAP_SYNC_REGS);
    NEEDED.put("KVM_CAP_IMMEDIATE_EXIT", KvmCaps.KVM_CAP_IMMEDIATE_EXIT);
  }

  private KvmCheck() {}

  static List<HostCheck> check() {
    List<HostCheck> checks = new ArrayList<>();
    try (Kvm kvm = Kvm.open()) {
      checks.add(api(kvm.apiVersion()));
      checks.add(capabilities(kvm));
      checks.add(assist(HostProfile.probe(kvm)));
    } catch (KvmException e) {
      String hint = e.hint();
      checks.add(
          new HostCheck(
              "kvm.api",
              "KVM",
              Status.ERROR,
              String.valueOf(e.getMessage()),
              hint == null ? "See 'sudo dmesg | grep kvm'." : hint));
    }
    return checks;
  }

  private static HostCheck api(int version) {
    return version == API
        ? new HostCheck("kvm.api", "KVM's API", Status.OK, "version " + version, "")
        : new HostCheck(
            "kvm.api",
            "KVM's API",
            Status.ERROR,
            "version " + version + " is not " + API,
            "Update the host's kernel.");
  }

  private static HostCheck capabilities(Kvm kvm) throws KvmException {
    List<String> missing = new ArrayList<>();
    for (Map.Entry<String, Integer> capability : NEEDED.entrySet()) {
      if (kvm.checkExtension(capability.getValue()) <= 0) {
        missing.add(capability.getKey());
      }
    }
    return missing.isEmpty()
        ? new HostCheck(
            "kvm.capabilities", "KVM's capabilities", Status.OK, "all that is needed", "")
        : new HostCheck(
            "kvm.capabilities",
            "KVM's capabilities",
            Status.ERROR,
            "missing: " + String.join(", ", missing),
            "Update the host's kernel.");
  }

  private static HostCheck assist(HostProfile profile) {
    return profile.interpretsRing0()
        ? new HostCheck(
            "assist",
            "Assist",
            Status.NOTE,
            "this KVM interprets guest kernels: the assist helps, and a first boot takes minutes",
            "")
        : new HostCheck("assist", "Assist", Status.OK, "not needed: guests run natively", "");
  }
}
