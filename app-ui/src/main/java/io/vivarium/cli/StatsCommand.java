package io.vivarium.cli;

import io.vivarium.client.JsonObject;
import io.vivarium.client.Sizes;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "stats",
    sortOptions = false,
    description = "Show what running VMs use of the host; rates are of half a second.")
final class StatsCommand extends JsonVerb {
  /** Rates are of so long a look. */
  private static final long BETWEEN_MILLIS = 500;

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
    Map<String, VmStats> before = new HashMap<>();
    for (String name : shown) {
      before.put(name, vivarium().stats(name));
    }
    if (!shown.isEmpty()) {
      pause();
    }
    List<JsonObject> shapes = new ArrayList<>();
    Table table =
        new Table(
            "NAME", "UP", "CPU TIME", "CPU %", "MEMORY", "USED", "HOST MEMORY", "DISK", "NETWORK");
    for (String name : shown) {
      VmStats stats = vivarium().stats(name);
      Rates rates = new Rates(before.getOrDefault(name, stats), stats);
      shapes.add(rates.into(Shapes.stats(name, stats)));
      table.row(
          name,
          Ages.of(Duration.ofNanos(stats.uptimeNanos())),
          String.format(Locale.ROOT, "%.1f s", stats.cpuNanos() / 1e9),
          String.format(Locale.ROOT, "%.0f", rates.cpuPercent()),
          Sizes.human(stats.memoryBytes()),
          stats.guestUsedBytes() < 0 ? "-" : Sizes.human(stats.guestUsedBytes()),
          Sizes.human(stats.residentBytes()),
          pair(
              "read",
              rates.of(VmStats::diskReadBytes),
              "written",
              rates.of(VmStats::diskWriteBytes)),
          pair(
              "received",
              rates.of(VmStats::netReceiveBytes),
              "sent",
              rates.of(VmStats::netSendBytes)));
    }
    if (json) {
      session.json(shapes);
    } else {
      table.print(session.out());
    }
    return 0;
  }

  private static String pair(String one, long first, String two, long second) {
    return Sizes.human(first) + "/s " + one + ", " + Sizes.human(second) + "/s " + two;
  }

  private static void pause() {
    try {
      Thread.sleep(BETWEEN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What happened between two looks, a second. */
  private record Rates(VmStats before, VmStats after) {
    private double seconds() {
      return Math.max(1, after.uptimeNanos() - before.uptimeNanos()) / 1e9;
    }

    long of(ToLongFunction<VmStats> counter) {
      long change = counter.applyAsLong(after) - counter.applyAsLong(before);
      return Math.max(0, Math.round(change / seconds()));
    }

    double cpuPercent() {
      return Math.max(0, 100 * (after.cpuNanos() - before.cpuNanos()) / 1e9 / seconds());
    }

    JsonObject into(JsonObject shape) {
      return shape
          .put("cpuPercent", cpuPercent())
          .put("diskReadBytesPerSecond", of(VmStats::diskReadBytes))
          .put("diskWriteBytesPerSecond", of(VmStats::diskWriteBytes))
          .put("netReceiveBytesPerSecond", of(VmStats::netReceiveBytes))
          .put("netSendBytesPerSecond", of(VmStats::netSendBytes));
    }
  }
}
