package io.vivarium.cli;

import io.vivarium.client.ForkRequest;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "fork",
    sortOptions = false,
    description = "Make live copies of a VM as it is now, or of one of its snapshots.",
    footer = {
      "",
      "Copies share memory and disks with the VM, until one of them writes. Each is a VM of its",
      "own, with its own host name, random numbers and network, and no published ports."
    })
final class ForkCommand extends JsonVerb {
  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      description = "How many, 1 to " + ForkRequest.MOST + ".")
  int count = 1;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What they are called; several get -1, -2... behind it.")
  @Nullable String name;

  @Option(names = "--rm", description = "They leave nothing behind when they end.")
  boolean disposable;

  @Parameters(paramLabel = "VM[@SNAPSHOT]")
  String what = "";

  ForkCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    int at = what.indexOf('@');
    String vm = at < 0 ? what : what.substring(0, at);
    String snapshot = at < 0 ? null : what.substring(at + 1);
    List<VmInfo> made;
    try (ProgressView progress = new ProgressView(session.err())) {
      made = vivarium().fork(vm, new ForkRequest(snapshot, count, name, disposable), progress);
    }
    if (json) {
      session.json(made.stream().map(Shapes::vm).toList());
    } else {
      made.forEach(one -> session.out().println(one.name()));
    }
    return 0;
  }
}
