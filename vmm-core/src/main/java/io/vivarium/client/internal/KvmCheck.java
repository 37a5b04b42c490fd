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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

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

  /** On a thread of its own: KVM binds a vCPU to a thread, which must not be a virtual one. */
  static List<HostCheck> check() {
    FutureTask<List<HostCheck>> task = new FutureTask<>(KvmCheck::ask);
    Thread.ofPlatform().daemon().name("kvm-check").start(task);
    try {
      return task.get();
    } catch (ExecutionException e) {
      return List.of(failed(String.valueOf(e.getCause()), "Please report it."));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of(failed("the check was called off", "Check again."));
    }
  }

  private static HostCheck failed(String detail, String cure) {
    return new HostCheck("kvm.api", "KVM", Status.ERROR, detail, cure);
  }

  private static List<HostCheck> ask() {
    List<HostCheck> checks = new ArrayList<>();
    try (Kvm kvm = Kvm.open()) {
      checks.add(api(kvm.apiVersion()));
      checks.add(capabilities(kvm));
      checks.add(assist(HostProfile.probe(kvm)));
    } catch (KvmException e) {
      String hint = e.hint();
      checks.add(
          failed(
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
