package io.vivarium.cli;

import io.vivarium.client.Sizes;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "snapshot", description = "Keep VMs as they are, and go back to it.")
final class SnapshotCommands extends VerbGroup {
  SnapshotCommands(Session session) {
    super(session);
  }

  @Command(name = "take", sortOptions = false, description = "Take a snapshot of a running VM.")
  Integer take(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(paramLabel = "SNAPSHOT", index = "1", arity = "0..1") @Nullable String snapshot,
      @Option(
              names = {"-n", "--note"},
              defaultValue = "",
              paramLabel = "TEXT",
              description = "What to remember about it.")
          String note,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    SnapshotInfo taken;
    try (ProgressView progress = new ProgressView(session.err())) {
      taken = vivarium().takeSnapshot(name, snapshot, note, progress);
    }
    if (json) {
      session.json(Shapes.snapshot(taken));
    } else {
      session.out().println(taken.name());
    }
    return 0;
  }

  @Command(name = "ls", sortOptions = false, description = "List a VM's snapshots, oldest first.")
  Integer ls(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    List<SnapshotInfo> all = vivarium().snapshots(name);
    if (json) {
      session.json(all.stream().map(Shapes::snapshot).toList());
      return 0;
    }
    VmInfo vm = vivarium().inspect(name);
    Table table = new Table("", "NAME", "ID", "TAKEN", "SIZE", "AFTER", "NOTE");
    for (SnapshotInfo one : all) {
      table.row(
          one.id().equals(vm.snapshot()) ? "*" : "",
          one.name(),
          one.id(),
          Ages.since(one.takenAt()) + " ago",
          Sizes.human(one.ownBytes()),
          parentName(all, one),
          one.note());
    }
    table.print(session.out());
    return 0;
  }

  private static String parentName(List<SnapshotInfo> all, SnapshotInfo one) {
    return all.stream()
        .filter(other -> other.id().equals(one.parent()))
        .map(SnapshotInfo::name)
        .findFirst()
        .orElse("");
  }

  @Command(
      name = "restore",
      sortOptions = false,
      description = "Put a VM back to a snapshot; what happened after it is gone.")
  Integer restore(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(paramLabel = "SNAPSHOT", index = "1") String snapshot,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    VmInfo vm;
    try (ProgressView progress = new ProgressView(session.err())) {
      vm = vivarium().restoreSnapshot(name, snapshot, false, progress);
    }
    if (json) {
      session.json(Shapes.vm(vm));
    } else {
      session.out().println(name);
    }
    return 0;
  }

  @Command(name = "rm", description = "Move snapshots of a VM to the trash; others keep working.")
  Integer rm(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(paramLabel = "SNAPSHOT", index = "1..*", arity = "1..*") List<String> snapshots)
      throws VivariumException {
    for (String snapshot : snapshots) {
      vivarium().removeSnapshot(name, snapshot);
      session.out().println(snapshot);
    }
    return 0;
  }
}
