package io.vivarium.images.store;

import io.vivarium.images.BuildProgress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A build that is called off when the process is asked to end (Ctrl+C, SIGTERM, the desktop's
 * close), and then gets the time to undo what it began: nothing half made stays, and no program of
 * the host works on for nobody.
 */
final class EndableBuild implements BuildProgress, AutoCloseable {
  private static final long PATIENCE_SECONDS = 10;

  private final BuildProgress progress;
  private final CountDownLatch undone = new CountDownLatch(1);
  private final Thread hook = new Thread(this::end, "end-of-build");
  private volatile boolean ending;

  EndableBuild(BuildProgress progress) {
    this.progress = progress;
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      ending = true; // The process is ending already.
    }
  }

  private void end() {
    ending = true;
    try {
      if (undone.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        progress.line("Called off. " + ImageStore.KEPT);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void update(String step, double fraction) {
    progress.update(step, fraction);
  }

  @Override
  public void line(String text) {
    progress.line(text);
  }

  @Override
  public boolean cancelled() {
    return ending || progress.cancelled();
  }

  /** All is done, or undone. */
  @Override
  public void close() {
    undone.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // It runs, and has waited for this.
    }
  }
}
