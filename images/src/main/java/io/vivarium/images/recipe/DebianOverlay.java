package io.vivarium.images.recipe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What the recipe {@code debian} adds to Debian's own files. */
final class DebianOverlay {
  static final List<String> GUEST_FILES =
      List.of("agent", "debian-agent.service", "debian-autologin.conf", "debian-init");

  private static final Map<String, String> FILES =
      Map.of(
          "etc/fstab",
          "/dev/vda / ext4 errors=remount-ro,discard 0 1\n",
          "etc/hostname",
          "debian\n",
          "etc/hosts",
          "127.0.0.1 localhost\n127.0.1.1 debian\n::1 localhost\n",
          "etc/motd",
          "\nThis console logs in as root by itself. The network comes up by DHCP; apt works.\n",
          "etc/systemd/network/80-dhcp.network",
          "[Match]\nName=en* eth*\n\n[Network]\nDHCP=yes\n");

  /** Symbolic links: what is switched on, and what would only wake an idle guest. */
  private static final Map<String, String> LINKS =
      Map.of(
          "etc/resolv.conf",
          "../run/systemd/resolve/stub-resolv.conf",
          "etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
          "/lib/systemd/system/systemd-networkd.service",
          "etc/systemd/system/sockets.target.wants/systemd-networkd.socket",
          "/lib/systemd/system/systemd-networkd.socket",
          "etc/systemd/system/multi-user.target.wants/vivarium-agent.service",
          "/etc/systemd/system/vivarium-agent.service",
          "etc/systemd/system/apt-daily.timer",
          "/dev/null",
          "etc/systemd/system/apt-daily-upgrade.timer",
          "/dev/null",
          "etc/systemd/system/e2scrub_all.timer",
          "/dev/null");

  private DebianOverlay() {}

  static void write(Path folder) throws IOException {
    for (Map.Entry<String, String> file : FILES.entrySet()) {
      put(folder.resolve(file.getKey()), file.getValue().getBytes(StandardCharsets.UTF_8));
    }
    put(folder.resolve("usr/local/lib/vivarium/agent"), GuestFiles.read("agent"));
    Path units = folder.resolve("etc/systemd/system");
    put(units.resolve("vivarium-agent.service"), GuestFiles.read("debian-agent.service"));
    put(
        units.resolve("serial-getty@ttyS0.service.d/autologin.conf"),
        GuestFiles.read("debian-autologin.conf"));
    for (Map.Entry<String, String> link : LINKS.entrySet()) {
      Path path = folder.resolve(link.getKey());
      Files.createDirectories(Objects.requireNonNull(path.getParent()));
      Files.createSymbolicLink(path, Path.of(link.getValue()));
    }
  }

  private static void put(Path file, byte[] content) throws IOException {
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    Files.write(file, content);
  }
}
