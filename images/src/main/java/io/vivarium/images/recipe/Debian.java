package io.vivarium.images.recipe;

import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import io.vivarium.images.ImageException.Kind;
import io.vivarium.images.agent.AgentProtocol;
import io.vivarium.images.disk.BadImageException;
import io.vivarium.images.disk.DiskCopy;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.RawDisk;
import io.vivarium.images.disk.qcow2.BackingFiles;
import io.vivarium.images.disk.qcow2.Qcow2;
import io.vivarium.images.disk.qcow2.Qcow2Disk;
import io.vivarium.images.recipe.AptPackages.Fetched;
import io.vivarium.images.store.ImageManifest.ImageDisk;
import io.vivarium.images.store.ImageManifest.SourcePackage;
import io.vivarium.images.store.Recipe;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * {@code debian}: a plain Debian of the host's release on a disk of its own: systemd, apt, Debian's
 * cloud kernel, network by DHCP. The console on ttyS0 logs in as root by itself; the agent is a
 * service. Built as an ordinary user and without loop devices: mmdebstrap installs in a user
 * namespace, mke2fs fills the file system from a folder.
 */
public final class Debian implements Recipe {
  private static final int VERSION = 2;
  private static final String KERNEL = "vmlinuz";
  private static final String INITRD = "loader.cpio";
  private static final String DISK = "root.qcow2";
  private static final long DISK_BYTES = 4L << 30;
  private static final String CMDLINE = "console=ttyS0 root=/dev/vda rw";
  private static final String PACKAGES =
      "linux-image-cloud-amd64,systemd-sysv,systemd-resolved,udev,dbus,iproute2,iputils-ping,"
          + "e2fsprogs,procps,less";

  /** Enough to find the root disk; udev loads the rest from there. */
  private static final Set<String> LOADER_DRIVERS = Set.of("virtio_pci", "virtio_blk");

  @Override
  public String name() {
    return "debian";
  }

  @Override
  public String description() {
    return "Debian with systemd and apt on a disk of 4 GiB; logs in as root on the console";
  }

  @Override
  public String fingerprint() {
    List<String> files = new ArrayList<>(DebianOverlay.GUEST_FILES);
    files.add("debian-disk.sh");
    return GuestFiles.fingerprint(name() + CMDLINE + PACKAGES, VERSION, files);
  }

  @Override
  public Built build(Path folder, Path cache, BuildProgress progress)
      throws ImageException, IOException, InterruptedException {
    boolean root = "root".equals(System.getProperty("user.name"));
    needs("mmdebstrap", "mmdebstrap");
    needs("mke2fs", "e2fsprogs");
    if (!root) {
      needs("fakeroot", "fakeroot");
    }
    AptPackages apt = new AptPackages(cache, progress);
    apt.refresh(name());
    Fetched busybox = apt.fetch(apt.entry("busybox-static"), 0.05);
    // Beside the image's folder, in what the store removes after every build.
    Path work = folder.resolveSibling(name() + ".work");
    Files.createDirectories(work);
    Path tar = work.resolve("root.tar");
    install(apt.debianSources(), tar, work, progress);

    progress.update("making the loader", 0.6);
    RootArchive archive = RootArchive.read(tar, folder.resolve(KERNEL), LOADER_DRIVERS);
    try (Initramfs initramfs = new Initramfs(folder.resolve(INITRD))) {
      BusyboxRoot.fill(initramfs, busybox, archive.kernel());
      initramfs.file("init", GuestFiles.read("debian-init"), 0755);
    }
    progress.update("making the root file system", 0.65);
    Path raw = work.resolve("root.raw");
    makeFileSystem(tar, raw, work, root, progress);
    convert(raw, folder.resolve(DISK), progress);

    List<SourcePackage> packages = new ArrayList<>(apt.sources(archive.packages()));
    packages.add(busybox.entry().source());
    return new Built(
        KERNEL,
        INITRD,
        CMDLINE,
        List.of(new ImageDisk(DISK, "qcow2", DISK_BYTES)),
        AgentProtocol.VERSION,
        packages);
  }

  private void needs(String tool, String deb) throws ImageException {
    if (!HostCommand.exists(tool)) {
      throw new ImageException(
          Kind.HOST,
          "Image " + name() + " is built with " + tool + ", which is not installed.",
          "Install it: `sudo apt-get install " + deb + "`.");
    }
  }

