package io.vivarium.images.recipe;

import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import io.vivarium.images.ImageException.Kind;
import io.vivarium.images.agent.AgentProtocol;
import io.vivarium.images.recipe.AptPackages.Entry;
import io.vivarium.images.recipe.AptPackages.Fetched;
import io.vivarium.images.store.Recipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * {@code debian-tiny}: Debian's cloud kernel, unmodified, and a busybox in RAM. A shell without a
 * login on ttyS0, the agent on ttyS1 and ttyS2, drivers for the virtio devices.
 */
public final class DebianTiny implements Recipe {
  private static final int VERSION = 1;
  private static final String KERNEL = "vmlinuz";
  private static final String INITRD = "initrd.cpio";
  private static final String CMDLINE = "console=ttyS0";
  private static final List<String> SCRIPTS = List.of("respawn", "agent", "devices", "dhcp");
  private static final List<String> GUEST_FILES =
      List.of("init", "profile", "respawn", "agent", "devices", "dhcp");

  /** Drivers by name; what they depend on comes along. */
  private static final Set<String> DRIVERS =
      Set.of(
          "virtio_pci",
          "virtio_blk",
          "virtio_net",
          "virtio_console",
          "virtio_rng",
          "virtio_balloon",
          "vmw_vsock_virtio_transport");

  /**
   * What they are known to depend on: taken in the first pass, as each unpacks the whole package.
   */
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

  @Override
  public String name() {
    return "debian-tiny";
  }

  @Override
  public String description() {
    return "Debian's cloud kernel with a busybox shell, all in RAM";
  }

  @Override
  public String fingerprint() {
    return GuestFiles.fingerprint(name() + CMDLINE, VERSION, GUEST_FILES);
  }

  @Override
  public Built build(Path folder, Path cache, BuildProgress progress)
      throws ImageException, IOException, InterruptedException {
    AptPackages apt = new AptPackages(cache, progress);
    apt.refresh(name());
    Fetched busybox = apt.fetch(apt.entry("busybox-static"), 0.2);
    Entry newest = apt.entry("linux-image-cloud-amd64");
    Fetched kernel = apt.fetch(apt.entry(versionedKernel(newest)), 0.3);

    progress.update("unpacking " + kernel.entry().name(), 0.6);
    Kernel unpacked = unpackKernel(kernel, folder.resolve(KERNEL), progress);
    progress.update("packing the initial RAM file system", 0.9);
    try (Initramfs initramfs = new Initramfs(folder.resolve(INITRD))) {
      fill(initramfs, busybox(busybox), unpacked);
    }
    return new Built(
        KERNEL,
        INITRD,
        CMDLINE,
        List.of(),
        AgentProtocol.VERSION,
        List.of(kernel.entry().source(), busybox.entry().source()));
  }

  /** The package that the one without a version in its name stands for. */
  private static String versionedKernel(Entry newest) throws ImageException {
    return newest
        .dependency("linux-image-")
        .orElseThrow(
            () ->
                new ImageException(
                    Kind.BAD_FILE,
                    "Package " + newest.name() + " depends on no kernel package.",
                    "Update this host's package lists, then build again."));
  }

  /** A kernel's release ("6.1.0-56-cloud-amd64") and the modules that we want. */
  private record Kernel(String release, KernelModules modules) {}

  private static Kernel unpackKernel(Fetched deb, Path vmlinuz, BuildProgress progress)
      throws IOException, ImageException {
    KernelModules modules = new KernelModules();
    Set<String> wanted = new HashSet<>(DRIVERS);
    Set<String> likely = new HashSet<>(LIKELY);
    StringBuilder release = new StringBuilder();
    while (!wanted.isEmpty()) {
      DebFile.visit(
          deb.file(),
          (name, content) -> {
            if (progress.cancelled()) {
              throw ImageException.cancelled("Unpacking " + deb.entry().name());
            }
            if (name.startsWith("boot/vmlinuz-") && release.isEmpty()) {
              release.append(name.substring("boot/vmlinuz-".length()));
              Files.copy(content, vmlinuz);
            } else if (name.endsWith(".ko")) {
              String module = KernelModules.name(name);
              if (wanted.remove(module) || likely.remove(module)) {
                modules.add(module, content.readAllBytes());
              }
            }
            return release.isEmpty() || !wanted.isEmpty() || !likely.isEmpty();
          });
      if (release.isEmpty() || !wanted.isEmpty()) {
        throw new ImageException(
            Kind.BAD_FILE,
            "Package "
                + deb.entry().name()
                + " lacks "
                + (release.isEmpty() ? "its kernel" : String.join(", ", wanted))
                + ".",
            "This version of the recipe does not know that kernel's packages.");
      }
      wanted.addAll(modules.missing());
    }
    return new Kernel(release.toString(), modules);
  }

  private static byte[] busybox(Fetched deb) throws IOException, ImageException {
    byte[][] found = new byte[1][];
    DebFile.visit(
        deb.file(),
        (name, content) -> {
          if (name.equals("bin/busybox") || name.equals("usr/bin/busybox")) {
            found[0] = content.readAllBytes();
          }
          return found[0] == null;
        });
    if (found[0] == null) {
      throw new ImageException(
          Kind.BAD_FILE, "Package " + deb.entry().name() + " holds no bin/busybox.", "");
    }
    return found[0];
  }

  private static void fill(Initramfs initramfs, byte[] busybox, Kernel kernel)
      throws IOException, ImageException {
    for (String folder : List.of("bin", "dev", "etc", "proc", "root", "run", "sys")) {
      initramfs.folder(folder, 0755);
    }
    initramfs.folder("tmp", 01777);
    initramfs.characterDevice("dev/console", 0600, 5, 1);
    initramfs.file("bin/busybox", busybox, 0755);
    for (String applet : BusyboxApplets.names(busybox)) {
      initramfs.link("bin/" + applet, "busybox");
    }
    for (String folder : List.of("sbin", "usr/bin", "usr/sbin")) {
      initramfs.link(folder, folder.startsWith("usr/") ? "../bin" : "bin");
    }
    initramfs.file("init", GuestFiles.read("init"), 0755);
    for (String script : SCRIPTS) {
      initramfs.file("lib/vivarium/" + script, GuestFiles.read(script), 0755);
    }
    initramfs.file("etc/profile", GuestFiles.read("profile"), 0644);
    for (Map.Entry<String, String> file : ETC.entrySet()) {
      initramfs.file("etc/" + file.getKey(), bytes(file.getValue()), 0644);
    }
    String modules = "lib/modules/" + kernel.release() + "/";
    for (Map.Entry<String, byte[]> module : kernel.modules().all().entrySet()) {
      initramfs.file(modules + module.getKey() + ".ko", module.getValue(), 0644);
    }
    initramfs.file(modules + "modules.dep", bytes(kernel.modules().dependencyFile()), 0644);
  }

  private static final Map<String, String> ETC =
      new java.util.TreeMap<>(
          Map.of(
              "fstab",
              """
              proc /proc proc defaults 0 0
              sysfs /sys sysfs defaults 0 0
              devtmpfs /dev devtmpfs defaults 0 0
              """,
              "group",
              "root:x:0:\n",
              "hosts",
              "127.0.0.1 localhost\n",
              "passwd",
              "root:x:0:0:root:/root:/bin/sh\n"));

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
