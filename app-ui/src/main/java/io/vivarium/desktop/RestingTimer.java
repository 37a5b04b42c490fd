package io.vivarium.desktop;

import com.sun.glass.ui.Application;
import com.sun.glass.ui.Timer;
import com.sun.javafx.tk.Toolkit;
import java.lang.System.Logger.Level;
import java.lang.reflect.Field;

/**
 * A timer of JavaFX's frames that rests while there is nothing to draw. JavaFX asks its timer to
 * pause then, but the one for GTK does not know how and goes on sixty times a second, which on an
 * idle desktop costs more than all else. Reaches into JavaFX (26): where that is not open, or not
 * as expected, all stays as it was.
 */
final class RestingTimer extends Timer {
  private final Timer inner;
  private int period;

  RestingTimer(Runnable runnable, Timer inner) {
    super(runnable);
    this.inner = inner;
  }

  /** Puts one in the place of GTK's. Called on the interface thread. */
  static void install() {
    Toolkit toolkit = Toolkit.getToolkit();
    try {
      Field timer = open(toolkit, "pulseTimer");
      Runnable frame = (Runnable) open(toolkit, "timerRunnable").get(toolkit);
      int interval = open(toolkit, "PULSE_INTERVAL").getInt(toolkit);
      // The lock under which the toolkit pauses and resumes.
      synchronized (toolkit) {
        Timer old = (Timer) timer.get(toolkit);
        if (!old.getClass().getName().equals("com.sun.glass.ui.gtk.GtkTimer")) {
          return;
        }
        RestingTimer resting =
            new RestingTimer(frame, Application.GetApplication().createTimer(frame));
        resting.start(interval);
        timer.set(toolkit, resting);
        old.stop();
      }
    } catch (ReflectiveOperationException | RuntimeException | IllegalAccessError e) {
      System.getLogger(RestingTimer.class.getName())
          .log(Level.DEBUG, "JavaFX's frames go on while nothing is drawn", e);
    }
  }

  private static Field open(Toolkit toolkit, String name) throws NoSuchFieldException {
    Field field = toolkit.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  @Override
  protected long _start(Runnable runnable) {
    throw new UnsupportedOperationException("frames have a period");
  }

  @Override
  protected long _start(Runnable runnable, int newPeriod) {
    period = newPeriod;
    inner.start(newPeriod);
    return 1; // of no meaning but that it is not 0, which is none
  }

  @Override
  protected void _stop(long timer) {
    inner.stop();
  }

  @Override
  protected void _pause(long timer) {
    inner.stop();
  }

  @Override
  protected void _resume(long timer) {
    if (!inner.isRunning()) {
      inner.start(period);
    }
  }
}
