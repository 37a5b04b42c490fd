package io.vivarium.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import io.vivarium.devices.virtio.BalloonStatistics;
import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.qcow2.Qcow2;
import io.vivarium.images.store.StoredImage;
import io.vivarium.kvm.Kvm;
import io.vivarium.kvm.KvmException;
import io.vivarium.testing.TestImages;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The virtio devices in a real machine, under Debian's own kernel and drivers: it boots once with
 * all of them, and each test goes on from there.
 */
@Tag("kvm")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class DevicesIT {
  private static final int DISK_BYTES = 64 << 20;
  private static final String PORT = "io.vivarium.test";

  @TempDir static Path folder;
  private static byte[] contents = new byte[1 << 20];

  private final GuestConsole console = new GuestConsole();
  private @Nullable Passt passt;
  private @Nullable Disk raw;
  private @Nullable Disk qcow2;
  private @Nullable KvmMachine machine;

  @BeforeAll
  @Timeout(value = 40, unit = TimeUnit.MINUTES)
  static void boot() throws Exception {
    TinyGuest.assumeKvm();
    assumeTrue(Passt.isThere(), "skipped: passt is not installed (Debian: passt)");
    assumeTrue(
        !interpreted() || Boolean.getBoolean("vivarium.interpreted"),
        "skipped: KVM interprets ring 0 here and this boot takes 5 minutes;"
            + " -Dvivarium.interpreted=true runs it, the lab does so always");
    StoredImage image = TestImages.debianTiny();
    new Random(1).nextBytes(contents);
    Path file = Files.write(folder.resolve("raw"), contents);
    try (var channel = Files.newByteChannel(file, java.nio.file.StandardOpenOption.WRITE)) {
      channel.position(DISK_BYTES - 1).write(ByteBuffer.allocate(1));
    }
    Qcow2.create(folder.resolve("qcow2"), DISK_BYTES, null, null);
    Files.createDirectory(folder.resolve("saved"));

    GuestConsole console = new GuestConsole();
    try (Passt passt = new Passt(folder.resolve("passt"));
        Disk raw = HostDisks.open(folder.resolve("raw"), "raw", false, null);
        Disk qcow2 = HostDisks.open(folder.resolve("qcow2"), "qcow2", false, null);
        KvmMachine machine =
            KvmMachine.boot(
                new MachineConfig(
                    "devices",
                    256L << 20,
                    interpreted() ? 1 : 2, // there a second makes it far longer
                    image.kernel(),
                    image.initrd().orElseThrow(),
                    image.manifest().cmdline(),
                    true,
                    devices(passt, raw, qcow2)),
                console)) {
      machine.serial(0).listen(console);
      machine.resume();
      console.await("debian-tiny:~# ");
      console.run(machine, "until ip route | grep default; do sleep 1; done");
      System.out.printf(
          "debian-tiny with all devices is up after %.1f CPU seconds%n%s%n",
          machine.cpuNanos() / 1e9, machine.counters());
      machine.pause();
      Saves.save(machine, folder.resolve("saved"));
    }
    Files.copy(folder.resolve("raw"), folder.resolve("raw.saved"));
    Files.copy(folder.resolve("qcow2"), folder.resolve("qcow2.saved"));
  }

  private static boolean interpreted() throws KvmException {
    try (Kvm kvm = Kvm.open()) {
      return Host.profile(kvm).interpretsRing0();
    }
  }

  private static DeviceConfig devices(Passt passt, Disk raw, Disk qcow2) {
    return new DeviceConfig(
        List.of(
            new DeviceConfig.DiskConfig(raw, "first", 2),
            new DeviceConfig.DiskConfig(qcow2, "second", 1)),
        List.of(
            new DeviceConfig.NetworkConfig(
                "52:54:00:12:34:56", 1500, new NetworkBackend.Stream(passt.socket()), null)),
        List.of(PORT, "second"),
        true,
        new DeviceConfig.VsockConfig(3, folder.resolve("vsock")));
  }

  @BeforeEach
  void restore() throws Exception {
    passt = new Passt(folder.resolve("passt"));
    raw = HostDisks.open(fresh("raw"), "raw", false, null);
    qcow2 = HostDisks.open(fresh("qcow2"), "qcow2", false, null);
    machine =
        Saves.restore("devices", devices(passt, raw, qcow2), folder.resolve("saved"), console);
    machine.serial(0).listen(console);
    machine.resume();
  }

  private static Path fresh(String name) throws IOException {
    Files.deleteIfExists(folder.resolve(name));
    return Files.copy(folder.resolve(name + ".saved"), folder.resolve(name));
  }

  @AfterEach
  void close() throws IOException {
    for (AutoCloseable one : Arrays.asList(machine, raw, qcow2, passt)) {
      if (one != null) {
        try {
          one.close();
        } catch (Exception e) {
          throw new IOException(e);
        }
      }
    }
  }

  private KvmMachine machine() {
    return Objects.requireNonNull(machine);
  }

  private String run(String command) throws InterruptedException {
    return console.run(machine(), command);
  }

  private static String md5(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
  }

  @Test
  void theGuestReadsAndWritesItsDisks() throws Exception {
    assertThat(run("head -c 1048576 /dev/vda | md5sum")).startsWith(md5(contents));
    assertThat(run("cat /sys/block/vda/serial /sys/block/vda/size /sys/block/vdb/size"))
        .isEqualTo("first%d\n%d".formatted(DISK_BYTES / 512, DISK_BYTES / 512));
    run("dd if=/dev/vda of=/dev/vdb bs=64k count=16 conv=fsync 2>/dev/null");
    run("mke2fs -q /dev/vda && mkdir -p /mnt && mount /dev/vda /mnt");
    run("head -c 300000 /dev/vdb >/mnt/file && umount /mnt && sync");
    run("mount /dev/vda /mnt");
    assertThat(run("md5sum </mnt/file")).startsWith(md5(Arrays.copyOf(contents, 300000)));
    run("umount /mnt");
    machine().pause();
    byte[] copy = new byte[contents.length];
    Objects.requireNonNull(qcow2).read(0, java.lang.foreign.MemorySegment.ofArray(copy));
    assertThat(copy).isEqualTo(contents);
    assertThat(machine().devices().disk(1).writtenBytes()).isGreaterThanOrEqualTo(contents.length);
  }

  @Test
  void theGuestFetchesAFileOverItsNetwork() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/file",
        exchange -> {
          exchange.sendResponseHeaders(200, contents.length);
          exchange.getResponseBody().write(contents);
          exchange.close();
        });
    server.start();
    try {
      String gateway = run("ip route | sed -n 's/default via \\([0-9.]*\\).*/\\1/p'");
      assertThat(
              run(
                  "wget -q -O - http://%s:%d/file | md5sum"
                      .formatted(gateway, server.getAddress().getPort())))
          .startsWith(md5(contents));
      assertThat(machine().devices().network(0).receivedBytes()).isGreaterThan(contents.length);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void theGuestDrawsEntropy() throws Exception {
    assertThat(run("cat /sys/class/misc/hw_random/rng_current")).startsWith("virtio_rng");
    assertThat(run("head -c 4096 /dev/hwrng | md5sum")).hasSizeGreaterThan(32);
  }

  @Test
  void aConsolePortCarriesBytesBothWays() throws Exception {
    assertThat(run("cat /sys/class/virtio-ports/*/name")).isEqualTo(PORT + "\nsecond");
    CompletableFuture<String> answer = new CompletableFuture<>();
    StringBuilder heard = new StringBuilder();
    SerialPort port = machine().devices().consolePort(PORT);
    port.listen(
        (data, offset, length) -> {
          heard.append(new String(data, offset, length, StandardCharsets.ISO_8859_1));
          if (heard.indexOf("\n") >= 0) {
            answer.complete(heard.toString());
          }
        });
    String command =
        "exec 9<>$(echo /dev/vport*p0); read -r line <&9; echo got $line >&9; exec 9>&-";
    int from = console.start(machine(), command);
    byte[] line = "hello\n".getBytes(StandardCharsets.ISO_8859_1);
    port.send(line, 0, line.length);
    assertThat(answer.get()).isEqualTo("got hello\n");
    console.finish(command, from);
    assertThat(machine().devices().consolePortOpen(PORT)).isFalse();
  }

  /** By Firecracker's convention: port 1234 of the host is the Unix socket {@code vsock_1234}. */
  @Test
  void vsockCarriesBytesBothWays() throws Exception {
    Path socket = folder.resolve("vsock_1234");
    Files.deleteIfExists(socket);
    try (ServerSocketChannel host = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      host.bind(UnixDomainSocketAddress.of(socket));
      for (String command : GuestProgram.VSOCK_ECHO.install("/tmp/echo")) {
        run(command);
      }
      run("{ (/tmp/echo; echo ended with $? >/tmp/ended) & }");
      try (SocketChannel guest = accept(host)) {
        // More than the guest's window, so that credit must flow; sent while answers are read.
        Thread sender =
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        ByteBuffer all = ByteBuffer.wrap(contents);
                        while (all.hasRemaining()) {
                          guest.write(all);
                        }
                        guest.shutdownOutput();
                      } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                      }
                    });
        byte[] back = Channels.newInputStream(guest).readAllBytes();
        sender.join();
        assertThat(md5(back)).isEqualTo(md5(contents));
      }
      assertThat(run("until [ -e /tmp/ended ]; do sleep 1; done; cat /tmp/ended"))
          .isEqualTo("ended with 0");
    }
  }

  /** A guest that does not come tells why. */
  private SocketChannel accept(ServerSocketChannel host) throws Exception {
    CompletableFuture<SocketChannel> coming = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                coming.complete(host.accept());
              } catch (IOException e) {
                coming.completeExceptionally(e);
              }
            });
    try {
      return coming.get(2, TimeUnit.MINUTES);
    } catch (TimeoutException e) {
      throw new AssertionError(
          run("cat /tmp/ended; lsmod; ls -l /tmp/echo; ls -l /dev/vsock; dmesg | tail -5"), e);
    }
  }

  @Test
  void thePowerButtonReachesAGuestThatListens() throws Exception {
    run("modprobe -a button evdev; until [ -e /dev/input/event0 ]; do sleep 1; done");
    run(
        "{ (exec 9</dev/input/event0; echo it'-'listens;"
            + " head -c 24 <&9 | od -An -tu2 -j16 -N4 >/run/pressed; echo it'-'heard) & }");
    console.await("it-listens");
    machine().powerButton();
    console.await("it-heard");
    // A key (EV_KEY), KEY_POWER: what acpid and logind shut down for.
    assertThat(run("cat /run/pressed").strip()).matches("1 +116");
  }

  @Test
  void theGuestGivesMemoryUpAndTellsOfIt() throws Exception {
    MachineDevices devices = machine().devices();
    devices.setBalloon(64 << 20);
    run(
        "until [ $(sed -n 's/MemFree: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo) -lt 150000 ]; do sleep 1; done");
    assertThat(devices.balloon()).isGreaterThan(32L << 20);
    assertThat(machine().counters().get("balloon.reclaimed-bytes")).isGreaterThan(32L << 20);
    devices.memory();
    run("sleep 1");
    BalloonStatistics told = Objects.requireNonNull(devices.memory());
    assertThat(told.totalBytes()).isBetween(100L << 20, 256L << 20);
    assertThat(told.freeBytes()).isLessThan(150_000L << 10);
    devices.setBalloon(0);
    run(
        "until [ $(sed -n 's/MemFree: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo) -gt 150000 ]; do sleep 1; done");
  }

  @Test
  void aRestoreWithOtherDevicesIsRefused() throws Exception {
    close();
    assertThatThrownBy(
            () -> Saves.restore("other", DeviceConfig.NONE, folder.resolve("saved"), console))
        .isInstanceOf(BadSnapshotException.class)
        .hasMessageContaining("disk0");
  }

  @Test
  void whatIsInFlightSurvivesASnapshot() throws Exception {
    String copy =
        "for i in 1 2 3 4; do dd if=/dev/vda of=/dev/vdb bs=16k count=64 seek=$((64*i)) conv=fsync"
            + " 2>/dev/null || exit 1; done; md5sum </dev/vdb";
    int from = console.start(machine(), copy);
    for (int i = 0; i < 20; i++) {
      machine().pause();
      machine().resume();
    }
    console.finish(copy, from);
    machine().pause();
    byte[] part = new byte[contents.length];
    Objects.requireNonNull(qcow2).read(4L << 20, java.lang.foreign.MemorySegment.ofArray(part));
    assertThat(part).isEqualTo(contents);
  }
}
