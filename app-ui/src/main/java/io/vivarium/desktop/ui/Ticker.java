package io.vivarium.desktop.ui;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javafx.application.Platform;
import org.jspecify.annotations.Nullable;

/**
 * One beat a second for everything that shows a time, while the window is seen. Not an animation:
 * while one plays, JavaFX makes sixty frames a second, of which fifty-nine would be the same.
 */
public final class Ticker {
  private final List<Runnable> listeners = new ArrayList<>();
  private final AtomicBoolean due = new AtomicBoolean();
  private @Nullable ScheduledExecutorService clock;

  public Ticker() {}

  /** Calls the listener at each beat until it is removed. */
  public void add(Runnable listener) {
    listeners.add(listener);
  }

  public void remove(Runnable listener) {
    listeners.remove(listener);
  }

  /** Runs or rests. */
  public void run(boolean on) {
    ScheduledExecutorService running = clock;
    if (on && running == null) {
      clock =
          Executors.newSingleThreadScheduledExecutor(
              Thread.ofPlatform().daemon().name("ticker").factory());
      var _ = clock.scheduleAtFixedRate(this::beat, 1, 1, TimeUnit.SECONDS);
    } else if (!on && running != null) {
      running.shutdown();
      clock = null;
    }
  }

  /** Beats that the interface thread is late for become one. */
  private void beat() {
    if (due.compareAndSet(false, true)) {
      Platform.runLater(this::tick);
    }
  }

  private void tick() {
    due.set(false);
    if (clock != null) {
      List.copyOf(listeners).forEach(Runnable::run);
    }
  }
}
