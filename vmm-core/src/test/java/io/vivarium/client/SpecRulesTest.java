package io.vivarium.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

  @Test
  void suggestedNamesKeepTheRules() {
    Random random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      assertThat(SpecRules.name(SpecRules.suggestName(random))).isNull();
    }
  }
}
