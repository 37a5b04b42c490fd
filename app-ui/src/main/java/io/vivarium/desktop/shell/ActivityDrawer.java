package io.vivarium.desktop.shell;

import io.vivarium.desktop.jobs.Job;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.ui.Ticker;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import javafx.application.Platform;
import javafx.collections.ListChangeListener;
import javafx.collections.ObservableList;
import javafx.scene.Node;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.VBox;

/** All jobs, newest first, in a drawer at the window's foot. */
final class ActivityDrawer extends VBox {
  private static final int MAX_ROWS = 50;

  private final ObservableList<Job> jobs;
  private final Texts texts;
  private final InstantSource clock;
  private final Runnable openHostCheck;
  private final Map<Job, JobRow> known = new HashMap<>();
  private final VBox rows = Nodes.column("job-rows");
  private boolean due;

  ActivityDrawer(
      ObservableList<Job> jobs,
      Texts texts,
      InstantSource clock,
      Ticker ticker,
      Runnable close,
      Runnable openHostCheck) {
    this.openHostCheck = openHostCheck;
    this.jobs = jobs;
    this.texts = texts;
    this.clock = clock;
    getStyleClass().add("drawer");
    setId("activity");
    ScrollPane scroll = new ScrollPane(rows);
    scroll.setFitToWidth(true);
    Nodes.drawnLive(scroll);
    scroll.getStyleClass().add("edge-to-edge");
    getChildren()
        .addAll(
            Nodes.row(
                "drawer-head",
                Nodes.label(texts.get("activity.title"), "section-title"),
                Nodes.spacer(),
                Nodes.iconButton(texts.get("banner.close"), Icons.CLOSE, close)),
            scroll);
    jobs.addListener((ListChangeListener<Job>) change -> rebuildLater());
    ticker.add(this::tick);
    Nodes.visible(this, false);
    rebuild();
  }

  /** Many jobs that begin at once make one new list. */
  private void rebuildLater() {
    if (!due) {
      due = true;
      Platform.runLater(this::rebuild);
    }
  }

  /** Whole, as far as it may: the page gives way, not the activity. */
  @Override
  protected double computeMinHeight(double width) {
    return Math.min(prefHeight(width), getMaxHeight());
  }

  private void rebuild() {
    due = false;
    if (!isVisible()) {
      return;
    }
    if (jobs.isEmpty()) {
      rows.getChildren().setAll(Nodes.label(texts.get("activity.empty"), "muted"));
      return;
    }
    rows.getChildren()
        .setAll(
            jobs.stream()
                .limit(MAX_ROWS)
                .<Node>map(
                    job ->
                        known.computeIfAbsent(
                            job, one -> new JobRow(one, texts, clock, openHostCheck)))
                .toList());
    known.keySet().retainAll(jobs);
  }

  private void tick() {
    if (isVisible()) {
      for (Node row : rows.getChildren()) {
        if (row instanceof JobRow jobRow) {
          jobRow.tick();
        }
      }
    }
  }

  void toggle() {
    Nodes.visible(this, !isVisible());
    rebuild();
  }
}
