package io.vivarium.desktop.jobs;

import io.vivarium.client.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Brings the reports of a job to the interface thread, many in one call and a few calls a second:
 * each has the activity laid out anew, and twenty busy jobs kept the window for a second.
 */
final class JobProgress implements Progress {
  private static final long PACE_MILLIS = 150;

  private final Job job;
  private final Executor later;
  private final Executor interfaceThread;
  private final List<String> waitingLines = new ArrayList<>();
  private @Nullable String step;
  private double fraction;
  private boolean scheduled;
  private boolean paced;

  JobProgress(Job job, Executor interfaceThread) {
    this.job = job;
    this.interfaceThread = interfaceThread;
    later = CompletableFuture.delayedExecutor(PACE_MILLIS, TimeUnit.MILLISECONDS, interfaceThread);
  }

  @Override
  public synchronized void update(String newStep, double newFraction) {
    step = newStep;
    fraction = newFraction;
    schedule();
  }

  @Override
  public synchronized void line(String text) {
    if (waitingLines.size() >= Job.MAX_LINES) {
      waitingLines.removeFirst();
    }
    waitingLines.add(text);
    schedule();
  }

  @Override
  public boolean cancelled() {
    return job.cancelRequested();
  }

  private void schedule() {
    if (!scheduled) {
      scheduled = true;
      // What comes first is shown at once.
      (paced ? later : interfaceThread).execute(this::deliver);
      paced = true;
    }
  }

  /** Brings what is left, before the job is told to have ended. */
  void flush() {
    interfaceThread.execute(this::deliver);
  }

  private void deliver() {
    String newStep;
    double newFraction;
    List<String> lines;
    synchronized (this) {
      scheduled = false;
      newStep = step;
      newFraction = fraction;
      step = null;
      lines = List.copyOf(waitingLines);
      waitingLines.clear();
    }
    job.show(newStep, newFraction, lines);
  }
}
