package io.vivarium.desktop;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javafx.animation.AnimationTimer;
import javafx.application.Platform;

/**
 * Watches how long the interface thread was away: the longest times between two frames, and between
 * a task that it was given and its turn. Beside the clock it says the thread's own processor time
 * between two frames, which others on the machine do not lengthen. For measuring; asserts nothing.
 */
public final class PulseWatch {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Between two asked tasks. */
  private static final long ASK_MILLIS = 2;

  private final AnimationTimer timer =
      new AnimationTimer() {
        @Override
        public void handle(long now) {
          long at = System.nanoTime();
          long busy = THREADS.getCurrentThreadCpuTime();
          if (last != 0) {
            longestFrame = Math.max(longestFrame, at - last);
            longestWork = Math.max(longestWork, busy - lastBusy);
            overWork += busy - lastBusy > 100_000_000L ? 1 : 0;
            frames++;
            over += at - last > 100_000_000L ? 1 : 0;
          }
          last = at;
          lastBusy = busy;
        }
      };
  private final Thread asker =
      Thread.ofPlatform().daemon().name("pulse-watch").unstarted(this::ask);
  private long last;
  private long lastBusy;
  private long longestWork;
  private long overWork;
  private long longestFrame;
  private long frames;
  private long over;
  private volatile long longestAnswer;
  private final AtomicLong answers = new AtomicLong();
  private volatile boolean stopped;

  private PulseWatch() {}

  /** Begins. */
  public static PulseWatch start() {
    PulseWatch watch = new PulseWatch();
    Platform.runLater(watch.timer::start);
    watch.asker.start();
    return watch;
  }

  private void ask() {
    try {
      while (!stopped) {
        CompletableFuture<Long> turn = new CompletableFuture<>();
        long asked = System.nanoTime();
        Platform.runLater(() -> turn.complete(System.nanoTime()));
        longestAnswer = Math.max(longestAnswer, turn.get(60, TimeUnit.SECONDS) - asked);
        answers.incrementAndGet();
        TimeUnit.MILLISECONDS.sleep(ASK_MILLIS);
      }
    } catch (Exception e) {
      Thread.currentThread().interrupt();
    }
  }

  /** How often the interface thread has answered. */
  public long answers() {
    return answers.get();
  }

  /** Ends, and says what was seen. */
  public String end() throws Exception {
    stopped = true;
    asker.join();
    CompletableFuture<String> said = new CompletableFuture<>();
    Platform.runLater(
        () -> {
          timer.stop();
          said.complete(
              String.format(
                  "longest time between two of %d frames %.0f ms, %d over 100 ms; of processor"
                      + " time of the interface thread %.0f ms, %d over 100 ms; longest wait of %d"
                      + " tasks for it %.0f ms",
                  frames,
                  longestFrame / 1e6,
                  over,
                  longestWork / 1e6,
                  overWork,
                  answers.get(),
                  longestAnswer / 1e6));
        });
    return said.get(60, TimeUnit.SECONDS);
  }
}
