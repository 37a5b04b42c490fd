package io.vivarium.desktop.ui;

import java.util.ArrayList;
import java.util.List;
import javafx.animation.Animation;
import javafx.animation.KeyFrame;
import javafx.animation.Timeline;
import javafx.util.Duration;

/** One beat a second for everything that shows a time, while the window is seen. */
public final class Ticker {
  private final List<Runnable> listeners = new ArrayList<>();
  private final Timeline timeline;

  public Ticker() {
    timeline = new Timeline(new KeyFrame(Duration.seconds(1), e -> tick()));
    timeline.setCycleCount(Animation.INDEFINITE);
  }

  /** Calls the listener at each beat until it is removed. */
  public void add(Runnable listener) {
    listeners.add(listener);
  }

  public void remove(Runnable listener) {
    listeners.remove(listener);
  }

  /** Runs or rests. */
  public void run(boolean on) {
    if (on) {
      timeline.play();
    } else {
      timeline.stop();
    }
  }

  private void tick() {
    for (Runnable listener : List.copyOf(listeners)) {
      listener.run();
    }
  }
}
