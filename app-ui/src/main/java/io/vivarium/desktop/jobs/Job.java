package io.vivarium.desktop.jobs;

import io.vivarium.client.VivariumException;
import java.time.Instant;
import java.util.List;
import javafx.beans.property.ReadOnlyDoubleProperty;
import javafx.beans.property.ReadOnlyDoubleWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import org.jspecify.annotations.Nullable;

/**
 * One piece of work in the background as the user sees it. Its properties change on the interface
 * thread only; {@link #cancel} may be called there.
 */
public final class Job {
  /** Newest lines that are kept of a job's log. */
  static final int MAX_LINES = 2_000;

  /** How far it is. */
  public enum State {
    RUNNING,
    DONE,
    FAILED,
    CANCELLED
  }

  private final String title;
  private final String command;
  private final Instant startedAt;
  private final ReadOnlyObjectWrapper<State> state = new ReadOnlyObjectWrapper<>(State.RUNNING);
  private final ReadOnlyStringWrapper step = new ReadOnlyStringWrapper("");
  private final ReadOnlyDoubleWrapper fraction = new ReadOnlyDoubleWrapper(-1);
  private final ObservableList<String> lines = FXCollections.observableArrayList();
  private final ReadOnlyObjectWrapper<@Nullable Runnable> undo = new ReadOnlyObjectWrapper<>();
  private @Nullable VivariumException failure;
  private @Nullable Instant endedAt;
  private volatile boolean cancelRequested;
  private Runnable again = () -> {};

  Job(String title, String command, Instant startedAt) {
    this.title = title;
    this.command = command;
    this.startedAt = startedAt;
  }

  /** A phrase for the user: "Starting build". */
  public String title() {
    return title;
  }

  /** The {@code viv} line that does the same, or empty. */
  public String command() {
    return command;
  }

  public Instant startedAt() {
    return startedAt;
  }

  /** Null while it runs. */
  public @Nullable Instant endedAt() {
    return endedAt;
  }

  public ReadOnlyObjectProperty<State> stateProperty() {
    return state.getReadOnlyProperty();
  }

  public State state() {
    return state.get();
  }

  /** What is being done at the moment. */
  public ReadOnlyStringProperty stepProperty() {
    return step.getReadOnlyProperty();
  }

  /** 0.0 to 1.0, or negative while unknown. */
  public ReadOnlyDoubleProperty fractionProperty() {
    return fraction.getReadOnlyProperty();
  }

  /** The newest lines of its log. */
  public ObservableList<String> lines() {
    return lines;
  }

  /** Why it failed; null unless it did. */
  public @Nullable VivariumException failure() {
    return failure;
  }

  /** What takes it back, or null while nothing can. */
  public ReadOnlyObjectProperty<@Nullable Runnable> undoProperty() {
    return undo.getReadOnlyProperty();
  }

  void setUndo(@Nullable Runnable action) {
    undo.set(action);
  }

  /** Does the same work once more, as a new job. */
  public void again() {
    again.run();
  }

  void setAgain(Runnable action) {
    again = action;
  }

  /** Asks the work to stop at its next step; it then undoes what it began. */
  public void cancel() {
    cancelRequested = true;
  }

  boolean cancelRequested() {
    return cancelRequested;
  }

  void show(@Nullable String newStep, double newFraction, List<String> newLines) {
    if (newStep != null) {
      step.set(newStep);
      fraction.set(newFraction);
    }
    // Not even an empty change: each is one for those who watch.
    if (!newLines.isEmpty()) {
      lines.addAll(newLines);
    }
    if (lines.size() > MAX_LINES) {
      lines.remove(0, lines.size() - MAX_LINES);
    }
  }

  void end(State end, @Nullable VivariumException why, Instant when) {
    failure = why;
    endedAt = when;
    if (end == State.DONE) {
      fraction.set(1);
    }
    state.set(end);
  }
}
