package io.vivarium.engine;

import io.vivarium.machine.SerialPort;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The console between one guest and many clients. The vCPU thread only appends to a bounded buffer;
 * a thread of the hub's own hands blocks on to the log and to the clients.
 */
final class ConsoleHub implements AutoCloseable {
  /** Hears blocks, from the hub's thread; must not block. */
  interface Client {
    void output(byte[] block);
  }

  private static final int BACKLOG = 256 << 10;
  private static final int LEAST = 4 << 10;
  private static final int PENDING = 4 << 20;

  /** RIS, ECMA-48 and VT100: a terminal forgets what it shows. */
  private static final String TERMINAL_RESET = "\u001bc";

  private final ConsoleLog log;
  private final Thread pump = new Thread(this::pump, "console");
  private final List<Client> clients = new ArrayList<>();
  private final Backlog backlog = new Backlog(BACKLOG);
  private ByteArrayOutputStream pending = new ByteArrayOutputStream();
  private boolean busy;
  private boolean closed;

  ConsoleHub(ConsoleLog log) {
    this.log = log;
    pump.setDaemon(true);
    pump.start();
  }

  /** Takes over a machine's console. */
  void connect(SerialPort port) {
    port.listen(this::received);
  }

  private synchronized void received(byte[] data, int offset, int length) {
    if (pending.size() + length > PENDING) {
      // A flood beyond what disk and clients take: the newest output counts.
      pending.reset();
      pending.writeBytes("\r\n[output lost]\r\n".getBytes(StandardCharsets.US_ASCII));
    }
    pending.write(data, offset, Math.min(length, PENDING));
    notifyAll();
  }

  private void pump() {
    byte[] block = take();
    while (block != null) {
      log.append(block);
      for (Client client : deliver(block)) {
        client.output(block);
      }
      block = take();
    }
  }

  private synchronized byte @org.jspecify.annotations.Nullable [] take() {
    busy = false;
    notifyAll();
    while (pending.size() == 0 && !closed) {
      try {
        wait();
      } catch (InterruptedException e) {
        return null;
      }
    }
    if (pending.size() == 0) {
      return null;
    }
    busy = true;
    byte[] block = pending.toByteArray();
    pending = new ByteArrayOutputStream();
    return block;
  }

  private synchronized List<Client> deliver(byte[] block) {
    backlog.add(block);
    return List.copyOf(clients);
  }

  /** Adds a client: it hears the backlog first, then all that follows it. */
  synchronized void attach(Client client) {
    client.output(backlog.toByteArray());
    clients.add(client);
  }

  synchronized void detach(Client client) {
    clients.remove(client);
  }

  /** The newest {@code most} bytes, from the start of a line where there is one. */
  synchronized byte[] tail(int most) {
    byte[] all = backlog.toByteArray();
    int from = Math.max(0, all.length - most);
    for (int i = from; from > 0 && i < all.length - 1; i++) {
      if (all[i] == '\n') {
        from = i + 1;
        break;
      }
    }
    return Arrays.copyOfRange(all, from, all.length);
  }

  /** What a restored guest had printed last: clients' terminals begin anew with it. */
  void begin(byte[] tail) {
    synchronized (this) {
      pending = new ByteArrayOutputStream();
      backlog.clear();
    }
    byte[] reset = TERMINAL_RESET.getBytes(StandardCharsets.US_ASCII);
    received(reset, 0, reset.length);
    received(tail, 0, tail.length);
  }

  /** Returns when all that the guest printed so far has been handed on, or after a second. */
  synchronized void drain() {
    long until = System.nanoTime() + 1_000_000_000;
    try {
      while ((busy || pending.size() > 0) && System.nanoTime() < until) {
        wait(100);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    drain();
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    log.close();
  }

  /** The last bytes of a stream, in a ring that grows until it is as large as it may be. */
  private static final class Backlog {
    private final int capacity;
    private byte[] ring = new byte[LEAST];
    private long written;

    Backlog(int capacity) {
      this.capacity = capacity;
    }

    void clear() {
      written = 0;
    }

    /** Before it has gone round for the first time, all of it begins at 0. */
    private void makeRoom(int more) {
      long wanted = Math.min(capacity, written + more);
      if (wanted > ring.length) {
        ring = Arrays.copyOf(ring, (int) Math.min(capacity, Math.max(wanted, 2L * ring.length)));
      }
    }

    void add(byte[] block) {
      makeRoom(block.length);
      int from = Math.max(0, block.length - ring.length);
      written += from;
      int done = from;
      while (done < block.length) {
        int at = (int) (written % ring.length);
        int count = Math.min(block.length - done, ring.length - at);
        System.arraycopy(block, done, ring, at, count);
        done += count;
        written += count;
      }
    }

    byte[] toByteArray() {
      int length = (int) Math.min(written, ring.length);
      byte[] bytes = new byte[length];
      int start = (int) ((written - length) % ring.length);
      int first = Math.min(length, ring.length - start);
      System.arraycopy(ring, start, bytes, 0, first);
      System.arraycopy(ring, 0, bytes, first, length - first);
      return bytes;
    }
  }
}
