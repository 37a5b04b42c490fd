package io.vivarium.machine;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A guest's shell at its serial console, and what went over it. */
final class GuestConsole implements MachineExit.Listener, SerialPort.Listener {
  private static final long SILENCE_MILLIS = TimeUnit.MINUTES.toMillis(20);

  private final StringBuilder seen = new StringBuilder();
  private int count;

  @Override
  public synchronized void received(byte[] data, int offset, int length) {
    seen.append(new String(data, offset, length, StandardCharsets.ISO_8859_1));
    notifyAll();
  }

  @Override
  public synchronized void exited(MachineExit exit) {
    seen.append("\n[the machine ended: ").append(exit).append("]\n");
    notifyAll();
  }

  /** Waits until the console has shown a match since {@code from}, and returns it. */
  private synchronized Matcher await(Pattern wanted, int from) throws InterruptedException {
    int length = seen.length();
    long deadline = System.currentTimeMillis() + SILENCE_MILLIS;
    while (true) {
      Matcher matcher = wanted.matcher(seen);
      if (matcher.find(from)) {
        return matcher;
      }
      if (seen.indexOf("Kernel panic", from) >= 0
          || seen.indexOf("[the machine ended", from) >= 0) {
        throw new AssertionError("instead of " + wanted + ":\n" + seen);
      }
      if (seen.length() > length) {
        length = seen.length();
        deadline = System.currentTimeMillis() + SILENCE_MILLIS;
      }
      long left = deadline - System.currentTimeMillis();
      if (left <= 0) {
        throw new AssertionError("the guest is silent; waited for " + wanted + ":\n" + seen);
      }
      wait(left);
    }
  }

  /** Waits for a text, from the console's beginning on. */
  void await(String text) throws InterruptedException {
    await(Pattern.compile(Pattern.quote(text)), 0);
  }

  /** Waits for a regular expression, from the console's beginning on, and returns what matched. */
  String awaitMatch(String pattern) throws InterruptedException {
    return await(Pattern.compile(pattern), 0).group();
  }

  /** Runs a command line in the guest's shell and returns what it printed; it must succeed. */
  String run(VirtualMachine machine, String command) throws InterruptedException {
    int from = start(machine, command);
    return finish(command, from);
  }

  /** Starts a command line; {@link #finish} waits for its end. */
  int start(VirtualMachine machine, String command) throws InterruptedException {
    int from;
    synchronized (this) {
      count++;
      from = seen.length();
    }
    // The echo of the line has neither a line's end after "[N:" nor a number.
    byte[] line =
        "echo [%d:; %s; echo [%d:$?]\n"
            .formatted(count, command, count)
            .getBytes(StandardCharsets.ISO_8859_1);
    machine.serial(0).send(line, 0, line.length);
    return from;
  }

  String finish(String command, int from) throws InterruptedException {
    Pattern wanted =
        Pattern.compile("\\[%d:\r*\n(.*)\\[%d:(\\d+)\\]".formatted(count, count), Pattern.DOTALL);
    Matcher end = await(wanted, from);
    String printed = end.group(1).replace("\r", "").strip();
    if (!end.group(2).equals("0")) {
      throw new AssertionError(
          "in the guest '%s' ended with %s:\n%s".formatted(command, end.group(2), printed));
    }
    return printed;
  }
}
