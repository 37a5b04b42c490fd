package io.vivarium.desktop.model;

import io.vivarium.client.SpecRules;
import io.vivarium.client.VivariumHost;

/**
 * What the host can give to a VM.
 *
 * @param memoryBytes physical memory
 * @param cpus logical processors
 */
public record HostLimits(long memoryBytes, int cpus) {
  /** Smallest memory of a VM. */
  public static final long MIN_MEMORY_BYTES = SpecRules.MIN_MEMORY;

  /** Of the host that this runs on. */
  public static HostLimits here() {
    return new HostLimits(VivariumHost.hostMemory(), Runtime.getRuntime().availableProcessors());
  }

  /** Most memory of one VM in bytes, whole MiB: what the host has without 512 MiB for itself. */
  public long maxMemoryBytes() {
    long most = memoryBytes - (512L << 20);
    return Math.max(MIN_MEMORY_BYTES, most >> 20 << 20);
  }

  /** Most vCPUs of one VM. */
  public int maxCpus() {
    return Math.clamp(cpus, 1, 64);
  }
}
