package io.vivarium.library;

import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.SnapshotSchedule;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;

/** A VM's {@link SnapshotSchedule}, beside its spec: {@code schedule.json}; none is the default. */
public final class ScheduleFile {
  private static final int VERSION = 1;

  private ScheduleFile() {}

  /** A VM's schedule. */
  public static SnapshotSchedule read(MachineFolder folder) throws VivariumException {
    try {
      return parse(Files.readAllBytes(folder.schedule()));
    } catch (NoSuchFileException e) {
      return SnapshotSchedule.DEFAULT;
    } catch (JsonException e) {
      throw new VivariumException(
          Kind.BAD_FILE,
          "the snapshot schedule of VM '" + folder.name() + "' is damaged: " + e.getMessage(),
          "Set it again: viv timeline " + folder.name() + " --every 10m",
          e);
    } catch (IOException e) {
      throw Failures.explain("cannot read the snapshot schedule of '" + folder.name() + "'", e);
    }
  }

  /**
   * Reads the file's text.
   *
   * @throws JsonException in one phrase, when it is damaged
   */
  static SnapshotSchedule parse(byte[] text) throws JsonException {
    JsonObject json = CheckedJson.read(text, VERSION, VERSION);
    SnapshotSchedule schedule =
        new SnapshotSchedule(
            number(json, "everyMinutes", SnapshotSchedule.MAX_EVERY_MINUTES),
            number(json, "allForMinutes", SnapshotSchedule.MAX_ALL_MINUTES),
            number(json, "hourlyForHours", SnapshotSchedule.MAX_HOURS),
            number(json, "dailyForDays", SnapshotSchedule.MAX_DAYS),
            json.number("quotaBytes", 0, Long.MAX_VALUE));
    return schedule;
  }

  private static int number(JsonObject json, String field, int most) throws JsonException {
    return (int) json.number(field, 0, most);
  }

  /** Replaces a VM's schedule, durably. */
  public static void write(MachineFolder folder, SnapshotSchedule schedule)
      throws VivariumException {
    String wrong = schedule.wrong();
    if (wrong != null) {
      throw new VivariumException(Kind.USAGE, wrong, "");
    }
    JsonObject json =
        new JsonObject()
            .put("version", VERSION)
            .put("everyMinutes", schedule.everyMinutes())
            .put("allForMinutes", schedule.allForMinutes())
            .put("hourlyForHours", schedule.hourlyForHours())
            .put("dailyForDays", schedule.dailyForDays())
            .put("quotaBytes", schedule.quotaBytes());
    try {
      DurableFiles.write(folder.schedule(), CheckedJson.write(json));
    } catch (IOException e) {
      throw Failures.explain(
          "the snapshot schedule of VM '" + folder.name() + "' cannot be kept", e);
    }
  }
}
