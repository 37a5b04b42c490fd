package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.images.agent.AgentProtocol;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells the guest how large the user's terminal is, once its agent is free. While a window is
 * dragged only the newest size counts.
 */
final class WindowSize {
  private record Size(int rows, int columns) {}

  private final GuestAgent agent;
  private final BooleanSupplier over;
  private @Nullable Size wanted;
  private @Nullable Size told;
  private boolean telling;

  /** {@code over} says that the VM has ended. */
  WindowSize(GuestAgent agent, BooleanSupplier over) {
    this.agent = agent;
    this.over = over;
  }

  synchronized void tell(int columns, int rows) {
    wanted = new Size(rows, columns);
    start();
  }

  /** The guest is another one than was told: a restored one knows the size of its past. */
  synchronized void tellAgain() {
    told = null;
    start();
  }

  private void start() {
    if (!telling && wanted != null && !wanted.equals(told)) {
      telling = true;
      Thread.ofPlatform().daemon().name("window-size").start(this::work);
    }
  }

  private void work() {
    try {
      Size next = next();
      while (next != null) {
        agent.awaitReady(over);
        agent.exec(
            AgentProtocol.setWindowSize(next.rows(), next.columns()),
            (data, offset, length) -> {},
            (data, offset, length) -> {},
            over);
        next = next();
      }
    } catch (VivariumException e) {
      EngineLog.say("the window's size was not taken: " + e.getMessage());
      synchronized (this) {
        told = null;
        telling = false;
      }
    }
  }

  private synchronized @Nullable Size next() {
    Size size = wanted;
    if (size == null || size.equals(told)) {
      telling = false;
      return null;
    }
    told = size;
    return size;
  }
}
