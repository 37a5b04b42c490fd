package io.vivarium.cli;

import io.vivarium.client.Disks;
import io.vivarium.client.JsonObject;
import io.vivarium.client.Sizes;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec.DiskSpec;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "disk", description = "A VM's disks: list, attach, detach, grow.")
final class DiskCommands extends VerbGroup {
  DiskCommands(Session session) {
    super(session);
  }

  @Command(name = "ls", sortOptions = false, description = "List a VM's disks.")
  Integer ls(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    show(vivarium().inspect(name), json);
    return 0;
  }

  @Command(
      name = "attach",
      sortOptions = false,
      description = "Give a stopped VM one more disk: a new one of a size, or a file in place.")
  Integer attach(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(paramLabel = "SIZE|FILE[,OPTION]", index = "1") String disk,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    show(vivarium().attachDisk(name, Disks.parse(disk)), json);
    return 0;
  }

  @Command(
      name = "detach",
      sortOptions = false,
      description = "Take a disk from a stopped VM: the user's file stays, its own goes to trash.")
  Integer detach(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(paramLabel = "DISK", index = "1", description = "As in vdb.") String disk,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    show(vivarium().detachDisk(name, place(name, disk)), json);
    return 0;
  }

  @Command(
      name = "grow",
      sortOptions = false,
      description = "Make a disk larger, also while the VM runs.")
  Integer grow(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(paramLabel = "DISK", index = "1", description = "As in vda.") String disk,
      @Parameters(paramLabel = "SIZE", index = "2") String size,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    show(vivarium().growDisk(name, place(name, disk), Sizes.parse(size)), json);
    return 0;
  }

  static int place(String name, String disk) throws VivariumException {
    if (!disk.matches("vd[a-p]")) {
      throw new VivariumException(
          Kind.USAGE,
          "'" + disk + "' is not the name of a disk",
          "As in vdb; 'viv disk ls " + name + "' lists them.");
    }
    return disk.charAt(2) - 'a';
  }

  private void show(VmInfo vm, boolean json) {
    List<DiskSpec> disks = vm.spec().disks();
    if (json) {
      List<JsonObject> shapes = new ArrayList<>();
      for (DiskSpec disk : disks) {
        shapes.add(shape(disk).put("name", Disks.guestName(shapes.size())));
      }
      session.json(shapes);
      return;
    }
    Table table = new Table("DISK", "SIZE", "FORMAT", "FILE", "");
    for (int i = 0; i < disks.size(); i++) {
      DiskSpec disk = disks.get(i);
      table.row(
          Disks.guestName(i),
          Sizes.human(disk.sizeBytes()),
          disk.format(),
          disk.file(),
          disk.readOnly() ? "read-only" : "");
    }
    table.print(session.out());
  }

  static JsonObject shape(DiskSpec disk) {
    return new JsonObject()
        .put("file", disk.file())
        .put("format", disk.format())
        .put("sizeBytes", disk.sizeBytes())
        .put("readOnly", disk.readOnly());
  }
}
