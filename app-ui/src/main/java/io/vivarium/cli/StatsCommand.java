package io.vivarium.cli;

import io.vivarium.client.JsonObject;
import io.vivarium.client.Sizes;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "stats",
    sortOptions = false,
    description = "Show what running VMs use of the host.")
final class StatsCommand extends JsonVerb {
  @Parameters(arity = "0..*", paramLabel = "NAME", description = "All running ones without it.")
  List<String> names = new ArrayList<>();

  StatsCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    List<String> shown = names;
    if (shown.isEmpty()) {
      shown =
          vivarium().list().stream().filter(vm -> vm.enginePid() != 0).map(VmInfo::name).toList();
    }
    List<JsonObject> shapes = new ArrayList<>();
    Table table = new Table("NAME", "UP", "CPU TIME", "CPU %", "MEMORY", "HOST MEMORY");
    for (String name : shown) {
      VmStats stats = vivarium().stats(name);
      shapes.add(Shapes.stats(name, stats));
      table.row(
          name,
          Ages.of(Duration.ofNanos(stats.uptimeNanos())),
          String.format(Locale.ROOT, "%.1f s", stats.cpuNanos() / 1e9),
          String.format(
              Locale.ROOT, "%.0f", 100.0 * stats.cpuNanos() / Math.max(1, stats.uptimeNanos())),
          Sizes.human(stats.memoryBytes()),
          Sizes.human(stats.residentBytes()));
    }
    if (json) {
      session.json(shapes);
    } else {
      table.print(session.out());
    }
    return 0;
  }
}
