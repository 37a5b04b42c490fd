package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.images.agent.AgentCall;
import io.vivarium.images.agent.AgentProtocol;
import io.vivarium.images.agent.ReadyScanner;
import io.vivarium.machine.SerialPort;
import io.vivarium.machine.VirtualMachine;
import java.security.SecureRandom;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Runs commands in the guest, one at a time, over its serial ports 1 and 2. */
final class GuestAgent {
  private static final long LOOK_MILLIS = 100;

  private final SecureRandom random = new SecureRandom();

  /** Commands take turns in the order in which they came. */
  private final ReentrantLock turn = new ReentrantLock(true);

  private @Nullable SerialPort port;
  private ReadyScanner scanner = new ReadyScanner();
  private @Nullable AgentCall call;
  private boolean ready;
  private int generation;

  /** Takes over a machine; {@code ready} when it was saved after its agent had said so. */
  void connect(VirtualMachine machine, boolean isReady) {
    SerialPort out = machine.serial(AgentProtocol.STDOUT_PORT);
    SerialPort err = machine.serial(AgentProtocol.STDERR_PORT);
    synchronized (this) {
      port = out;
      ready = isReady;
      scanner = new ReadyScanner();
      call = null;
      generation++;
      notifyAll();
    }
    out.listen(this::heardOut);
    err.listen(this::heardErr);
  }

  /** The machine is gone: whoever waits for an answer is told. */
  synchronized void disconnect() {
    port = null;
    ready = false;
    call = null;
    generation++;
    notifyAll();
  }

  synchronized boolean ready() {
    return ready;
  }

  private void heardOut(byte[] data, int offset, int length) {
    AgentCall current;
    synchronized (this) {
      if (!ready && scanner.feed(data, offset, length)) {
        ready = true;
        notifyAll();
        return;
      }
      current = call;
    }
    if (current != null) {
      current.feedStdout(data, offset, length);
      wakeWhenDone(current);
    }
  }

  private void heardErr(byte[] data, int offset, int length) {
    AgentCall current;
    synchronized (this) {
      current = call;
    }
    if (current != null) {
      current.feedStderr(data, offset, length);
      wakeWhenDone(current);
    }
  }

  private synchronized void wakeWhenDone(AgentCall current) {
    if (current.exitStatus().isPresent()) {
      notifyAll();
    }
  }

  /** Returns when the agent is ready; throws when the machine goes away first. */
  synchronized void awaitReady(BooleanSupplier cancelled) throws VivariumException {
    while (!ready) {
      if (port == null) {
        throw ended();
      }
      if (cancelled.getAsBoolean()) {
        throw new VivariumException(Kind.CANCELLED, "the wait for the guest was called off", "");
      }
      pauseForNews();
    }
  }

  /**
   * Runs a command and returns its exit status. While {@code cancelled}, the guest's processes are
   * interrupted; the call returns when they have ended.
   */
  int exec(
      List<String> argv,
      AgentCall.Output stdout,
      AgentCall.Output stderr,
      BooleanSupplier cancelled)
      throws VivariumException {
    AgentCall mine;
    try {
      mine = new AgentCall(AgentProtocol.newNonce(random), argv, stdout, stderr);
    } catch (IllegalArgumentException e) {
      throw new VivariumException(Kind.USAGE, String.valueOf(e.getMessage()), "", e);
    }
    turn.lock();
    try {
      SerialPort to;
      int began;
      synchronized (this) {
        to = port;
        if (to == null) {
          throw ended();
        }
        call = mine;
        began = generation;
      }
      byte[] request = mine.request();
      to.send(request, 0, request.length);
      return awaitStatus(mine, to, began, cancelled);
    } catch (InterruptedException e) {
      throw ended();
    } finally {
      synchronized (this) {
        if (call == mine) {
          call = null;
        }
      }
      turn.unlock();
    }
  }

  private int awaitStatus(AgentCall mine, SerialPort to, int began, BooleanSupplier cancelled)
      throws VivariumException, InterruptedException {
    int interrupts = 0;
    while (true) {
      synchronized (this) {
        OptionalInt status = mine.exitStatus();
        if (status.isPresent()) {
          return status.getAsInt();
        }
        if (generation != began) {
          throw ended();
        }
        pauseForNews();
      }
      if (cancelled.getAsBoolean() && interrupts % 10 == 0 && mine.exitStatus().isEmpty()) {
        byte signal = interrupts < 30 ? AgentProtocol.INTERRUPT : AgentProtocol.QUIT;
        to.send(new byte[] {signal}, 0, 1);
      }
      interrupts += cancelled.getAsBoolean() ? 1 : 0;
    }
  }

  /** Waits for news, a little at a time; the callers look at what they wait for in a loop. */
  @SuppressWarnings("WaitNotInLoop")
  private void pauseForNews() throws VivariumException {
    try {
      wait(LOOK_MILLIS);
    } catch (InterruptedException e) {
      throw ended();
    }
  }

  private static VivariumException ended() {
    return new VivariumException(
        Kind.GUEST, "the guest went away before it answered", "See what it said: viv logs");
  }
}
