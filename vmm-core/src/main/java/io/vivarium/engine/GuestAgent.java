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

  private final String name;
  private final SecureRandom random = new SecureRandom();

  /** Commands take turns in the order in which they came. */
  private final ReentrantLock turn = new ReentrantLock(true);

  private @Nullable SerialPort port;
  private @Nullable SerialPort errPort;
  private ReadyScanner scanner = new ReadyScanner();
  private @Nullable AgentCall call;
  private boolean ready;
  private int generation;

  /** The name is the VM's, for messages. */
  GuestAgent(String name) {
    this.name = name;
  }

  /** Takes over a machine; {@code ready} when it was saved after its agent had said so. */
  void connect(VirtualMachine machine, boolean isReady) {
    SerialPort out = machine.serial(AgentProtocol.STDOUT_PORT);
    SerialPort err = machine.serial(AgentProtocol.STDERR_PORT);
    synchronized (this) {
      port = out;
      errPort = err;
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
    errPort = null;
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
      boolean took = current.takesInput();
      current.feedStdout(data, offset, length);
      wakeWhenDone(current, took);
    }
  }

  private void heardErr(byte[] data, int offset, int length) {
    AgentCall current;
    synchronized (this) {
      current = call;
    }
    if (current != null) {
      current.feedStderr(data, offset, length);
      wakeWhenDone(current, true);
    }
  }

  private synchronized void wakeWhenDone(AgentCall current, boolean took) {
    if (current.exitStatus().isPresent()
        || current.inputIsOver()
        || (!took && current.takesInput())) {
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

  /** As {@link #exec(List, ExecInput, AgentCall.Output, AgentCall.Output, BooleanSupplier)}. */
  int exec(
      List<String> argv,
      AgentCall.Output stdout,
      AgentCall.Output stderr,
      BooleanSupplier cancelled)
      throws VivariumException {
    return exec(argv, null, stdout, stderr, cancelled);
  }

  /**
   * Runs a command and returns its exit status. While {@code cancelled}, the guest's processes are
   * interrupted; the call returns when they have ended. Without an input the command reads nothing.
   */
  int exec(
      List<String> argv,
      @Nullable ExecInput input,
      AgentCall.Output stdout,
      AgentCall.Output stderr,
      BooleanSupplier cancelled)
      throws VivariumException {
    AgentCall mine;
    try {
      String nonce = AgentProtocol.newNonce(random);
      mine =
          input == null
              ? new AgentCall(nonce, argv, stdout, stderr)
              : AgentCall.withInput(nonce, argv, stdout, stderr);
    } catch (IllegalArgumentException e) {
      throw new VivariumException(Kind.USAGE, String.valueOf(e.getMessage()), "", e);
    }
    turn.lock();
    try {
      Running running;
      synchronized (this) {
        SerialPort out = port;
        SerialPort err = errPort;
        if (out == null || err == null) {
          throw ended();
        }
        call = mine;
        running = new Running(mine, out, err, generation);
      }
      send(running.out(), mine.request());
      if (input != null) {
        Thread feeder = new Thread(() -> feed(running, input), "exec-input");
        feeder.setDaemon(true);
        feeder.start();
      }
      return awaitStatus(running, input, cancelled);
    } catch (InterruptedException e) {
      throw ended();
    } finally {
      if (input != null) {
        input.stop();
      }
      synchronized (this) {
        if (call == mine) {
          call = null;
        }
      }
      turn.unlock();
    }
  }

  /** A call, the ports that it goes through, and the machine's generation. */
  private record Running(AgentCall call, SerialPort out, SerialPort err, int generation) {}

  private static void send(SerialPort to, byte[] bytes) throws InterruptedException {
    to.send(bytes, 0, bytes.length);
  }

  private void feed(Running running, ExecInput input) {
    try {
      synchronized (this) {
        while (!running.call().takesInput()) {
          if (generation != running.generation() || running.call().exitStatus().isPresent()) {
            return;
          }
          wait();
        }
      }
      input.feed(running.call(), running.out());
    } catch (InterruptedException e) {
      // The machine is gone.
    }
  }

  private int awaitStatus(Running running, @Nullable ExecInput input, BooleanSupplier cancelled)
      throws VivariumException, InterruptedException {
    AgentCall mine = running.call();
    int interrupts = 0;
    while (true) {
      synchronized (this) {
        OptionalInt status = mine.exitStatus();
        if (status.isPresent()) {
          return status.getAsInt();
        }
        if (generation != running.generation()) {
          throw ended();
        }
        pauseForNews();
      }
      boolean stop = cancelled.getAsBoolean();
      if (input != null && (stop || mine.inputIsOver())) {
        input.stop();
      }
      if (stop && interrupts % 10 == 0 && mine.exitStatus().isEmpty()) {
        interrupt(running, interrupts < 30 ? AgentProtocol.INTERRUPT : AgentProtocol.QUIT);
      }
      interrupts += stop ? 1 : 0;
    }
  }

  private static void interrupt(Running running, byte signal) throws InterruptedException {
    byte[] beside = running.call().interruptBesideInput();
    if (beside.length > 0) {
      send(running.err(), beside);
    } else {
      send(running.out(), new byte[] {signal});
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

  private VivariumException ended() {
    return new VivariumException(
        Kind.GUEST,
        "the guest of VM '" + name + "' went away before it answered",
        "See what it said: viv logs " + name);
  }
}
