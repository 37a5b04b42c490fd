package io.vivarium.images.recipe;

import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import io.vivarium.images.ImageException.Kind;
import io.vivarium.images.agent.AgentProtocol;
import io.vivarium.images.agent.WakeProgram;
import io.vivarium.images.recipe.AptPackages.Entry;
import io.vivarium.images.recipe.AptPackages.Fetched;
import io.vivarium.images.store.Recipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * {@code debian-tiny}: Debian's cloud kernel, unmodified, and a busybox in RAM. A shell without a
 * login on ttyS0, the agent on streams or serial lines, drivers for the virtio devices.
 */
public final class DebianTiny implements Recipe {
  private static final int VERSION = 5;
  private static final String KERNEL = "vmlinuz";
  private static final String INITRD = "initrd.cpio";
  private static final String CMDLINE = "console=ttyS0";
  private static final List<String> SCRIPTS = List.of("respawn", "agent", "devices", "dhcp");
  private static final List<String> GUEST_FILES =
      List.of("init", "profile", "respawn", "agent", "devices", "dhcp");

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
    KernelFiles files = unpackKernel(kernel, folder.resolve(KERNEL), progress);
    progress.update("packing the initial RAM file system", 0.9);
    try (Initramfs initramfs = new Initramfs(folder.resolve(INITRD))) {
      fill(initramfs, busybox, files);
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

  private static KernelFiles unpackKernel(Fetched deb, Path vmlinuz, BuildProgress progress)
      throws IOException, ImageException {
    KernelFiles files = new KernelFiles(vmlinuz, KernelFiles.ALL_DRIVERS);
    do {
      DebFile.visit(
          deb.file(),
          (name, content) -> {
            if (progress.cancelled()) {
              throw ImageException.cancelled("Unpacking " + deb.entry().name());
            }
            return files.file(name, content);
          });
    } while (files.more("Package " + deb.entry().name()));
    return files;
  }

  private static void fill(Initramfs initramfs, Fetched busybox, KernelFiles kernel)
      throws IOException, ImageException {
    BusyboxRoot.fill(initramfs, busybox, kernel);
    for (String folder : List.of("sbin", "usr/bin", "usr/sbin")) {
      initramfs.link(folder, folder.startsWith("usr/") ? "../bin" : "bin");
    }
    initramfs.file("init", GuestFiles.read("init"), 0755);
    for (String script : SCRIPTS) {
      initramfs.file("lib/vivarium/" + script, GuestFiles.read(script), 0755);
    }
    initramfs.file("lib/vivarium/wake", WakeProgram.program(), 0755);
    initramfs.file("etc/profile", GuestFiles.read("profile"), 0644);
    for (Map.Entry<String, String> file : ETC.entrySet()) {
      initramfs.file(
          "etc/" + file.getKey(), file.getValue().getBytes(StandardCharsets.UTF_8), 0644);
    }
  }

  private static final Map<String, String> ETC =
      new java.util.TreeMap<>(
          Map.of(
              "group",
              "root:x:0:\n",
              "hosts",
              "127.0.0.1 localhost\n",
              "passwd",
              "root:x:0:0:root:/root:/bin/sh\n"));
}
