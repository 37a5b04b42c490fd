package io.vivarium.desktop.shell;

import io.vivarium.desktop.jobs.Job;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.util.Optional;
import javafx.beans.InvalidationListener;
import javafx.collections.ListChangeListener;
import javafx.collections.ObservableList;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.layout.HBox;

/** The window's foot: what is being done just now, and the ways to the activity and the palette. */
final class StatusBar extends HBox {
  private final ObservableList<Job> jobs;
  private final Texts texts;
  private final Label title = Nodes.label("", "status-text");
  private final ProgressBar bar = new ProgressBar();
  private final Button activity;
  private final InvalidationListener follow = observable -> refresh();

  StatusBar(ObservableList<Job> jobs, Texts texts, Runnable toggleActivity, Runnable openPalette) {
    this.jobs = jobs;
    this.texts = texts;
    getStyleClass().addAll("row", "status-bar");
    bar.getStyleClass().add("small");
    activity =
        Nodes.id(
            Nodes.button(texts.get("activity.title"), Icons.ACTIVITY, toggleActivity, "flat"),
            "status-activity");
    Button palette =
        Nodes.id(
            Nodes.button(texts.get("status.palette"), Icons.COMMAND, openPalette, "flat"),
            "status-palette");
    getChildren().addAll(activity, bar, title, Nodes.spacer(), palette);
    jobs.addListener(
        (ListChangeListener<Job>)
            change -> {
              while (change.next()) {
                for (Job job : change.getAddedSubList()) {
                  job.stateProperty().addListener(follow);
                  job.stepProperty().addListener(follow);
                  job.fractionProperty().addListener(follow);
                }
              }
              refresh();
            });
    refresh();
  }

  private void refresh() {
    Optional<Job> running =
        jobs.stream().filter(job -> job.state() == Job.State.RUNNING).findFirst();
    long count = jobs.stream().filter(job -> job.state() == Job.State.RUNNING).count();
    Nodes.visible(bar, running.isPresent());
    Nodes.visible(title, running.isPresent());
    activity.setText(count > 1 ? texts.get("activity.count", count) : texts.get("activity.title"));
    running.ifPresent(
        job -> {
          String step = job.stepProperty().get();
          title.setText(step.isEmpty() ? job.title() : job.title() + ": " + step);
          double fraction = job.fractionProperty().get();
          bar.setProgress(fraction < 0 ? ProgressBar.INDETERMINATE_PROGRESS : fraction);
        });
  }
}
