package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.glass.ui.Timer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testfx.api.FxToolkit;

/** The timer of frames stops while JavaFX asks it to pause. */
@Tag("desktop")
@Timeout(60)
class RestingTimerTest {
  /** As GTK's: it does not know how to pause. */
  private static final class Inner extends Timer {
    private final List<String> calls = new ArrayList<>();

    Inner() {
      super(() -> {});
    }

    @Override
    protected long _start(Runnable runnable) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected long _start(Runnable runnable, int period) {
      calls.add("start " + period);
      return 1;
    }

    @Override
    protected void _stop(long timer) {
      calls.add("stop");
    }

    @Override
    protected void _pause(long timer) {}

    @Override
    protected void _resume(long timer) {}
  }

  @Test
  void restsWhileItIsPaused() throws Exception {
    FxToolkit.registerPrimaryStage();
    Inner inner = new Inner();
    RestingTimer timer = new RestingTimer(() -> {}, inner);
    timer.start(16);
    timer.pause();
    timer.pause();
    assertThat(inner.calls).containsExactly("start 16", "stop");
    timer.resume();
    timer.resume();
    timer.stop();
    assertThat(inner.calls).containsExactly("start 16", "stop", "start 16", "stop");
  }
}
