package io.vivarium.images.agent;

/** Standard output of a wrapped program, between its two inner markers; see {@link AgentInput}. */
final class InputGate implements AgentCall.Output {
  private final MarkerScanner open;
  private final MarkerScanner over;

  InputGate(String nonce, AgentCall.Output sink) {
    // Before the program runs there is no output.
    open = new MarkerScanner(nonce + AgentInput.OPEN, false, (data, offset, length) -> {});
    over = new MarkerScanner(nonce + AgentInput.OVER, false, sink);
  }

  @Override
  public synchronized void write(byte[] data, int offset, int length) {
    int used = open.feed(data, offset, length);
    over.feed(data, offset + used, length - used);
  }

  synchronized boolean isOpen() {
    return open.done();
  }

  synchronized boolean isOver() {
    return over.done();
  }
}
