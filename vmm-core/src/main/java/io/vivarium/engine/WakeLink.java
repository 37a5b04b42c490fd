package io.vivarium.engine;

import io.vivarium.images.agent.ReadyScanner;
import io.vivarium.images.agent.WakeProgram;
import io.vivarium.machine.SerialPort;
import io.vivarium.machine.VirtualMachine;
import java.io.ByteArrayOutputStream;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Tells a restored guest the time, which is quicker than letting it catch up by itself, and gives
 * it random numbers, and if it is a fork a name, of its own.
 */
final class WakeLink {
  /** A guest answers in milliseconds; one that doesn't is left with the clock that it has. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final int RANDOM_BYTES = 32;

  private @Nullable SerialPort port;
  private ReadyScanner scanner = WakeProgram.scanner();
  private int version;
  private boolean ready;

  /**
   * Takes over a machine.
   *
   * @param savedVersion of its program, when it was saved after that had said so; else 0
   */
  void connect(VirtualMachine machine, int savedVersion) {
    SerialPort to = machine.serial(WakeProgram.PORT);
    synchronized (this) {
      port = to;
      version = savedVersion;
      ready = savedVersion > 0;
      scanner = WakeProgram.scanner();
    }
    to.listen(this::heard);
  }

  /** The version of the guest's program, 0 when it has none. */
  synchronized int version() {
    return version;
  }

  private synchronized void heard(byte[] data, int offset, int length) {
    if (scanner.feed(data, offset, length)) {
      ready = true;
      version = scanner.version();
      notifyAll();
    }
  }

  /**
   * Tells the guest all that; returns when it knows. The machine must run.
   *
   * @param name of a fork, else null
   */
  void tell(@Nullable String name) {
    SerialPort to;
    boolean knowsMore;
    synchronized (this) {
      to = port;
      ready = false;
      scanner = WakeProgram.scanner();
      knowsMore = version > 1;
    }
    if (to == null) {
      return;
    }
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    if (knowsMore) {
      byte[] random = new byte[RANDOM_BYTES];
      new SecureRandom().nextBytes(random);
      lines.writeBytes(WakeProgram.randomLine(random));
    }
    if (knowsMore && name != null) {
      lines.writeBytes(WakeProgram.nameLine(name));
    }
    // Last, because it is what the program answers.
    lines.writeBytes(WakeProgram.line(Instant.now()));
    try {
      to.send(lines.toByteArray(), 0, lines.size());
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
