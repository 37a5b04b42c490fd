package io.vivarium.cli;

import io.vivarium.client.JsonObject;
import io.vivarium.client.Sizes;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.SnapshotSchedule;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "timeline",
    sortOptions = false,
    description = {
      "Show a VM's snapshots by age with what they cost, or say when they are taken by themselves.",
      "  viv timeline web",
      "  viv timeline web --every 10m --quota 5G",
      "  viv timeline web --every off",
      "Pinned snapshots, your own and the one that the VM stands on are never thinned out."
    })
final class TimelineCommand extends JsonVerb {
  @Parameters(paramLabel = "NAME")
  String name = "";

  @Option(
      names = "--every",
      paramLabel = "10m|off",
      description = "Take one so often while the VM runs and does something.")
  @Nullable String every;

  @Option(
      names = "--keep-all",
      paramLabel = "1h",
      description = "Keep all automatic ones for so long...")
  @Nullable String keepAll;

  @Option(
      names = "--hourly",
      paramLabel = "HOURS",
      description = "...then one an hour for so many hours...")
  @Nullable Integer hourly;

  @Option(
      names = "--daily",
      paramLabel = "DAYS",
      description = "...then one a day for so many days.")
  @Nullable Integer daily;

  @Option(
      names = "--quota",
      paramLabel = "5G|off",
      description = "Let the oldest automatic ones go when all hold more than this.")
  @Nullable String quota;

  TimelineCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    boolean set =
        every != null || keepAll != null || hourly != null || daily != null || quota != null;
    SnapshotSchedule wanted = wanted(before(set));
    if (set) {
      vivarium().setSchedule(name, wanted);
    }
    VmInfo vm = vivarium().inspect(name);
    List<SnapshotInfo> all = vivarium().snapshots(name);
    if (json) {
      session.json(
          new JsonObject()
              .put("name", name)
              .put("schedule", Shapes.schedule(wanted))
              .put("here", vm.snapshot())
              .put("snapshots", all.stream().map(Shapes::snapshot).toList())
              .put("days", days(all).entrySet().stream().map(TimelineCommand::shape).toList()));
      return 0;
    }
    session.out().println(sentence(wanted));
    if (!all.isEmpty()) {
      session.out().println();
      print(all, vm.snapshot());
    }
    return 0;
  }

  /** A damaged one does not stand in the way of setting it again. */
  private SnapshotSchedule before(boolean set) throws VivariumException {
    try {
      return vivarium().schedule(name);
    } catch (VivariumException e) {
      if (set && e.kind() == VivariumException.Kind.BAD_FILE) {
        return SnapshotSchedule.DEFAULT;
      }
      throw e;
    }
  }

  private SnapshotSchedule wanted(SnapshotSchedule before) throws VivariumException {
    return new SnapshotSchedule(
        every == null ? before.everyMinutes() : Spans.minutes(every),
        keepAll == null ? before.allForMinutes() : Spans.minutes(keepAll),
        hourly == null ? before.hourlyForHours() : hourly,
        daily == null ? before.dailyForDays() : daily,
        quota == null ? before.quotaBytes() : quota.equals("off") ? 0 : Sizes.parse(quota));
  }

  static String sentence(SnapshotSchedule schedule) {
    String taken =
        schedule.everyMinutes() == 0
            ? "No snapshots are taken by themselves, but before risky acts"
            : "A snapshot every " + Spans.human(schedule.everyMinutes()) + " while it runs";
    return taken
        + ". Kept: all for "
        + Spans.human(schedule.allForMinutes())
        + ", hourly for "
        + schedule.hourlyForHours()
        + " h, daily for "
        + schedule.dailyForDays()
        + " days"
        + (schedule.quotaBytes() == 0
            ? "."
            : ", at most " + Sizes.human(schedule.quotaBytes()) + ".");
  }

  private void print(List<SnapshotInfo> all, @Nullable String here) {
    Table table = new Table("", "AGE", "NAME", "KIND", "OWN", "NOTE");
    for (SnapshotInfo one : all) {
      table.row(
          one.id().equals(here) ? "*" : "",
          one.damage() == null ? Ages.since(one.takenAt()) : "?",
          one.name(),
          SnapshotCommands.kind(one),
          Sizes.human(one.ownBytes()),
          one.note());
    }
    table.print(session.out());
    session.out().println();
    Table days = new Table("DAY", "SNAPSHOTS", "OWN");
    days(all)
        .forEach(
            (day, its) ->
                days.row(day.toString(), Integer.toString(its.size()), Sizes.human(ownBytes(its))));
    days.print(session.out());
  }

  private static Map<LocalDate, List<SnapshotInfo>> days(List<SnapshotInfo> all) {
    return all.stream()
        .filter(one -> one.damage() == null)
        .collect(
            Collectors.groupingBy(
                one -> LocalDate.ofInstant(one.takenAt(), ZoneId.systemDefault()),
                TreeMap::new,
                Collectors.toList()));
  }

  private static long ownBytes(List<SnapshotInfo> all) {
    return all.stream().mapToLong(SnapshotInfo::ownBytes).sum();
  }

  private static JsonObject shape(Map.Entry<LocalDate, List<SnapshotInfo>> day) {
    return new JsonObject()
        .put("day", day.getKey().toString())
        .put("snapshots", day.getValue().size())
        .put("ownBytes", ownBytes(day.getValue()));
  }
}
