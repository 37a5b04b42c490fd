package io.vivarium.images.agent;

import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * One request and its reply, as a state machine: send {@link #request} to the guest's port 1, feed
 * what comes from ports 1 and 2, until {@link #exitStatus} is there. Safe to feed from two threads.
 */
public final class AgentCall {
  /** Takes output as it comes; called from the feeding thread, the arrays are the feeder's. */
  public interface Output {
    void write(byte[] data, int offset, int length);
  }

  /**
   * What stops the program.
   *
   * @param port the guest's port to send to
   */
  @SuppressWarnings("ArrayRecordComponent") // made once, to be sent
  public record Signal(int port, byte[] bytes) {}

  private final AgentLine line;
  private final String nonce;
  private final @Nullable InputGate gate;
  private final byte[] request;
  private final MarkerScanner stdout;
  private final MarkerScanner stderr;
  private boolean outDone;
  private boolean errDone;

  /**
   * @param line how the guest is spoken to
   * @param nonce from {@link AgentProtocol#newNonce}
   * @param argv program and arguments
   * @throws IllegalArgumentException with a sentence, as {@link AgentProtocol#request} does
   */
  public AgentCall(AgentLine line, String nonce, List<String> argv, Output stdout, Output stderr) {
    this(line, nonce, argv, null, stdout, stderr);
  }

  private AgentCall(
      AgentLine line,
      String nonce,
      List<String> argv,
      @Nullable InputGate gate,
      Output stdout,
      Output stderr) {
    this.line = line;
    this.nonce = nonce;
    this.gate = gate;
    this.request = AgentProtocol.request(nonce, argv);
    this.stdout = new MarkerScanner(nonce, true, gate == null ? stdout : gate);
    this.stderr = new MarkerScanner(nonce, false, stderr);
  }

  /** A call whose program reads an input, encoded by {@link #input}. */
  public static AgentCall withInput(
      AgentLine line, String nonce, List<String> argv, Output stdout, Output stderr) {
    if (argv.isEmpty() || argv.get(0).isEmpty()) {
      throw new IllegalArgumentException("There is no command to run.");
    }
    InputGate gate = new InputGate(nonce, stdout);
    List<String> wrapped = AgentInput.wrap(line, nonce, argv);
    return new AgentCall(line, nonce, wrapped, gate, stdout, stderr);
  }

  /** What encodes the input of this call, for one stream. */
  public AgentInput input() {
    return AgentInput.over(line);
  }

  /** Whether input may be sent: not before the program starts. */
  public boolean takesInput() {
    return gate != null && gate.isOpen();
  }

  /** Whether the program has ended, after which only the input's end is waited for. */
  public boolean inputIsOver() {
    return gate != null && gate.isOver();
  }

  /**
   * What interrupts the program.
   *
   * @param quit SIGQUIT, for what ignores SIGINT; a program with input on terminals gets SIGINT
   */
  public Signal interrupt(boolean quit) {
    if (line == AgentLine.STREAMS) {
      byte[] word = {(byte) (quit ? 'q' : 'i'), '\n'};
      return new Signal(AgentProtocol.STDERR_PORT, word);
    }
    if (gate != null && gate.isOpen() && !gate.isOver()) {
      return new Signal(AgentProtocol.STDERR_PORT, TerminalInput.interrupt(nonce));
    }
    byte[] key = {quit ? AgentProtocol.QUIT : AgentProtocol.INTERRUPT};
    return new Signal(AgentProtocol.STDOUT_PORT, key);
  }

  /** The bytes to send to the guest's port 1. */
  public byte[] request() {
    return request.clone();
  }

  /** Takes what came from the guest's port 1. */
  public void feedStdout(byte[] data, int offset, int length) {
    synchronized (stdout) {
      stdout.feed(data, offset, length);
      outDone = stdout.done();
    }
  }

  /** Takes what came from the guest's port 2. */
  public void feedStderr(byte[] data, int offset, int length) {
    synchronized (stderr) {
      stderr.feed(data, offset, length);
      errDone = stderr.done();
    }
  }

  /** The program's exit status, 0 to 255, once all its output was handed on; empty before. */
  public OptionalInt exitStatus() {
    synchronized (stdout) {
      synchronized (stderr) {
        return outDone && errDone ? OptionalInt.of(stdout.status()) : OptionalInt.empty();
      }
    }
  }
}
