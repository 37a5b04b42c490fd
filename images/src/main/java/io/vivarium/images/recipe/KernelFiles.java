package io.vivarium.images.recipe;

import io.vivarium.images.ImageException;
import io.vivarium.images.ImageException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** Picks a kernel and the modules that a guest of ours needs out of a stream of files. */
final class KernelFiles implements DebFile.Visitor {
  /** Drivers by name; what they depend on comes along. */
  static final Set<String> ALL_DRIVERS =
      Set.of(
          "virtio_pci",
          "virtio_blk",
          "virtio_net",
          "virtio_console",
          "virtio_rng",
          "virtio_balloon",
          "vmw_vsock_virtio_transport",
          "button", // the power button's; loaded by who listens to it
          "evdev");

  /** What they are known to depend on: taken in the first pass, as each unpacks everything. */
  private static final Set<String> LIKELY =
      Set.of(
          "virtio",
          "virtio_ring",
          "virtio_pci_legacy_dev",
          "virtio_pci_modern_dev",
          "failover",
          "net_failover",
          "vsock",
          "vmw_vsock_virtio_transport_common");

  private static final String KERNEL = "boot/vmlinuz-";

  private final Path vmlinuz;
  private final KernelModules modules = new KernelModules();
  private final Set<String> wanted;
  private final Set<String> likely = new HashSet<>(LIKELY);
  private String release = "";

  KernelFiles(Path vmlinuz, Set<String> drivers) {
    this.vmlinuz = vmlinuz;
    this.wanted = new HashSet<>(drivers);
  }

  @Override
  public boolean file(String name, InputStream content) throws IOException {
    if (name.startsWith(KERNEL) && release.isEmpty()) {
      release = name.substring(KERNEL.length());
      Files.copy(content, vmlinuz);
    } else if (name.endsWith(".ko")) {
      String module = KernelModules.name(name);
      if (wanted.remove(module) || likely.remove(module)) {
        modules.add(module, content.readAllBytes());
      }
    }
    return release.isEmpty() || !wanted.isEmpty() || !likely.isEmpty();
  }

  /**
   * Whether another pass over the files is needed, for dependencies.
   *
   * @throws ImageException when a pass did not have what was wanted
   */
  boolean more(String source) throws ImageException {
    if (release.isEmpty() || !wanted.isEmpty()) {
      throw new ImageException(
          Kind.BAD_FILE,
          source
              + " lacks "
              + (release.isEmpty() ? "a kernel" : "the modules " + String.join(", ", wanted))
              + ".",
          "This version of the recipe does not know that kernel's packages.");
    }
    wanted.addAll(modules.missing());
    likely.clear();
    return !wanted.isEmpty();
  }

  /** "6.1.0-56-cloud-amd64". */
  String release() {
    return release;
  }

  KernelModules modules() {
    return modules;
  }
}
