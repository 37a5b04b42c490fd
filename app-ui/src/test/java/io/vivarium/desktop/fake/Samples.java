package io.vivarium.desktop.fake;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** VMs that look like a user's. */
public final class Samples {
  private static final String SHELL =
      "[    0.401202] Memory: 221480K/261624K available\r\n"
          + "[    0.514830] Run /init as init process\r\n"
          + "Welcome to \u001b[1mdebian-tiny\u001b[0m. The console is a busybox shell.\r\n"
          + "\u001b[1;32m~ #\u001b[0m uname -rm\r\n"
          + "6.1.0-50-cloud-amd64 x86_64\r\n"
          + "\u001b[1;32m~ #\u001b[0m ls --color /\r\n"
          + "\u001b[1;34mbin\u001b[0m   \u001b[1;34mdev\u001b[0m   \u001b[1;34metc\u001b[0m   "
          + "\u001b[1;32minit\u001b[0m  \u001b[1;34mproc\u001b[0m  \u001b[1;34mroot\u001b[0m  "
          + "\u001b[1;36mlib\u001b[0m   \u001b[1;34msys\u001b[0m   \u001b[30;42mtmp\u001b[0m\r\n"
          + "\u001b[1;32m~ #\u001b[0m free -m | head -2\r\n"
          + "              total        used        free      shared  buff/cache   available\r\n"
          + "Mem:            221          19         190           0          11         195\r\n";

  private Samples() {}

  public static VmSpec spec(String name) {
    return spec(name, "debian-tiny", 256, 1, false);
  }

  public static VmSpec spec(
      String name, @Nullable String image, int mib, int cpus, boolean disposable) {
    return new VmSpec(
        1,
        name,
        image,
        image == null ? "/home/me/linux/arch/x86/boot/bzImage" : null,
        null,
        image == null ? "console=ttyS0 root=/dev/vda" : null,
        (long) mib << 20,
        cpus,
        List.of(),
        List.of(),
        "none",
        disposable);
  }

  /** Six VMs in all states, and a snapshot tree. */
  public static void fill(FakeVivarium host, Instant now) {
    host.add(
        spec("build", "debian-tiny", 2048, 2, false)
            .withDisks(List.of(new VmSpec.DiskSpec("vda.qcow2", "qcow2", 20L << 30, false)))
            .withNetwork("user", List.of(new VmSpec.PortSpec("127.0.0.1", 2222, 22, "tcp"))),
        VmState.RUNNING,
        now.minusSeconds(5025),
        SHELL);
    host.add(spec("debian-tiny"), VmState.RUNNING, now.minusSeconds(184), SHELL);
    host.add(
        spec("kernel-test", null, 512, 1, false),
        VmState.CRASHED,
        now.minus(Duration.ofDays(2)),
        """
        [    1.204902] Kernel panic - not syncing: VFS: Unable to mount root fs
        [    1.205310] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.12.0-rc3
        [    1.206001] Call Trace:
        [    1.206212]  panic+0x10a/0x2d0
        """
            .replace("\n", "\r\n"));
    host.add(
        spec("scratch", "debian-tiny", 256, 1, true), VmState.PAUSED, now.minusSeconds(640), SHELL);
    host.add(
        spec("web", "debian-12", 1024, 2, false)
            .withNetwork("user", List.of(new VmSpec.PortSpec("127.0.0.1", 8080, 80, "tcp"))),
        VmState.STOPPED,
        now.minusSeconds(90_000),
        "");
    snapshot(
        host,
        "a",
        "fresh-install",
        null,
        now.minus(Duration.ofDays(9)),
        191,
        "pinned",
        "Debian 12, nothing added");
    snapshot(
        host,
        "b",
        "compiler-added",
        "a",
        now.minus(Duration.ofDays(2)),
        412,
        "live",
        "gcc 12.2, make, flex, bison");
    snapshot(host, "c", "before-upgrade", "b", now.minus(Duration.ofHours(31)), 8, "disks", "");
    snapshot(
        host,
        "e",
        "lto-experiment",
        "c",
        now.minus(Duration.ofHours(28)),
        640,
        "live",
        "links for an hour, gains 2 %");
    snapshot(host, "f", "lto-thin", "e", now.minus(Duration.ofHours(26)), 120, "live", "");
    snapshot(host, "g", "auto-0712", "b", now.minus(Duration.ofHours(6)), 31, "automatic", "");
    snapshot(host, "h", "auto-0912", "g", now.minus(Duration.ofHours(4)), 27, "automatic", "");
    snapshot(host, "i", "clang-try", "h", now.minus(Duration.ofHours(3)), 288, "live", "");
    snapshot(host, "j", "auto-1112", "h", now.minus(Duration.ofHours(2)), 44, "automatic", "");
    snapshot(
        host,
        "d",
        "tests-green",
        "j",
        now.minus(Duration.ofMinutes(12)),
        64,
        "live",
        "all 2,412 tests pass");
  }

  private static void snapshot(
      FakeVivarium host,
      String id,
      String name,
      @Nullable String parent,
      Instant when,
      int mib,
      String kind,
      String note) {
    host.addSnapshot(
        "build",
        new SnapshotInfo(
            id,
            name,
            parent,
            note,
            when,
            !kind.equals("disks"),
            kind.equals("automatic"),
            kind.equals("pinned"),
            (long) mib << 20,
            180L << 20,
            (long) (mib + 180) << 20,
            """
            ~ # make -j2
              CC      init/main.o
              CC      kernel/fork.o
              LD      vmlinux
              BUILD   arch/x86/boot/bzImage
            Kernel: arch/x86/boot/bzImage is ready  (#14)
            ~ #\
            """,
            null));
  }
}
