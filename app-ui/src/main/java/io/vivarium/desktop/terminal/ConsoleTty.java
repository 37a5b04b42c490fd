package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.core.TtyConnector;
import com.techsenger.jeditermfx.core.util.TermSize;
import io.vivarium.client.ConsoleConnection;
import io.vivarium.client.VivariumException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Stands between a VM's console and the terminal emulator: decodes UTF-8 across block borders,
 * holds back a flood, and outlives single connections, so that the screen stays when a VM stops.
 *
 * <p>The first block of a connection is old output. While the emulator reads it, its answers to
 * queries in it (cursor position, device attributes) must not be typed into the guest, which asked
 * long ago: {@link #replaying} tells.
 */
final class ConsoleTty implements TtyConnector {
  private static final System.Logger LOG = System.getLogger(ConsoleTty.class.getName());

  /** Characters that wait for the emulator before the connection's thread is made to wait. */
  private static final int MAX_WAITING = 1 << 20;

  /**
   * In a flood the emulator holds the lock of its lines nearly all the time, and the interface
   * thread, which draws them, would hardly get it: so it rests now and then. In nanoseconds.
   */
  private static final long WORK = 8_000_000;

  private static final long REST = 1_000_000;

  /** Full reset (RIS), so that a new connection's backlog finds an empty terminal. */
  private static final String RESET = "\u001bc";

  private record Chunk(String text, boolean old) {}

  private final ArrayDeque<Chunk> waiting = new ArrayDeque<>();
  private Utf8Stream decoder = new Utf8Stream();
  private int offset;
  private int waitingChars;
  private boolean readingOld;
  private long restedAt;
  private boolean closed;
  private @Nullable ConsoleConnection connection;
  private @Nullable TermSize size;
  private long generation;

  ConsoleTty() {}

  /** A listener for a connection to come; output of earlier ones is ignored from now on. */
  ConsoleConnection.Listener listener(Runnable onClosed) {
    long mine;
    synchronized (this) {
      mine = ++generation;
      connection = null;
      decoder = new Utf8Stream();
      waiting.clear();
      waitingChars = 0;
      offset = 0;
      add(RESET, true);
      notifyAll();
    }
    return new ConsoleConnection.Listener() {
      private boolean first = true;

      @Override
      public void output(byte[] data) {
        receive(mine, data, first);
        first = false;
      }

      @Override
      public void closed() {
        if (end(mine)) {
          onClosed.run();
        }
      }
    };
  }

  /** What is typed goes there from now on. */
  synchronized void attach(ConsoleConnection newConnection) {
    connection = newConnection;
  }

  /** Types go nowhere from now on; what was shown stays. */
  void detach() {
    ConsoleConnection old;
    synchronized (this) {
      generation++;
      old = connection;
      connection = null;
      notifyAll();
    }
    if (old != null) {
      old.close();
    }
  }

  private synchronized boolean end(long of) {
    if (of != generation) {
      return false;
    }
    connection = null;
    return true;
  }

  private synchronized void receive(long of, byte[] data, boolean old) {
    while (waitingChars > MAX_WAITING && of == generation && !closed) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    if (of != generation || closed) {
      return;
    }
    add(decoder.decode(data), old);
  }

  private void add(String text, boolean old) {
    if (!text.isEmpty()) {
      waiting.add(new Chunk(text, old));
      waitingChars += text.length();
      notifyAll();
    }
  }

  /** Whether the emulator is busy with output from before the connection. */
  synchronized boolean replaying() {
    return readingOld;
  }

  @Override
  public int read(char[] buffer, int start, int length) throws IOException {
    long now = System.nanoTime();
    if (now - restedAt > WORK) {
      LockSupport.parkNanos(REST);
      restedAt = System.nanoTime();
    }
    return take(buffer, start, length);
  }

  private synchronized int take(char[] buffer, int start, int length) {
    readingOld = false;
    while (waiting.isEmpty()) {
      if (closed) {
        return -1;
      }
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return -1;
      }
    }
    Chunk chunk = waiting.getFirst();
    readingOld = chunk.old;
    int count = Math.min(length, chunk.text.length() - offset);
    chunk.text.getChars(offset, offset + count, buffer, start);
    offset += count;
    waitingChars -= count;
    if (offset == chunk.text.length()) {
      waiting.removeFirst();
      offset = 0;
    }
    notifyAll();
    return count;
  }

  @Override
  public void write(byte[] bytes) throws IOException {
    ConsoleConnection to;
    synchronized (this) {
      to = connection;
    }
    if (to == null) {
      return;
    }
    try {
      to.send(bytes);
    } catch (VivariumException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public void write(String text) throws IOException {
    write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Called by the emulator on its input thread, some time after the last change. */
  @Override
  public void resize(TermSize newSize) {
    synchronized (this) {
      size = newSize;
    }
    tellSize();
  }

  /**
   * Tells the guest how large the terminal is; blocks. A guest without an agent keeps what it has.
   *
   * @return whether it was told
   */
  boolean tellSize() {
    ConsoleConnection to;
    TermSize now;
    synchronized (this) {
      to = connection;
      now = size;
    }
    if (to == null || now == null) {
      return false;
    }
    try {
      to.resize(now.getColumns(), now.getRows());
      return true;
    } catch (VivariumException e) {
      LOG.log(Level.DEBUG, "The guest did not take the terminal's size", e);
      return false;
    }
  }

  @Override
  public synchronized boolean isConnected() {
    return !closed;
  }

  @Override
  public int waitFor() {
    return 0;
  }

  @Override
  public synchronized boolean ready() {
    return !waiting.isEmpty();
  }

  @Override
  public String getName() {
    return "console";
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    detach();
  }
}
