package io.vivarium.client;

/** A connection to a VM's console. Several may be open; all see the output, all may type. */
public interface ConsoleConnection extends AutoCloseable {
  /** Types bytes into the guest; blocks while the guest does not take them. */
  void send(byte[] data) throws VivariumException;

  /** Tells the guest the size of the terminal, where its agent can take it. */
  void resize(int columns, int rows) throws VivariumException;

  @Override
  void close();

  /** Hears of the console; calls come from a thread of the connection's own. */
  interface Listener {
    /** Output in blocks. The first block is the backlog: up to the last 256 KiB. */
    void output(byte[] data);

    /** The engine ended or the connection broke; nothing follows. */
    void closed();
  }
}