  private static void install(
      AptPackages.Sources sources, Path tar, Path work, BuildProgress progress)
      throws ImageException, IOException, InterruptedException {
    progress.update("installing Debian " + sources.suite(), 0.1);
    List<String> command = new ArrayList<>(List.of("mmdebstrap", "--mode=auto"));
    command.addAll(List.of("--variant=minbase", "--format=tar", "--include=" + PACKAGES));
    command.addAll(List.of("--architectures=amd64"));
    for (String rule :
        List.of(
            "path-exclude=/usr/share/man/*",
            "path-exclude=/usr/share/locale/*",
            "path-exclude=/usr/share/doc/*",
            "path-include=/usr/share/doc/*/copyright")) {
      command.add("--dpkgopt=" + rule);
    }
    command.addAll(List.of(sources.suite(), tar.toString()));
    command.addAll(sources.lines());
    HostCommand.Result result = HostCommand.run(work, command, progress, true);
    if (!result.ok()) {
      throw new ImageException(
          Kind.HOST,
          "Debian could not be installed into an archive: " + result.complaint(),
          "As an ordinary user mmdebstrap needs the package `uidmap` and subordinate ids"
              + " in /etc/subuid and /etc/subgid (see its manual, \"unshare\").");
    }
  }

  private static void makeFileSystem(
      Path tar, Path raw, Path work, boolean root, BuildProgress progress)
      throws ImageException, IOException, InterruptedException {
    Path script = Files.write(work.resolve("disk.sh"), GuestFiles.read("debian-disk.sh"));
    Path overlay = work.resolve("overlay");
    DebianOverlay.write(overlay);
    List<String> command = new ArrayList<>(root ? List.of() : List.of("fakeroot", "--"));
    command.addAll(List.of("sh", script.toString(), tar.toString(), overlay.toString()));
    command.addAll(List.of(work.resolve("root").toString(), raw.toString()));
    command.add((DISK_BYTES >> 20) + "M");
    HostCommand.Result result = HostCommand.run(work, command, progress, true);
    if (!result.ok()) {
      throw new ImageException(
          Kind.HOST,
          "The root file system could not be made: " + result.complaint(),
          "Check that there are 3 GiB of free disk space, then build again.");
    }
    Files.delete(tar);
  }

  private static void convert(Path raw, Path qcow2, BuildProgress progress)
      throws ImageException, IOException {
    progress.update("writing " + qcow2.getFileName(), 0.8);
    Qcow2.create(qcow2, DISK_BYTES, null, null);
    boolean whole;
    try (RawDisk from = RawDisk.open(raw, true, HolePunch.Factory.NONE);
        Qcow2Disk to = Qcow2Disk.open(qcow2, false, BackingFiles.none(), HolePunch.Factory.NONE)) {
      whole = DiskCopy.copy(from, to, done -> !progress.cancelled());
    } catch (BadImageException e) {
      throw new ImageException(Kind.BAD_FILE, String.valueOf(e.getMessage()), "", e);
    }
    if (!whole) {
      throw ImageException.cancelled("Building image debian");
    }
  }

  /**
   * What is needed of the installed system's archive.
   *
   * @param packages "name version" of each installed package, from dpkg's status
   */
  private record RootArchive(KernelFiles kernel, List<String> packages) {
    static RootArchive read(Path tar, Path vmlinuz, Set<String> drivers)
        throws IOException, ImageException {
      KernelFiles kernel = new KernelFiles(vmlinuz, drivers);
      List<String> packages = new ArrayList<>();
      do {
        DebFile.visitTar(
            new BufferedInputStream(Files.newInputStream(tar), 1 << 16),
            (name, content) -> {
              if (name.equals("var/lib/dpkg/status") && packages.isEmpty()) {
                packages.addAll(
                    installed(new String(content.readAllBytes(), StandardCharsets.UTF_8)));
              } else {
                kernel.file(name, content);
              }
              return true;
            });
      } while (kernel.more("The installed Debian"));
      return new RootArchive(kernel, packages);
    }

    private static List<String> installed(String status) {
      List<String> found = new ArrayList<>();
      String name = "";
      for (String line : status.split("\n")) {
        if (line.startsWith("Package: ")) {
          name = line.substring("Package: ".length());
        } else if (line.startsWith("Version: ")) {
          found.add(name + " " + line.substring("Version: ".length()));
        }
      }
      return found;
    }
  }
}
