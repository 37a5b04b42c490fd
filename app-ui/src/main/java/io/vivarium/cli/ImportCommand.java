package io.vivarium.cli;

import io.vivarium.client.Disks;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec.DiskSpec;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "import",
    sortOptions = false,
    description = {
      "Create a VM with a copy of a disk file, without starting it; the file stays as it is.",
      "There is no firmware yet: the VM boots an image's kernel, or your own, and has the disk.",
      "  viv import backup.qcow2                          mount /dev/vda in it",
      "  viv import --kernel vmlinuz --initrd initrd.img --cmdline root=/dev/vda1 server.raw"
    })
final class ImportCommand extends JsonVerb {
  private static final String IMAGE = "debian-tiny";

  @Mixin NewVm vm = new NewVm();

  @Option(
      names = "--image",
      paramLabel = "IMAGE",
      description = "The image whose kernel it boots (default: " + IMAGE + ").")
  @Nullable String image;

  @Parameters(
      paramLabel = "FILE[,format=FORMAT]",
      description = "A raw or qcow2 image; its format is needed where its name does not tell it.")
  String file = "";

  ImportCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    DiskSpec source = Disks.parse(file);
    if (vm.kernel != null && image != null) {
      throw new VivariumException(
          Kind.USAGE, "a VM boots an image's kernel or your own, not both", "");
    }
    String booted = vm.kernel != null ? null : image == null ? IMAGE : image;
    VmInfo made;
    try (ProgressView progress = new ProgressView(session.err())) {
      made = vivarium().importDisk(vm.spec(session.host(), booted, false), source, progress);
    }
    if (json) {
      session.json(Shapes.vm(made));
    } else {
      session.out().println(made.name());
    }
    return 0;
  }
}
