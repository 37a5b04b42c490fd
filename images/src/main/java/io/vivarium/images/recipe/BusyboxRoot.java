package io.vivarium.images.recipe;

import io.vivarium.images.ImageException;
import io.vivarium.images.ImageException.Kind;
import io.vivarium.images.recipe.AptPackages.Fetched;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What every initial RAM file system of ours holds: busybox, its applets, modules, fstab. */
final class BusyboxRoot {
  private static final String FSTAB =
      """
      proc /proc proc defaults 0 0
      sysfs /sys sysfs defaults 0 0
      devtmpfs /dev devtmpfs defaults 0 0
      """;

  private BusyboxRoot() {}

  static void fill(Initramfs initramfs, Fetched busyboxDeb, KernelFiles kernel)
      throws IOException, ImageException {
    for (String folder : List.of("bin", "dev", "etc", "mnt", "proc", "root", "run", "sys")) {
      initramfs.folder(folder, 0755);
    }
    initramfs.folder("tmp", 01777);
    initramfs.characterDevice("dev/console", 0600, 5, 1);
    byte[] busybox = busybox(busyboxDeb);
    initramfs.file("bin/busybox", busybox, 0755);
    for (String applet : BusyboxApplets.names(busybox)) {
      initramfs.link("bin/" + applet, "busybox");
    }
    initramfs.file("etc/fstab", FSTAB.getBytes(StandardCharsets.UTF_8), 0644);
    String modules = "lib/modules/" + kernel.release() + "/";
    for (Map.Entry<String, byte[]> module : kernel.modules().all().entrySet()) {
      initramfs.file(modules + module.getKey() + ".ko", module.getValue(), 0644);
    }
    initramfs.file(
        modules + "modules.dep",
        kernel.modules().dependencyFile().getBytes(StandardCharsets.UTF_8),
        0644);
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
}
