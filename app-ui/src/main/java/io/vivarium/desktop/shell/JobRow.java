package io.vivarium.desktop.shell;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.desktop.jobs.Cure;
import io.vivarium.desktop.jobs.Job;
import io.vivarium.desktop.jobs.JobReport;
import io.vivarium.desktop.jobs.TimeLeft;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Sentences;
import io.vivarium.desktop.ui.Texts;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import javafx.beans.InvalidationListener;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;

/**
 * One job in the activity drawer: how far it is, how long it still takes, what it was as a command,
 * and the ways on: cancel, undo, and after a failure its cure, another try, a report.
 */
final class JobRow extends HBox {
  private final Job job;
  private final Texts texts;
  private final InstantSource clock;
  private final Runnable openHostCheck;
  private final StackPane icon = new StackPane();
  private final Label step = Nodes.paragraph("", "job-step");
  private final Label why = Nodes.paragraph("", "job-why");
  private final Label time = Nodes.whole(Nodes.label("", "job-time"));
  private final ProgressBar bar = new ProgressBar();
  private final HBox ways = Nodes.row("job-ways");
  private final Button cancel;
  private final Button undo;

  JobRow(Job job, Texts texts, InstantSource clock, Runnable openHostCheck) {
    this.job = job;
    this.texts = texts;
    this.clock = clock;
    this.openHostCheck = openHostCheck;
    getStyleClass().addAll("row", "job-row");
    icon.getStyleClass().add("job-icon");
    bar.getStyleClass().add("small");
    bar.setMaxWidth(Double.MAX_VALUE);
    cancel = Nodes.button(texts.get("verb.cancel"), this::cancel, "small");
    undo = Nodes.button(texts.get("verb.undo"), Icons.UNDO, this::undo, "small");
    undo.getStyleClass().add("job-undo");
    Label title = Nodes.label(job.title(), "job-title");
    Label command = Nodes.label(job.command(), "job-command");
    command.setMinWidth(0);
    Nodes.visible(command, !job.command().isEmpty());
    HBox head = Nodes.row("job-head", title, command, Nodes.spacer(), time);
    VBox words = Nodes.column("job-words", head, bar, step, why, ways);
    HBox.setHgrow(words, Priority.ALWAYS);
    getChildren().addAll(icon, words, undo, cancel);
    if (!job.command().isEmpty()) {
      getChildren()
          .add(
              Nodes.iconButton(
                  texts.get("job.copy", job.command()),
                  Icons.COPY,
                  () -> Desk.copy(job.command())));
    }
    InvalidationListener follow = observable -> refresh();
    job.stateProperty().addListener(follow);
    job.undoProperty().addListener(follow);
    // These come many times a second, three at once.
    InvalidationListener progress = observable -> showProgress();
    job.stepProperty().addListener(progress);
    job.fractionProperty().addListener(progress);
    job.lines().addListener(progress);
    refresh();
  }

  private void cancel() {
    job.cancel();
    cancel.setDisable(true);
    cancel.setText(texts.get("job.cancelling"));
  }

  private void undo() {
    Runnable action = job.undoProperty().get();
    if (action != null) {
      action.run();
    }
  }

  private void refresh() {
    boolean running = job.state() == Job.State.RUNNING;
    Nodes.visible(bar, running);
    Nodes.visible(cancel, running);
    Nodes.visible(undo, job.undoProperty().get() != null);
    icon.getChildren()
        .setAll(
            Icons.of(
                switch (job.state()) {
                  case RUNNING -> Icons.WAITING;
                  case DONE -> Icons.OK;
                  case FAILED -> Icons.ERROR;
                  case CANCELLED -> Icons.CLOSE;
                },
                "job-" + job.state().name().toLowerCase(Locale.ROOT)));
    showFailure();
    showProgress();
  }

  private void showProgress() {
    bar.setProgress(
        job.fractionProperty().get() < 0
            ? ProgressBar.INDETERMINATE_PROGRESS
            : job.fractionProperty().get());
    step.setText(words());
    Nodes.visible(step, !step.getText().isEmpty());
    tick();
  }

  private void showFailure() {
    VivariumException failure = job.failure();
    Nodes.visible(why, failure != null && !failure.cure().isEmpty());
    Nodes.visible(ways, failure != null);
    if (failure == null || !ways.getChildren().isEmpty()) {
      return;
    }
    why.setText(failure.cure());
    Cure.command(failure.cure())
        .ifPresent(
            command ->
                ways.getChildren()
                    .add(
                        Nodes.button(
                            texts.get("job.cure.copy", command),
                            Icons.COPY,
                            () -> Desk.copy(command),
                            "small")));
    if (failure.kind() == Kind.HOST) {
      ways.getChildren()
          .add(Nodes.button(texts.get("check.title"), Icons.HOST, openHostCheck, "small"));
    }
    ways.getChildren()
        .addAll(
            Nodes.id(
                Nodes.button(texts.get("job.again"), Icons.REFRESH, job::again, "small"),
                "job-again"),
            Nodes.button(
                texts.get("job.report"), Icons.COPY, () -> Desk.copy(JobReport.of(job)), "small"));
  }

  private String words() {
    return switch (job.state()) {
      case RUNNING ->
          job.lines().isEmpty()
              ? job.stepProperty().get()
              : job.stepProperty().get() + "  ·  " + job.lines().getLast().strip();
      case DONE -> "";
      case CANCELLED -> texts.get("job.cancelled");
      case FAILED -> {
        VivariumException failure = job.failure();
        yield failure == null ? "" : Sentences.of(String.valueOf(failure.getMessage()));
      }
    };
  }

  /** Writes how long it runs and will, or how long ago it ended. */
  void tick() {
    Instant end = job.endedAt();
    if (end != null) {
      time.setText(Format.age(Duration.between(end, clock.instant()), texts));
      return;
    }
    Duration elapsed = Duration.between(job.startedAt(), clock.instant());
    time.setText(
        TimeLeft.of(elapsed, job.fractionProperty().get())
            .map(left -> texts.get("job.left", Format.span(elapsed), Format.span(left)))
            .orElse(Format.span(elapsed)));
  }
}
