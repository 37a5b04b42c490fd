package io.vivarium.kvm;

/**
 * The VM's kvmclock, {@code struct kvm_clock_data}.
 *
 * @param clock nanoseconds that the guest's clock shows
 * @param flags KVM_CLOCK_*: what of the rest is valid
 * @param realtime nanoseconds since 1970 at the same moment, with KVM_CLOCK_REALTIME
 * @param hostTsc the host's TSC at the same moment, with KVM_CLOCK_HOST_TSC
 */
public record KvmClockData(long clock, int flags, long realtime, long hostTsc) {
  /**
   * A clock to set that goes on from {@code clock}; the time since {@code realtime} is added to it.
   */
  public static KvmClockData since(long clock, long realtime) {
    return new KvmClockData(
        clock, io.vivarium.kvm.abi.KvmConstants.KVM_CLOCK_REALTIME, realtime, 0);
  }

  /** A clock to set that goes on from {@code clock} as if no time had passed. */
  public static KvmClockData at(long clock) {
    return new KvmClockData(clock, 0, 0, 0);
  }
}
