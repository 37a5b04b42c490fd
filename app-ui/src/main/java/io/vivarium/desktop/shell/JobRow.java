package io.vivarium.desktop.shell;

import io.vivarium.client.VivariumException;
import io.vivarium.desktop.jobs.Job;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
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

/** One job in the activity drawer. */
final class JobRow extends HBox {
  private final Job job;
  private final Texts texts;
  private final InstantSource clock;
  private final StackPane icon = new StackPane();
  private final Label step = Nodes.label("", "job-step");
  private final Label time = Nodes.label("", "job-time");
  private final ProgressBar bar = new ProgressBar();
  private final Button cancel;

  JobRow(Job job, Texts texts, InstantSource clock) {
    this.job = job;
    this.texts = texts;
    this.clock = clock;
    getStyleClass().addAll("row", "job-row");
    icon.getStyleClass().add("job-icon");
    bar.getStyleClass().add("small");
    bar.setMaxWidth(Double.MAX_VALUE);
    cancel = Nodes.button(texts.get("verb.cancel"), this::cancel, "small");
    Label title = Nodes.label(job.title(), "job-title");
    HBox head = Nodes.row("job-head", title, Nodes.spacer(), time);
    VBox words = Nodes.column("job-words", head, bar, step);
    HBox.setHgrow(words, Priority.ALWAYS);
    getChildren().addAll(icon, words, cancel);
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
    job.stepProperty().addListener(follow);
    job.fractionProperty().addListener(follow);
    job.lines().addListener(follow);
    refresh();
  }

  private void cancel() {
    job.cancel();
    cancel.setDisable(true);
    cancel.setText(texts.get("job.cancelling"));
  }

  private void refresh() {
    boolean running = job.state() == Job.State.RUNNING;
    Nodes.visible(bar, running);
    Nodes.visible(cancel, running);
    bar.setProgress(
        job.fractionProperty().get() < 0
            ? ProgressBar.INDETERMINATE_PROGRESS
            : job.fractionProperty().get());
    step.setText(words());
    Nodes.visible(step, !step.getText().isEmpty());
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
    tick();
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
        VivariumException why = job.failure();
        yield why == null ? "" : (why.getMessage() + " " + why.cure()).strip();
      }
    };
  }

  /** Writes how long it runs, or how long ago it ended. */
  void tick() {
    Instant end = job.endedAt();
    time.setText(
        end == null
            ? Format.span(Duration.between(job.startedAt(), clock.instant()))
            : Format.age(Duration.between(end, clock.instant()), texts));
  }
}
