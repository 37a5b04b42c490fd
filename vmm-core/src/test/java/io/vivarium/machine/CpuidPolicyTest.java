package io.vivarium.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.kvm.KvmCpuidEntry2;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuidPolicyTest {
  private static final List<KvmCpuidEntry2> SUPPORTED =
      List.of(
          new KvmCpuidEntry2(0x0, 0, 0, 0x1f, 1, 2, 3),
          new KvmCpuidEntry2(0x1, 0, 0, 0x806f8, 0x0720_0800, 0, 0),
          new KvmCpuidEntry2(0x4, 3, 1, 0xfc1f_c163, 0, 0, 0),
          new KvmCpuidEntry2(0xb, 0, 1, 1, 2, 0x100, 7),
          new KvmCpuidEntry2(0xb, 1, 1, 7, 64, 0x201, 7),
          new KvmCpuidEntry2(0x8000_0008, 0, 0, 0x3430, 0, 0x703f, 0));

  @Test
  void eachVcpuSeesItsOwnIdAndAllCores() {
    List<KvmCpuidEntry2> cpuid = CpuidPolicy.of(SUPPORTED, 2, 3);
    KvmCpuidEntry2 features = leaf(cpuid, 1, 0);
    assertThat(features.ebx()).isEqualTo(0x0203_0800);
    assertThat(features.ecx() >>> 31).as("hypervisor").isEqualTo(1);
    assertThat(features.edx() >>> 28 & 1).as("several threads").isEqualTo(1);
    assertThat(leaf(cpuid, 4, 3).eax()).isEqualTo(2 << 26 | 2 << 14 | 0x163);
    assertThat(leaf(cpuid, 0xb, 0)).isEqualTo(new KvmCpuidEntry2(0xb, 0, 1, 0, 1, 0x100, 2));
    assertThat(leaf(cpuid, 0xb, 1)).isEqualTo(new KvmCpuidEntry2(0xb, 1, 1, 2, 3, 0x201, 2));
    assertThat(leaf(cpuid, 0x8000_0008, 0).ecx()).isEqualTo(2 << 12 | 2);
    assertThat(leaf(cpuid, 0, 0)).isEqualTo(SUPPORTED.getFirst());
  }

  @Test
  void oneVcpuIsNoHyperThread() {
    List<KvmCpuidEntry2> cpuid = CpuidPolicy.of(SUPPORTED, 0, 1);
    assertThat(leaf(cpuid, 1, 0).edx() >>> 28 & 1).isZero();
    assertThat(leaf(cpuid, 0xb, 1).eax()).isZero();
    assertThat(leaf(cpuid, 4, 3).eax()).isEqualTo(0x163);
  }

  private static KvmCpuidEntry2 leaf(List<KvmCpuidEntry2> cpuid, int function, int index) {
    return cpuid.stream()
        .filter(entry -> entry.function() == function && entry.index() == index)
        .findFirst()
        .orElseThrow();
  }
}
