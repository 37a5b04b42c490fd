package io.vivarium.cli;

import io.vivarium.client.Disks;
import io.vivarium.client.JsonObject;
import io.vivarium.client.Sizes;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec;
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

  @Command(
      name = "take",
      sortOptions = false,
      description = "Take a snapshot: of a running VM with its memory, of a stopped one its disks.")
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
      session.json(Shapes.snapshot(counted(name, taken)));
    } else {
      session.out().println(taken.name());
    }
    return 0;
  }

  /** The same with its bytes. */
  private SnapshotInfo counted(String vm, SnapshotInfo taken) throws VivariumException {
    return vivarium().snapshots(vm).stream()
        .filter(one -> one.id().equals(taken.id()))
        .findFirst()
        .orElse(taken);
  }

  @Command(name = "ls", sortOptions = false, description = "List a VM's snapshots, oldest first.")
  Integer ls(
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = {"-q", "--quiet"},
              description = "Names only.")
          boolean quiet,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    List<SnapshotInfo> all = vivarium().snapshots(name);
    if (json) {
      session.json(all.stream().map(Shapes::snapshot).toList());
      return 0;
    }
    if (quiet) {
      all.forEach(one -> session.out().println(one.name()));
      return 0;
    }
    VmInfo vm = vivarium().inspect(name);
    Table table = new Table("", "NAME", "ID", "TAKEN", "KIND", "OWN", "SHARED", "AFTER", "NOTE");
    for (SnapshotInfo one : all) {
      table.row(
          one.id().equals(vm.snapshot()) ? "*" : "",
          one.name(),
          one.id(),
          one.damage() == null ? Ages.since(one.takenAt()) + " ago" : "?",
          kind(one),
          Sizes.human(one.ownBytes()),
          Sizes.human(one.sharedBytes()),
          parentName(all, one),
          one.note());
    }
    table.print(session.out());
    return 0;
  }

  /** As in "live, automatic, pinned". */
  static String kind(SnapshotInfo one) {
    if (one.damage() != null) {
      return "damaged";
    }
    return (one.live() ? "live" : "disks")
        + (one.automatic() ? ", automatic" : "")
        + (one.pinned() ? ", pinned" : "");
  }

  private static String parentName(List<SnapshotInfo> all, SnapshotInfo one) {
    return all.stream()
        .filter(other -> other.id().equals(one.parent()))
        .map(SnapshotInfo::name)
        .findFirst()
        .orElse("");
  }

  @Command(
      name = "tree",
      sortOptions = false,
      description = "Draw a VM's snapshots as a tree, with the place where it is.")
  Integer tree(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    List<SnapshotInfo> all = vivarium().snapshots(name);
    VmInfo vm = vivarium().inspect(name);
    SnapshotTreeView view = new SnapshotTreeView(all, vm.snapshot());
    if (json) {
      session.json(
          new JsonObject()
              .put("name", name)
              .put("state", vm.state())
              .put("here", vm.snapshot())
              .put("roots", view.shape()));
    } else {
      view.lines("you are here: " + vm.state().name().toLowerCase(java.util.Locale.ROOT))
          .forEach(session.out()::println);
    }
    return 0;
  }

  @Command(name = "show", sortOptions = false, description = "Tell all about one snapshot.")
  Integer show(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(paramLabel = "SNAPSHOT", index = "1") String snapshot,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    List<SnapshotInfo> all = vivarium().snapshots(name);
    SnapshotInfo one = find(all, name, snapshot);
    VmSpec spec = one.damage() == null ? vivarium().snapshotSpec(name, one.id()) : null;
    if (json) {
      session.json(spec == null ? Shapes.snapshot(one) : Shapes.snapshot(one, spec));
      return 0;
    }
    Table table = new Table("", "");
    table.row("name", one.name());
    table.row("id", one.id());
    table.row("taken", one.takenAt() + " (" + Ages.since(one.takenAt()) + " ago)");
    table.row("kind", kind(one));
    table.row("after", parentName(all, one));
    table.row("note", one.note());
    if (spec != null) {
      table.row("machine", Sizes.human(spec.memoryBytes()) + ", " + spec.cpus() + " CPUs");
      for (int i = 0; i < spec.disks().size(); i++) {
        table.row(Disks.guestName(i), Sizes.human(spec.disks().get(i).sizeBytes()));
      }
    }
    table.row("own", Sizes.human(one.ownBytes()) + ", which removing it for good frees");
    table.row("shared", Sizes.human(one.sharedBytes()) + " that others stand on too");
    if (one.damage() != null) {
      table.row("damage", one.damage());
    }
    table.printRows(session.out());
    one.lastConsoleLines().lines().forEach(line -> session.out().println("  | " + line));
    return 0;
  }

  private static SnapshotInfo find(List<SnapshotInfo> all, String name, String snapshot)
      throws VivariumException {
    return all.stream()
        .filter(one -> one.name().equals(snapshot) || one.id().equals(snapshot))
        .findFirst()
        .orElseThrow(
            () ->
                new VivariumException(
                    Kind.NOT_FOUND,
                    "VM '" + name + "' has no snapshot '" + snapshot + "'",
                    "'viv snapshot ls " + name + "' lists them."));
  }

  @Command(
      name = "restore",
      sortOptions = false,
      description = "Put a VM back to a snapshot; what it is now is kept, unless told otherwise.")
  Integer restore(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(paramLabel = "SNAPSHOT", index = "1") String snapshot,
      @Option(names = "--discard", description = "Do not keep what happened since.")
          boolean discard,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    VmInfo vm;
    try (ProgressView progress = new ProgressView(session.err())) {
      vm = vivarium().restoreSnapshot(name, snapshot, !discard, progress);
    }
    if (!discard) {
      sayKept(name);
    }
    return told(vm, json);
  }

  private void sayKept(String name) throws VivariumException {
    if (vivarium().undoable(name) != null) {
      session
          .err()
          .println("What it was is kept; 'viv snapshot undo " + name + "' goes back to it.");
    }
  }

  private int told(VmInfo vm, boolean json) {
    if (json) {
      session.json(Shapes.vm(vm));
    } else {
      session.out().println(vm.name());
    }
    return 0;
  }

  @Command(
      name = "switch",
      sortOptions = false,
      description = "Keep what a VM is now as a snapshot and go to another: both, or neither.")
  Integer switchTo(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(paramLabel = "SNAPSHOT", index = "1") String snapshot,
      @Option(
              names = "--as",
              paramLabel = "SNAPSHOT",
              description = "What the kept one is called (default: made of the time).")
          @Nullable String keepAs,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    VmInfo vm;
    try (ProgressView progress = new ProgressView(session.err())) {
      vm = vivarium().switchSnapshot(name, snapshot, keepAs, progress);
    }
    sayKept(name);
    return told(vm, json);
  }

  @Command(name = "rename", sortOptions = false, description = "Call a snapshot otherwise.")
  Integer rename(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(paramLabel = "SNAPSHOT", index = "1") String snapshot,
      @Parameters(paramLabel = "NEW-NAME", index = "2") String newName,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    return told(vivarium().editSnapshot(name, snapshot, newName, null), json);
  }

  @Command(name = "note", sortOptions = false, description = "Write another note to a snapshot.")
  Integer note(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(paramLabel = "SNAPSHOT", index = "1") String snapshot,
      @Parameters(paramLabel = "TEXT", index = "2") String text,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    return told(vivarium().editSnapshot(name, snapshot, null, text), json);
  }

  @Command(name = "pin", sortOptions = false, description = "Leave snapshots out of thinning out.")
  Integer pin(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(paramLabel = "SNAPSHOT", index = "1") String snapshot,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    return told(vivarium().pinSnapshot(name, snapshot, true), json);
  }

  @Command(name = "unpin", sortOptions = false, description = "Let thinning out take a snapshot.")
  Integer unpin(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(paramLabel = "SNAPSHOT", index = "1") String snapshot,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    return told(vivarium().pinSnapshot(name, snapshot, false), json);
  }

  private int told(SnapshotInfo one, boolean json) {
    if (json) {
      session.json(Shapes.snapshot(one));
    } else {
      session.out().println(one.name());
    }
    return 0;
  }

  @Command(
      name = "undo",
      sortOptions = false,
      description = "Take back the last removal, restore or switch of a VM's snapshots.")
  Integer undo(
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--json", description = "Answer in JSON.") boolean json)
      throws VivariumException {
    String done;
    try (ProgressView progress = new ProgressView(session.err())) {
      done = vivarium().undo(name, progress);
    }
    if (json) {
      session.json(new JsonObject().put("name", name).put("done", done));
    } else {
      session.out().println(done);
    }
    return 0;
  }

  @Command(
      name = "export",
      sortOptions = false,
      description = "Write a disk of a snapshot as one plain image, also while the VM runs.")
  Integer export(
      @Parameters(paramLabel = "NAME", index = "0") String name,
      @Parameters(
              paramLabel = "SNAPSHOT",
              index = "1",
              arity = "0..1",
              description = "Without one: the disk as it is, of a VM that does not run.")
          @Nullable String snapshot,
      @Option(
              names = "--disk",
              defaultValue = "vda",
              description = "As in vdb (default: ${DEFAULT-VALUE}).")
          String disk,
      @Option(
              names = "--format",
              defaultValue = "qcow2",
              description = "qcow2 or raw (default: ${DEFAULT-VALUE}).")
          String format,
      @Option(
              names = {"-o", "--output"},
              required = true,
              paramLabel = "FILE|-",
              description = "A file, or - for standard output.")
          String output)
      throws VivariumException {
    int place = DiskCommands.place(name, disk);
    try (ProgressView progress = new ProgressView(session.err())) {
      ExportTarget.Writing writing =
          target -> vivarium().exportDisk(name, snapshot, place, format, target, progress);
      if (output.equals("-")) {
        ExportTarget.standardOutput(writing);
      } else {
        ExportTarget.file(java.nio.file.Path.of(output), format.equals("raw"), writing);
      }
    }
    return 0;
  }

  @Command(
      name = "rm",
      description =
          "Move snapshots of a VM to the trash; others keep working, and undo brings it back.")
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
