package io.vivarium.assist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.kvm.Kvm;
import io.vivarium.kvm.KvmException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kvm")
class HostProfileTest {
  @Test
  void thisHostAnswersTheSameEachTime() throws KvmException {
    assumeTrue(Files.isWritable(Path.of(Kvm.DEVICE)), "needs a writable " + Kvm.DEVICE);
    try (Kvm kvm = Kvm.open()) {
      HostProfile profile = HostProfile.probe(kvm);
      long start = System.nanoTime();
      HostProfile again = HostProfile.probe(kvm);
      System.out.printf(
          "ring 0 is %s here; the probe took %d us%n",
          profile.interpretsRing0() ? "interpreted" : "native", (System.nanoTime() - start) / 1000);

      assertThat(again.interpretsRing0()).isEqualTo(profile.interpretsRing0());
      assertThat(profile.kernelParameters().isEmpty()).isEqualTo(!profile.interpretsRing0());
      assertThat(profile.cpuid(kvm.supportedCpuid(), 2)).hasSameSizeAs(kvm.supportedCpuid());
      // A module of that name interprets; the probe must find it out by itself.
      if (Files.exists(Path.of("/sys/module/kvm_pvm"))) {
        assertThat(profile.interpretsRing0()).isTrue();
      }
    }
  }
}
