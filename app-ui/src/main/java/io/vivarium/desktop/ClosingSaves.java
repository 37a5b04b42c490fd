package io.vivarium.desktop;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VmState;
import io.vivarium.desktop.jobs.Job;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.vm.VmVerbs;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

/**
 * Saves the VMs that run, one after another, before the window closes. A VM that cannot be saved
 * runs on, and the window stays, until the user has read why; so does the one whose saving was
 * called off.
 */
final class ClosingSaves {
  private final Desk desk;
  private final Texts texts;
  private final VmVerbs verbs;
  private final Runnable close;
  private final Deque<VmItem> waiting = new ArrayDeque<>();
  private final VBox rows = Nodes.column("fields");
  private final ProgressBar bar = new ProgressBar();
  private final Label step = Nodes.label("", "muted", "small-text");
  private final Button anyway;
  private final Button cancel;
  private @Nullable Job job;
  private boolean failed;
  private boolean cancelled;
  private boolean ended;

  /**
   * @param close ends the window
   */
  ClosingSaves(Desk desk, Runnable close) {
    this.desk = desk;
    this.texts = desk.texts();
    this.verbs = new VmVerbs(desk);
    this.close = close;
    anyway = Nodes.id(Nodes.button(texts.get("close.anyway"), this::closeAnyway), "closing-anyway");
    cancel = Nodes.id(Nodes.button(texts.get("verb.cancel"), this::cancel), "closing-cancel");
  }

  /** Whether nothing is saved any more. */
  boolean ended() {
    return ended;
  }

  /** Begins; the window's dialogs show how far it is. */
  void start(List<VmItem> running) {
    waiting.addAll(running);
    bar.setMaxWidth(Double.MAX_VALUE);
    Nodes.visible(anyway, false);
    VBox card =
        Nodes.column(
            "dialog",
            Nodes.paragraph(texts.get("close.saving", running.size()), "dialog-title"),
            rows,
            bar,
            step,
            Nodes.row("dialog-buttons", Nodes.spacer(), cancel, anyway));
    card.setId("closing-saves");
    card.setMaxSize(Region.USE_PREF_SIZE, Region.USE_PREF_SIZE);
    desk.dialogs().show(card, cancel);
    next();
  }

  private void next() {
    // Whoever sends the question away has changed their mind.
    cancelled |= !desk.dialogs().showing();
    VmItem item = cancelled ? null : waiting.poll();
    if (item == null) {
      end();
      return;
    }
    if (item.state() != VmState.RUNNING && item.state() != VmState.PAUSED) {
      if (item.state() == VmState.STARTING || item.state() == VmState.STOPPING) {
        failed = true;
        say(item.name(), texts.get("close.notNow"));
      }
      next();
      return;
    }
    step.setText(texts.get("job.save", item.name()));
    Job saving = verbs.save(item);
    job = saving;
    bar.progressProperty().bind(saving.fractionProperty());
    saving.stateProperty().subscribe((before, now) -> saved(item, saving));
  }

  private void saved(VmItem item, Job saving) {
    VivariumException why = saving.failure();
    switch (saving.state()) {
      case RUNNING -> {
        return;
      }
      case DONE -> say(item.name(), texts.get("close.saved"));
      case CANCELLED -> say(item.name(), texts.get("close.goesOn"));
      case FAILED -> {
        failed = true;
        say(item.name(), why == null ? "" : why.getMessage() + " " + texts.get("close.goesOn"));
      }
    }
    next();
  }

  private void say(String name, String what) {
    Label words = Nodes.paragraph(what, "muted");
    HBox.setHgrow(words, Priority.ALWAYS);
    rows.getChildren().add(Nodes.row("", Nodes.whole(Nodes.label(name)), words));
  }

  private void end() {
    job = null;
    ended = true;
    Nodes.visible(bar, false);
    Nodes.visible(step, false);
    if (cancelled) {
      desk.dialogs().hide();
    } else if (failed) {
      Nodes.visible(anyway, true);
      cancel.setText(texts.get("close.stay"));
      cancel.requestFocus();
    } else {
      close.run();
    }
  }

  /** Stays: what is saved stays saved, the one at work goes on running, the others were left. */
  private void cancel() {
    cancelled = true;
    Job running = job;
    if (running == null) {
      desk.dialogs().hide();
    } else {
      cancel.setDisable(true);
      running.cancel();
    }
  }

  private void closeAnyway() {
    close.run();
  }
}
