package io.vivarium.desktop.jobs;

import io.vivarium.client.VivariumException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;

/** All that is known of a job that failed, as text for somebody who helps. */
public final class JobReport {
  private static final int LINES = 60;

  private JobReport() {}

  public static String of(Job job) {
    StringBuilder text = new StringBuilder();
    text.append(job.title()).append('\n');
    line(text, "Command", job.command());
    line(text, "Started", job.startedAt().toString());
    Instant ended = job.endedAt();
    line(text, "Ended", ended == null ? "" : ended.toString());
    line(text, "Last step", job.stepProperty().get());
    VivariumException why = job.failure();
    if (why != null) {
      line(text, "Failed", why.kind() + ": " + why.getMessage());
      line(text, "Cure", why.cure());
    }
    line(
        text,
        "Host",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + ", Java "
            + System.getProperty("java.version"));
    int from = Math.max(0, job.lines().size() - LINES);
    if (!job.lines().isEmpty()) {
      text.append('\n');
      job.lines().subList(from, job.lines().size()).forEach(row -> text.append(row).append('\n'));
    }
    if (why != null) {
      StringWriter trace = new StringWriter();
      why.printStackTrace(new PrintWriter(trace, true));
      text.append('\n').append(trace);
    }
    return text.toString();
  }

  private static void line(StringBuilder text, String name, String value) {
    if (!value.isEmpty()) {
      text.append(name).append(": ").append(value).append('\n');
    }
  }
}
