package io.vivarium.cli;

import io.vivarium.client.JsonObject;
import io.vivarium.client.Sizes;
import io.vivarium.client.TrashInfo;
import io.vivarium.client.VivariumException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "trash", description = "What was removed and waits seven days to be gone.")
final class TrashCommands extends VerbGroup {
  TrashCommands(Session session) {
    super(session);
  }

  @Command(name = "ls", sortOptions = false, description = "List what waits in the trash.")
  Integer ls(@Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    List<TrashInfo> all = vivarium().trash();
    if (json) {
      session.json(all.stream().map(TrashCommands::shape).toList());
      return 0;
    }
    Table table = new Table("VM", "NAME", "WHAT", "REMOVED", "OWN");
    for (TrashInfo one : all) {
      table.row(
          one.vm() == null ? "" : one.vm(),
          one.name(),
          one.vm() == null ? "VM or disks" : "snapshot",
          Ages.since(one.removedAt()) + " ago",
          Sizes.human(one.ownBytes()));
    }
    table.print(session.out());
    return 0;
  }

  @Command(
      name = "restore",
      sortOptions = false,
      description = "Bring VMs and snapshots back, each as it was removed last under its name.")
  Integer restore(@Parameters(arity = "1..*", paramLabel = "NAME[@SNAPSHOT]") List<String> names)
      throws VivariumException {
    for (String name : names) {
      int at = name.indexOf('@');
      session
          .out()
          .println(
              at < 0
                  ? vivarium().untrash(name).name()
                  : vivarium()
                      .untrashSnapshot(name.substring(0, at), name.substring(at + 1))
                      .name());
    }
    return 0;
  }

  private static JsonObject shape(TrashInfo one) {
    return new JsonObject()
        .put("vm", one.vm())
        .put("name", one.name())
        .put("removedAt", one.removedAt())
        .put("ownBytes", one.ownBytes());
  }

  @Command(name = "empty", sortOptions = false, description = "Delete it for good, now.")
  Integer empty(@Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    long freed = vivarium().emptyTrash();
    if (json) {
      session.json(new JsonObject().put("freedBytes", freed));
    } else {
      session.out().println(Sizes.human(freed) + " freed");
    }
    return 0;
  }
}
