package io.vivarium.desktop.jobs;

import io.vivarium.client.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Brings the reports of a job to the interface thread, many in one call: a boot log of thousands of
 * lines costs a few turns of that thread, not thousands.
 */
final class JobProgress implements Progress {
  private final Job job;
  private final Executor interfaceThread;
  private final List<String> waitingLines = new ArrayList<>();
  private @Nullable String step;
  private double fraction;
  private boolean scheduled;

  JobProgress(Job job, Executor interfaceThread) {
    this.job = job;
    this.interfaceThread = interfaceThread;
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
      interfaceThread.execute(this::deliver);
    }
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
