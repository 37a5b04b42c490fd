package io.vivarium.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a VM is made of; kept as {@code machines/<name>/spec.json}.
 *
 * @param version of this record: 1
 * @param name 1 to 63 of {@code [a-z0-9][a-z0-9_.-]*}
 * @param image name of an image in the store, or null when {@code kernel} is given
 * @param kernel path of the user's own kernel (bzImage or ELF), or null
 * @param initrd path of the user's own initrd, or null
 * @param cmdline kernel command line, or null for the image's (or {@code console=ttyS0})
 * @param memoryBytes guest RAM in bytes, a multiple of 1 MiB
 * @param cpus vCPUs, 1 to 64
 * @param disks beside the image's own
 * @param ports published ports, empty without a network
 * @param network "user" (passt), "none", or "tap:IFNAME"
 * @param disposable whether everything is removed when the VM ends
 */
public record VmSpec(
    int version,
    String name,
    @Nullable String image,
    @Nullable String kernel,
    @Nullable String initrd,
    @Nullable String cmdline,
    long memoryBytes,
    int cpus,
    List<DiskSpec> disks,
    List<PortSpec> ports,
    String network,
    boolean disposable) {

  /** A disk: a file relative to the machine's folder, its format (raw, qcow2), size in bytes. */
  public record DiskSpec(String file, String format, long sizeBytes, boolean readOnly) {}

  /** A published port: {@code hostAddress:hostPort} on the host leads to {@code guestPort}. */
  public record PortSpec(String hostAddress, int hostPort, int guestPort, String protocol) {}
}
