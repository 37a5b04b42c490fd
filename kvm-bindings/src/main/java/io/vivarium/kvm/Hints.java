package io.vivarium.kvm;

import io.vivarium.linux.Errno;
import org.jspecify.annotations.Nullable;

/** What a user can do about a KVM call that failed. */
final class Hints {
  private Hints() {}

  static @Nullable String forOpen(String path, int errno) {
    return switch (errno) {
      case Errno.EACCES, Errno.EPERM ->
          "You may not use "
              + path
              + ": add yourself to the group kvm with 'sudo usermod -aG kvm $USER', then log out"
              + " and in again";
      case Errno.ENOENT ->
          "KVM is not loaded: enable virtualization (VT-x or AMD-V) in the firmware setup, then"
              + " 'sudo modprobe kvm_intel' or 'sudo modprobe kvm_amd'; inside a VM, ask its host"
              + " for nested virtualization";
      case Errno.ENODEV, Errno.ENXIO ->
          "No KVM driver stands behind "
              + path
              + ": 'sudo modprobe kvm_intel' or 'sudo modprobe kvm_amd', and see 'dmesg | grep kvm'";
      case Errno.EMFILE -> "This process has too many open files: raise 'ulimit -n'";
      case Errno.ENFILE -> "The system has too many open files: raise fs.file-max";
      default -> null;
    };
  }

  static @Nullable String forIoctl(String name, int errno) {
    return switch (errno) {
      case Errno.EBUSY ->
          name.equals("KVM_CREATE_VM")
              ? "Another hypervisor, VirtualBox perhaps, holds the processor: stop its VMs and try"
                  + " again"
              : null;
      case Errno.ENOMEM ->
          "The host has no memory left for it: close other programs or give the VM less memory";
      case Errno.ENOTTY, Errno.ENOSYS -> "This kernel's KVM does not know it: update the kernel";
      case Errno.EMFILE -> "This process has too many open files: raise 'ulimit -n'";
      case Errno.EIO ->
          name.equals("KVM_RUN") ? "The VM cannot run on: an earlier error stopped it" : null;
      case Errno.EFAULT ->
          name.equals("KVM_RUN")
              ? "The guest's memory is not there: was its file truncated or unmapped?"
              : null;
      default -> null;
    };
  }
}
