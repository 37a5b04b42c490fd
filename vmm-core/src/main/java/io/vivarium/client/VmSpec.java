package io.vivarium.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a VM is made of; kept as {@code machines/<name>/spec.json}.
 *
 * @param version of the machine, as its guest saw it at its first boot: from 2 on its PCI bus,
 *     where it has one, has a memory balloon and vsock too, from 3 on streams for its agent
 * @param name 1 to 63 of {@code [a-z0-9][a-z0-9_.-]*}
 * @param image name of an image in the store, or null when {@code kernel} is given
 * @param kernel path of the user's own kernel (bzImage or ELF), or null
 * @param initrd path of the user's own initrd, or null
 * @param cmdline kernel command line, or null for the image's (or {@code console=ttyS0})
 * @param memoryBytes guest RAM in bytes, a multiple of 1 MiB
 * @param cpus vCPUs, 1 to 64
 * @param disks in the guest's order (vda, vdb...); those of the image come first, and {@link
 *     Vivarium#create} adds them
 * @param ports published ports, empty without a network
 * @param network "user" (passt: the host's internet without any privilege), "none", "link:NAME" (a
 *     private cable between two VMs of that link) or "tap:INTERFACE"
 * @param disposable whether everything is removed when the VM ends
 * @param mac the network interface's address, as {@code 52:54:00:12:34:56}; null: what all VMs have
 *     that are in a network of their own, or one of the VM's name. Forks have one of their own
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
    boolean disposable,
    @Nullable String mac) {
  /** The version of new VMs; older ones stay what they are, else their snapshots would not fit. */
  public static final int VERSION = 4;

  /**
   * A disk.
   *
   * @param file relative to the machine's folder: a disk of its own; absolute: the user's file,
   *     used in place; empty: to be made by {@link Vivarium#create}
   * @param format "raw" or "qcow2"; never guessed
   * @param sizeBytes as the guest sees it
   * @param direct around the host's cache (O_DIRECT); raw files of the user's only
   */
  public record DiskSpec(
      String file, String format, long sizeBytes, boolean readOnly, boolean direct) {
    /** Through the host's cache. */
    public DiskSpec(String file, String format, long sizeBytes, boolean readOnly) {
      this(file, format, sizeBytes, readOnly, false);
    }

    /** The same of another size. */
    public DiskSpec withSize(long bytes) {
      return new DiskSpec(file, format, bytes, readOnly, direct);
    }
  }

  /** A published port: {@code hostAddress:hostPort} on the host leads to {@code guestPort}. */
  public record PortSpec(String hostAddress, int hostPort, int guestPort, String protocol) {}

  /** Without an address of its own. */
  public VmSpec(
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
    this(
        version,
        name,
        image,
        kernel,
        initrd,
        cmdline,
        memoryBytes,
        cpus,
        disks,
        ports,
        network,
        disposable,
        null);
  }

  /** Stands for the spec of a VM or snapshot whose own cannot be read. */
  public static VmSpec unreadable(String name) {
    return new VmSpec(
        VERSION, name, null, null, null, null, 0, 0, List.of(), List.of(), "none", false);
  }

  /** The same VM with other memory, in bytes, and another number of vCPUs. */
  public VmSpec withSize(long bytes, int count) {
    return with(name, bytes, count, disks, ports, network, disposable, mac);
  }

  /** The same VM with other disks. */
  public VmSpec withDisks(List<DiskSpec> others) {
    return with(name, memoryBytes, cpus, List.copyOf(others), ports, network, disposable, mac);
  }

  /** The same VM with another network and other published ports. */
  public VmSpec withNetwork(String other, List<PortSpec> published) {
    return with(name, memoryBytes, cpus, disks, List.copyOf(published), other, disposable, mac);
  }

  /** The same VM by another name, which stays or does not. */
  public VmSpec as(String otherName, boolean nowDisposable) {
    return with(otherName, memoryBytes, cpus, disks, ports, network, nowDisposable, mac);
  }

  /** The same VM with another address on its network. */
  public VmSpec withMac(@Nullable String other) {
    return with(name, memoryBytes, cpus, disks, ports, network, disposable, other);
  }

  /** The same VM but for what may change in its life; what it boots from never does. */
  private VmSpec with(
      String newName,
      long newBytes,
      int newCpus,
      List<DiskSpec> newDisks,
      List<PortSpec> newPorts,
      String newNetwork,
      boolean nowDisposable,
      @Nullable String newMac) {
    return new VmSpec(
        version,
        newName,
        image,
        kernel,
        initrd,
        cmdline,
        newBytes,
        newCpus,
        newDisks,
        newPorts,
        newNetwork,
        nowDisposable,
        newMac);
  }
}
