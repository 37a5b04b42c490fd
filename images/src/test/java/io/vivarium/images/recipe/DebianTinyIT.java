package io.vivarium.images.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import io.vivarium.images.agent.AgentLine;
import io.vivarium.images.agent.AgentProtocol;
import io.vivarium.images.store.ImageStore;
import io.vivarium.images.store.StoredImage;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Builds the image for real and boots it in QEMU's software emulation. */
class DebianTinyIT {
  @TempDir static Path home;
  private static StoredImage image;

  @BeforeAll
  static void build() throws Exception {
    assumeTrue(
        HostCommand.exists("apt-get"), "skipped: this host has no apt-get to fetch packages with");
    ImageStore store = new ImageStore(home);
    try {
      image = store.build(new DebianTiny(), BuildProgress.NONE);
    } catch (ImageException e) {
      assumeTrue(
          e.kind() != ImageException.Kind.HOST && e.kind() != ImageException.Kind.NOT_FOUND,
          "skipped: " + e.getMessage());
      throw e;
    }
    store.verify(image);
    assertThat(store.fresh(new DebianTiny())).isTrue();
  }

  @Test
  void namesWhatItIsMadeOf() {
    assertThat(image.manifest().packages())
        .extracting("name")
        .anyMatch(n -> n.toString().startsWith("linux-image-"))
        .contains("busybox-static");
    assertThat(image.kernel()).exists();
    assertThat(image.initrd().orElseThrow()).exists();
  }

  @ParameterizedTest
  @EnumSource
  void runsCommandsInQemu(AgentLine line) throws Exception {
    assumeTrue(
        HostCommand.exists("qemu-system-x86_64"), "skipped: qemu-system-x86_64 is not installed");
    Random random = new Random(1);
    try (QemuGuest guest = QemuGuest.boot(image, home.resolve("run-" + line), line)) {
      assertThat(guest.awaitReady()).isEqualTo(line.version());

      assertThat(guest.exec(random, "echo", "ok")).isEqualTo(new QemuGuest.Reply(0, "ok\n", ""));
      assertThat(guest.exec(random, "sh", "-c", "echo out; echo err >&2; exit 7"))
          .isEqualTo(new QemuGuest.Reply(7, "out\n", "err\n"));
      assertThat(guest.exec(random, "nosuch").status()).isEqualTo(127);
      assertThat(guest.exec(random, "sh", "-c", "kill -9 $$"))
          .isEqualTo(new QemuGuest.Reply(137, "", ""));

      String odd = "a'b\"c $HOME `x` \\ * \t\n\u0003\u001e\u007f ü €";
      assertThat(guest.exec(random, "printf", "%s", odd).out()).isEqualTo(odd);
      assertThat(guest.exec(random, "sh", "-c", "printf %s \"$1\"", "sh", odd).out())
          .isEqualTo(odd);
      String lengthy = "x y'".repeat(4_000);
      assertThat(guest.exec(random, "printf", "%s", lengthy).out()).isEqualTo(lengthy);

      byte[] bytes = new byte[100_000];
      random.nextBytes(bytes);
      assertThat(guest.execWithInput(random, bytes, "md5sum").out()).startsWith(md5(bytes));
      assertThat(guest.execWithInput(random, bytes, "head", "-c", "5").status()).isZero();
      assertThat(guest.execWithInput(random, new byte[0], "cat").out()).isEmpty();

      guest.interruptWhenItRuns(random, List.of("tail", "-f", "/dev/null"));
      assertThat(guest.exec(random, AgentProtocol.setWindowSize(40, 132)).status()).isZero();
      assertThat(guest.exec(random, "stty", "-F", "/dev/ttyS0", "size").out())
          .isEqualTo("40 132\n");
      assertThat(
              guest
                  .exec(
                      random, AgentProtocol.setTime(java.time.Instant.ofEpochSecond(2_000_000_000)))
                  .status())
          .isZero();
      assertThat(guest.exec(random, "date", "-u", "+%Y").out()).isEqualTo("2033\n");

      guest.type("echo ${TERM%-*} $((6*7))\n");
      guest.awaitConsole("xterm 42");
      guest.type("poweroff\n");
      assertThat(guest.awaitEnd()).isTrue();
    }
  }

  private static String md5(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
  }
}
