package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.images.ImageException;
import io.vivarium.images.store.ImageStore;
import io.vivarium.images.store.StoredImage;
import io.vivarium.library.Home;
import io.vivarium.machine.DeviceConfig;
import io.vivarium.machine.MachineConfig;
import java.nio.file.Path;
import java.util.Optional;

/** From a VM's spec to what its machine is built of. */
final class MachinePlan {
  private static final String OWN_KERNEL_CMDLINE = "console=ttyS0";

  private MachinePlan() {}

  static MachineConfig of(Home home, VmSpec spec, DeviceConfig devices) throws VivariumException {
    String kernel = spec.kernel();
    if (kernel != null) {
      String initrd = spec.initrd();
      String cmdline = spec.cmdline();
      return new MachineConfig(
          spec.name(),
          spec.memoryBytes(),
          spec.cpus(),
          Path.of(kernel),
          initrd == null ? null : Path.of(initrd),
          cmdline == null ? OWN_KERNEL_CMDLINE : cmdline,
          true,
          devices);
    }
    StoredImage image = image(home, spec);
    String cmdline = spec.cmdline();
    return new MachineConfig(
        spec.name(),
        spec.memoryBytes(),
        spec.cpus(),
        image.kernel(),
        image.initrd().orElse(null),
        cmdline == null ? image.manifest().cmdline() : cmdline,
        true,
        devices);
  }

  private static StoredImage image(Home home, VmSpec spec) throws VivariumException {
    String name = String.valueOf(spec.image());
    try {
      Optional<StoredImage> image = new ImageStore(home.root()).find(name);
      if (image.isPresent()) {
        return image.get();
      }
    } catch (ImageException e) {
      throw new VivariumException(Kind.BAD_FILE, String.valueOf(e.getMessage()), e.cure(), e);
    }
    throw new VivariumException(
        Kind.NOT_FOUND,
        "the image '" + name + "' is not built",
        "Build it: viv image build " + name);
  }
}
