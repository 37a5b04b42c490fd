package io.vivarium.cli;

import io.vivarium.client.Ports;
import io.vivarium.client.Sizes;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "ps", sortOptions = false, description = "List running VMs.")
final class PsCommand extends JsonVerb {
  @Option(
      names = {"-a", "--all"},
      description = "All, with those that do not run.")
  boolean all;

  @Option(
      names = {"-q", "--quiet"},
      description = "Names only.")
  boolean quiet;

  PsCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    session.host().sweep();
    List<VmInfo> shown =
        vivarium().list().stream().filter(vm -> all || vm.enginePid() != 0).toList();
    if (json) {
      session.json(shown.stream().map(Shapes::vm).toList());
    } else if (quiet) {
      shown.forEach(vm -> session.out().println(vm.name()));
    } else {
      Table table = new Table("NAME", "STATE", "MADE OF", "MEMORY", "CPUS", "UP", "PORTS", "");
      for (VmInfo vm : shown) {
        table.row(
            vm.name(),
            vm.state().name().toLowerCase(Locale.ROOT),
            madeOf(vm),
            Sizes.human(vm.spec().memoryBytes()),
            String.valueOf(vm.spec().cpus()),
            vm.startedAt() == null ? "" : Ages.since(vm.startedAt()),
            vm.spec().ports().stream().map(Ports::text).collect(Collectors.joining(" ")),
            vm.reason() == null ? "" : vm.reason());
      }
      table.print(session.out());
    }
    return 0;
  }

  private static String madeOf(VmInfo vm) {
    if (vm.spec().image() != null) {
      return vm.spec().image();
    }
    return vm.spec().kernel() == null
        ? ""
        : String.valueOf(Path.of(vm.spec().kernel()).getFileName());
  }
}
