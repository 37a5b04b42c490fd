package io.vivarium.cli;

import static io.vivarium.cli.VivProcess.inspect;
import static io.vivarium.cli.VivProcess.viv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Forks of real guests by the command. */
@Tag("kvm")
final class ForkIT {
  private static final String VM = "fork-it";
  private static final List<String> COPIES = List.of(VM + "-1", VM + "-2", VM + "-3");

  @BeforeAll
  static void warm() throws Exception {
    VivProcess.warm();
  }

  @AfterEach
  void remove() throws Exception {
    for (String copy : COPIES) {
      viv("rm", "-f", copy);
    }
    viv("rm", "-f", VM);
  }

  private static String guest(String vm, String script) throws Exception {
    return viv("exec", vm, "--", "sh", "-c", script).mustWork().text();
  }

  @Test
  void copiesKnowWhatTheirParentKnewAndAreSomebodyElse() throws Exception {
    viv("run", "-d", "--name", VM, "debian-tiny").mustWork();
    guest(VM, "echo secret >/run/nonce");
    assertThat(viv("fork", "--rm", "--count", "3", VM).mustWork().text().lines())
        .containsExactlyElementsOf(COPIES);
    Set<String> random = new HashSet<>();
    for (String copy : COPIES) {
      assertThat(guest(copy, "cat /run/nonce")).isEqualTo("secret\n");
      assertThat(guest(copy, "hostname")).isEqualTo(copy + "\n");
      random.add(guest(copy, "od -An -N16 -tx1 /dev/urandom"));
      long clock = Long.parseLong(guest(copy, "date +%s").strip());
      assertThat(clock).isCloseTo(Instant.now().getEpochSecond(), within(15L));
      guest(copy, "echo " + copy + " >/run/mine");
    }
    assertThat(random).hasSize(COPIES.size());
    for (String copy : COPIES) {
      assertThat(guest(copy, "cat /run/mine")).isEqualTo(copy + "\n");
    }
    assertThat(guest(VM, "ls /run/mine 2>&1; true")).contains("No such file");

    viv("kill", VM).mustWork();
    assertThat(inspect(VM).string("state")).isEqualTo("STOPPED");
    assertThat(guest(COPIES.getFirst(), "cat /run/nonce")).isEqualTo("secret\n");
    viv("keep", COPIES.getFirst()).mustWork();
    for (String copy : COPIES) {
      viv("stop", copy).mustWork();
    }
    assertThat(viv("ps", "-a", "-q").mustWork().text().lines())
        .containsExactlyInAnyOrder(VM, COPIES.getFirst());
  }

  @Test
  void aSnapshotsCopiesComeUpWithoutItsVm() throws Exception {
    viv("run", "-d", "--name", VM, "debian-tiny").mustWork();
    guest(VM, "echo early >/run/nonce");
    viv("snapshot", "take", VM, "then").mustWork();
    guest(VM, "echo late >/run/nonce");
    viv("kill", VM).mustWork();
    viv("fork", "--count", "2", VM + "@then").mustWork();
    assertThat(guest(COPIES.get(0), "cat /run/nonce; hostname"))
        .isEqualTo("early\n" + COPIES.get(0) + "\n");
    assertThat(guest(COPIES.get(1), "cat /run/nonce; hostname"))
        .isEqualTo("early\n" + COPIES.get(1) + "\n");
    assertThat(viv("fork", VM))
        .satisfies(
            refused -> {
              assertThat(refused.status()).isEqualTo(125);
              assertThat(refused.err()).contains("viv fork " + VM + "@");
            });
  }
}
