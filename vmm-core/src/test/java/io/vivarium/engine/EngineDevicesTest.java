package io.vivarium.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.library.Home;
import io.vivarium.library.MachineFolder;
import io.vivarium.machine.DeviceConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which devices a machine of which version has: snapshots fit no other set. */
final class EngineDevicesTest {
  @TempDir Path home;

  private DeviceConfig config(int version, List<DiskSpec> disks) throws Exception {
    MachineFolder folder = new MachineFolder(home.resolve("machines").resolve("web"));
    Files.createDirectories(folder.run());
    VmSpec spec =
        new VmSpec(
            version, "web", null, null, null, null, 64 << 20, 1, disks, List.of(), "none", false);
    try (EngineDevices devices = EngineDevices.open(new Home(home), folder, spec, null)) {
      return devices.config();
    }
  }

  private List<DiskSpec> disk() throws Exception {
    Path file = home.resolve("disk");
    Files.write(file, new byte[1 << 16]);
    return List.of(new DiskSpec(file.toString(), "raw", 1 << 16, false));
  }

  @Test
  void machinesOfTheFirstVersionStayWhatTheyWere() throws Exception {
    DeviceConfig config = config(1, disk());
    assertThat(config.disks()).hasSize(1);
    assertThat(config.balloon()).isFalse();
    assertThat(config.vsock()).isNull();
  }

  @Test
  void newOnesHaveABalloonAndVsockOnTheirBus() throws Exception {
    DeviceConfig config = config(VmSpec.VERSION, disk());
    assertThat(config.balloon()).isTrue();
    assertThat(config.vsock()).isNotNull();
  }

  @Test
  void aMachineWithoutABusGetsNone() throws Exception {
    assertThat(config(VmSpec.VERSION, List.of())).isEqualTo(DeviceConfig.NONE);
  }
}
