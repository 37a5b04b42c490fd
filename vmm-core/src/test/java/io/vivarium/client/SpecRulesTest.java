package io.vivarium.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SpecRulesTest {
  @ParameterizedTest
  @CsvSource({
    "512M, 536870912, 512 MiB",
    "20G, 21474836480, 20 GiB",
    "1.5g, 1610612736, 1.5 GiB",
    "64 MiB, 67108864, 64 MiB",
    "1KB, 1024, 1 KiB",
    "2T, 2199023255552, 2 TiB"
  })
  void sizesAreReadAndEchoed(String typed, long bytes, String human) throws Exception {
    assertThat(Sizes.parse(typed)).isEqualTo(bytes);
    assertThat(Sizes.human(bytes)).isEqualTo(human);
    assertThat(Sizes.parse(Sizes.typed(bytes))).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "512", "M", "-1M", "1X", "1.2.3G", "999999999999999T", "1e9M", "0x10M", "１M"})
  void whatIsNoSizeIsRefused(String typed) {
    assertThatThrownBy(() -> Sizes.parse(typed))
        .isInstanceOfSatisfying(
            VivariumException.class,
            e -> assertThat(e.kind()).isEqualTo(VivariumException.Kind.USAGE));
  }

  @Test
  void absurdMachinesAreRefusedWithASentence() {
    long host = 8L << 30;
    assertThat(SpecRules.memory(16L << 30, host)).contains("more than this host has (8 GiB)");
    assertThat(SpecRules.memory(1 << 20, host)).contains("less than");
    assertThat(SpecRules.memory((256L << 20) + 1, host)).contains("whole number");
    assertThat(SpecRules.memory(256L << 20, host)).isNull();
    assertThat(SpecRules.cpus(0)).contains("0 CPUs");
    assertThat(SpecRules.cpus(10_000)).contains("10000 CPUs");
    assertThat(SpecRules.cmdline("a\nb")).contains("printable");
    assertThat(SpecRules.name("a/b")).contains("a-z");
  }

  @ParameterizedTest
  @CsvSource({
    "8080:80, 127.0.0.1, 8080, 80, tcp",
    "53:5353/udp, 127.0.0.1, 53, 5353, udp",
    "0.0.0.0:2222:22, 0.0.0.0, 2222, 22, tcp",
    "[::1]:8080:80, ::1, 8080, 80, tcp"
  })
  void portsAreReadAndWritten(String typed, String address, int host, int guest, String protocol)
      throws Exception {
    VmSpec.PortSpec port = Ports.parse(typed);
    assertThat(port).isEqualTo(new VmSpec.PortSpec(address, host, guest, protocol));
    assertThat(Ports.text(port)).isEqualTo(typed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "80",
        "0:80",
        "8080:65536",
        "8080:80/sctp",
        "example.org:8080:80",
        "1.2.3:4:5:6",
        "999.0.0.1:1:1",
        "[zz]:1:1"
      })
  void whatIsNoPortIsRefused(String typed) {
    assertThatThrownBy(() -> Ports.parse(typed))
        .isInstanceOfSatisfying(
            VivariumException.class,
            e -> assertThat(e.kind()).isEqualTo(VivariumException.Kind.USAGE));
  }

  @Test
  void disksAreSizesOrFiles() throws Exception {
    assertThat(Disks.parse("20G")).isEqualTo(new VmSpec.DiskSpec("", "qcow2", 20L << 30, false));
    assertThat(Disks.parse("1.5g,format=raw"))
        .isEqualTo(new VmSpec.DiskSpec("", "raw", 3L << 29, false));
    assertThat(Disks.parse("/data/x.qcow2,readonly"))
        .isEqualTo(new VmSpec.DiskSpec("/data/x.qcow2", "qcow2", 0, true));
    assertThat(Disks.parse("/data/20G,format=raw").file()).isEqualTo("/data/20G");
    assertThatThrownBy(() -> Disks.parse("/data/x")).hasMessageContaining("format");
    assertThatThrownBy(() -> Disks.parse("20G,format=vmdk")).hasMessageContaining("vmdk");
    assertThat(SpecRules.disk(Disks.parse("20G,readonly"))).contains("read-only");
    assertThat(SpecRules.disk(Disks.parse("1K"))).contains("1 KiB");
  }

  @Test
  void networksAndTheirPortsKeepTheRules() throws Exception {
    assertThat(SpecRules.network("user")).isNull();
    assertThat(SpecRules.network("link:lan-1")).isNull();
    assertThat(SpecRules.network("tap:vmtap0")).isNull();
    assertThat(SpecRules.network("tap:a-name-that-is-too-long")).contains("user, none");
    assertThat(SpecRules.network("link:../x")).contains("a-z");
    List<VmSpec.PortSpec> web = List.of(Ports.parse("8080:80"));
    assertThat(SpecRules.ports(web, "user")).isNull();
    assertThat(SpecRules.ports(web, "none")).contains("network 'user' only");
    assertThat(SpecRules.ports(List.of(web.getFirst(), Ports.parse("8080:81")), "user"))
        .contains("twice");
  }

  @Test
  void suggestedNamesKeepTheRules() {
    Random random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      assertThat(SpecRules.name(SpecRules.suggestName(random))).isNull();
    }
  }
}
