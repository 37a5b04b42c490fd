package io.vivarium.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GuestAddressTest {
  @Test
  void withoutAnAddressOfItsOwnAGuestHasTheCommonOne() {
    assertThat(GuestAddress.of(null)).isEqualTo(new GuestAddress("10.0.2.15", 24));
  }

  @Test
  void aForksIsInTheGatewaysNetworkAndNeverTheGateways() {
    Set<String> all = new HashSet<>();
    for (int i = 0; i < 0x10000; i++) {
      GuestAddress one = GuestAddress.of("52:54:00:00:%02x:%02x".formatted(i >> 8, i & 0xff));
      assertThat(one.ip()).matches("10\\.0\\.(1[6-9]|[2-9]\\d|1\\d\\d|2[0-5]\\d)\\.\\d{1,3}");
      assertThat(one.ip()).doesNotEndWith(".0").doesNotEndWith(".255");
      assertThat(one.prefix()).isEqualTo(16);
      all.add(one.ip());
    }
    assertThat(all).hasSize(240 * 254);
  }
}
