package io.vivarium.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.vivarium.linux.Errno;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user reads when KVM is not to be had. */
class KvmErrorsTest {
  @TempDir Path folder;

  private KvmException failure(String path) {
    return catchThrowableOfType(KvmException.class, () -> Kvm.open(path).close());
  }

  @Test
  void aMissingDeviceTellsWhatToEnable() {
    KvmException failure = failure(folder.resolve("kvm").toString());

    assertThat(failure.errnoName()).isEqualTo("ENOENT");
    assertThat(failure)
        .hasMessageStartingWith("open ")
        .hasMessageContaining("failed: ENOENT (No such file or directory). KVM is not loaded")
        .hasMessageContaining("modprobe kvm_intel");
  }

  @Test
  void aDeviceThatIsNotOursTellsTheGroup() throws Exception {
    Path file = Files.createFile(folder.resolve("kvm"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    assumeFalse(Files.isReadable(file), "skipped: root may read every file");

    KvmException failure = failure(file.toString());

    assertThat(failure.errno()).isEqualTo(Errno.EACCES);
    assertThat(failure).hasMessageContaining("sudo usermod -aG kvm $USER");
  }

  @Test
  void theHintForPermissionNamesTheGroupAlsoForRoot() {
    assertThat(Hints.forOpen("/dev/kvm", Errno.EACCES)).contains("sudo usermod -aG kvm $USER");
  }

  @Test
  void aFileThatIsNoDeviceIsRefused() throws Exception {
    Path file = Files.createFile(folder.resolve("kvm"));

    assertThat(failure(file.toString()))
        .hasMessageContaining("KVM_GET_API_VERSION on " + file + " failed: ENOTTY");
  }

  @Test
  @Tag("kvm")
  void aRefusedIoctlIsNamed() throws Exception {
    try (TestGuest guest = TestGuest.plain()) {
      assertThatThrownBy(guest.vm::createIrqchip) // too late: there is a vCPU
          .isInstanceOf(KvmException.class)
          .hasMessageContaining("KVM_CREATE_IRQCHIP on VM failed: E");
    }
  }

  @Test
  @Tag("kvm")
  void aRefusedMsrIsNamed() throws Exception {
    try (TestGuest guest = TestGuest.plain()) {
      List<KvmMsrEntry> values =
          List.of(new KvmMsrEntry(0x174, 8), new KvmMsrEntry(0x1234_5678, 1));

      assertThat(guest.vcpu.trySetMsrs(values)).isEqualTo(1);
      assertThatThrownBy(() -> guest.vcpu.setMsrs(values))
          .hasMessageContaining("MSR 0x12345678 = 0x1");
      assertThatThrownBy(() -> guest.vcpu.getMsrs(0x174, 0x1234_5678))
          .hasMessageContaining("KVM_GET_MSRS of 0x12345678");
      assertThat(guest.vcpu.getReadableMsrs(new int[] {0x1234_5678, 0x174, 0x1234_5679}))
          .containsExactly(new KvmMsrEntry(0x174, 8));
    }
  }

  @Test
  @Tag("kvm")
  void useAfterCloseThrowsInsteadOfTouchingAnotherDescriptor() throws Exception {
    TestGuest guest = TestGuest.plain();
    guest.close();
    guest.close();

    assertThatThrownBy(guest.vcpu::run).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(guest.vm::getClock)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("VM is closed");
    assertThatThrownBy(() -> guest.vcpu.runPage().exitReason())
        .isInstanceOf(IllegalStateException.class);
  }
}
