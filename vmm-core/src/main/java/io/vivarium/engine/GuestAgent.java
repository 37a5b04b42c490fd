package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.images.agent.AgentCall;
import io.vivarium.images.agent.AgentLine;
import io.vivarium.images.agent.AgentProtocol;
import io.vivarium.images.agent.ReadyScanner;
import io.vivarium.machine.MachineDevices;
import io.vivarium.machine.SerialPort;
import io.vivarium.machine.VirtualMachine;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs commands in the guest, one at a time, over the streams of its console where it took those,
 * else over its serial ports 1 and 2: whichever it says on that it is ready.
 */
final class GuestAgent {
  private static final long LOOK_MILLIS = 100;

  private final String name;
  private final SecureRandom random = new SecureRandom();

  /** Commands take turns in the order in which they came. */
  private final ReentrantLock turn = new ReentrantLock(true);

  private @Nullable VirtualMachine guest;

  /** What the guest is spoken to over, once it is ready. */
  private @Nullable Line line;

  private @Nullable AgentCall call;
  private int generation;

  /** The name is the VM's, for messages. */
  GuestAgent(String name) {
    this.name = name;
  }

  /**
   * One of the ways to a guest.
   *
   * @param out what carries requests and standard output
   * @param err what carries standard error
   */
  private record Line(AgentLine how, SerialPort out, SerialPort err, ReadyScanner scanner) {}

  /**
   * Takes over a machine.
   *
   * @param ready how its guest was spoken to when it was saved; null when it was not ready
   */
  void connect(VirtualMachine machine, @Nullable AgentLine ready) {
    List<Line> lines = lines(machine);
    synchronized (this) {
      guest = machine;
      line = lines.stream().filter(one -> one.how() == ready).findFirst().orElse(null);
      call = null;
      generation++;
      notifyAll();
    }
    for (Line one : lines) {
      one.out().listen((data, offset, length) -> heardOut(one, data, offset, length));
      one.err().listen((data, offset, length) -> heardErr(one, data, offset, length));
    }
  }

  private static List<Line> lines(VirtualMachine machine) {
    List<Line> lines = new ArrayList<>();
    lines.add(
        new Line(
            AgentLine.TERMINALS,
            machine.serial(AgentProtocol.STDOUT_PORT),
            machine.serial(AgentProtocol.STDERR_PORT),
            new ReadyScanner()));
    MachineDevices devices = machine.devices();
    if (devices.consolePorts().containsAll(AgentProtocol.STREAMS)) {
      lines.add(
          new Line(
              AgentLine.STREAMS,
              devices.consolePort(AgentProtocol.STREAMS.getFirst()),
              devices.consolePort(AgentProtocol.STREAMS.getLast()),
              new ReadyScanner()));
    }
    return lines;
  }

  /** The machine is gone: whoever waits for an answer is told. */
  synchronized void disconnect() {
    guest = null;
    line = null;
    call = null;
    generation++;
    notifyAll();
  }

  synchronized boolean ready() {
    return line != null;
  }

  /** How the guest is spoken to, or null before it is ready. */
  synchronized @Nullable AgentLine line() {
    return line == null ? null : line.how();
  }

  private void heardOut(Line from, byte[] data, int offset, int length) {
    AgentCall current;
    synchronized (this) {
      if (line == null) {
        if (from.scanner().feed(data, offset, length)
            && from.scanner().version() == from.how().version()) {
          line = from;
          notifyAll();
        }
        return;
      }
      current = from.equals(line) ? call : null;
    }
    if (current != null) {
      boolean took = current.takesInput();
      current.feedStdout(data, offset, length);
      wakeWhenDone(current, took);
    }
  }

  private void heardErr(Line from, byte[] data, int offset, int length) {
    AgentCall current;
    synchronized (this) {
      current = from.equals(line) ? call : null;
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
    while (line == null) {
      if (guest == null) {
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
    turn.lock();
    try {
      awaitReady(cancelled);
      Running running;
      AgentCall mine;
      synchronized (this) {
        Line current = line;
        if (current == null) {
          throw ended();
        }
        mine = call(current.how(), argv, input != null, stdout, stderr);
        call = mine;
        running = new Running(mine, current, generation);
      }
      try {
        send(running.line().out(), mine.request());
        if (input != null) {
          Thread feeder = new Thread(() -> feed(running, input), "exec-input");
          feeder.setDaemon(true);
          feeder.start();
        }
        return awaitStatus(running, input, cancelled);
      } finally {
        synchronized (this) {
          if (call == mine) {
            call = null;
          }
        }
      }
    } catch (InterruptedException e) {
      throw ended();
    } finally {
      if (input != null) {
        input.stop();
      }
      turn.unlock();
    }
  }

  private AgentCall call(
      AgentLine how,
      List<String> argv,
      boolean withInput,
      AgentCall.Output stdout,
      AgentCall.Output stderr)
      throws VivariumException {
    try {
      String nonce = AgentProtocol.newNonce(random);
      return withInput
          ? AgentCall.withInput(how, nonce, argv, stdout, stderr)
          : new AgentCall(how, nonce, argv, stdout, stderr);
    } catch (IllegalArgumentException e) {
      throw new VivariumException(Kind.USAGE, String.valueOf(e.getMessage()), "", e);
    }
  }

  /** A call, what it goes through, and the machine's generation. */
  private record Running(AgentCall call, Line line, int generation) {}

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
      input.feed(running.call(), running.line().out());
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
        interrupt(running, interrupts >= 30);
      }
      interrupts += stop ? 1 : 0;
    }
  }

  private static void interrupt(Running running, boolean quit) throws InterruptedException {
    AgentCall.Signal signal = running.call().interrupt(quit);
    Line line = running.line();
    send(signal.port() == AgentProtocol.STDERR_PORT ? line.err() : line.out(), signal.bytes());
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
