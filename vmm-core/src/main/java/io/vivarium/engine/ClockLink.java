package io.vivarium.engine;

import io.vivarium.images.agent.GuestClock;
import io.vivarium.images.agent.ReadyScanner;
import io.vivarium.machine.SerialPort;
import io.vivarium.machine.VirtualMachine;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Tells a restored guest the time, where that is quicker than letting it catch up by itself. */
final class ClockLink {
  /** A guest answers in milliseconds; one that doesn't is left with the clock that it has. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private @Nullable SerialPort port;
  private ReadyScanner scanner = GuestClock.scanner();
  private boolean ready;

  /** Takes over a machine; {@code isReady} when it was saved after its program had said so. */
  void connect(VirtualMachine machine, boolean isReady) {
    SerialPort to = machine.serial(GuestClock.PORT);
    synchronized (this) {
      port = to;
      ready = isReady;
      scanner = GuestClock.scanner();
    }
    to.listen(this::heard);
  }

  /** Whether the guest has a program that sets its clock. */
  synchronized boolean ready() {
    return ready;
  }

  private synchronized void heard(byte[] data, int offset, int length) {
    if (scanner.feed(data, offset, length)) {
      ready = true;
      notifyAll();
    }
  }

  /** Sets the guest's clock to the host's; returns when it is set. The machine must run. */
  void set() {
    SerialPort to;
    synchronized (this) {
      to = port;
      ready = false;
      scanner = GuestClock.scanner();
    }
    if (to == null) {
      return;
    }
    byte[] line = GuestClock.line(Instant.now());
    try {
      to.send(line, 0, line.length);
      if (!awaitReady()) {
        EngineLog.say("the guest's clock was not set: no answer from its program");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean awaitReady() throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    for (long left = PATIENCE.toNanos(); !ready && left > 0; left = end - System.nanoTime()) {
      wait(Math.max(1, left / 1_000_000));
    }
    return ready;
  }
}
