package io.vivarium.engine;

import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.VivariumException;
import io.vivarium.engine.protocol.Frames;
import io.vivarium.engine.protocol.RpcErrors;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One client. A thread reads its requests; another sends what waits for it, of which there is a
 * bound: a client that does not read is dropped, and never holds up the guest or the others.
 */
final class RpcConnection {
  private static final int MOST_WAITING = 8 << 20;
  private static final int MOST_REQUESTS = 32;
  private static final long LAST_WORDS_MILLIS = 500;

  private final Frames frames;
  private final RpcMethods methods;
  private final Consumer<RpcConnection> whenOver;
  private final List<Runnable> whenClosed = new CopyOnWriteArrayList<>();
  private final Thread writer = new Thread(this::write, "rpc-write");
  private final Map<String, ExecInput> inputs = new ConcurrentHashMap<>();
  private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
  private int waitingBytes;
  private int requests;
  private boolean finishing;
  private volatile boolean closed;

  RpcConnection(SocketChannel channel, RpcMethods methods, Consumer<RpcConnection> whenOver) {
    this.frames = new Frames(channel);
    this.methods = methods;
    this.whenOver = whenOver;
  }

  void start() {
    Thread reader = new Thread(this::read, "rpc-read");
    reader.setDaemon(true);
    writer.setDaemon(true);
    reader.start();
    writer.start();
  }

  boolean closed() {
    return closed;
  }

  /** Runs something when the client goes away, at once when it has. */
  void whenClosed(Runnable action) {
    whenClosed.add(action);
    if (closed && whenClosed.remove(action)) {
      action.run();
    }
  }

  /** Inputs of this client's commands, by the ids of their requests. */
  Map<String, ExecInput> inputs() {
    return inputs;
  }

  private void read() {
    try {
      boolean open = true;
      while (open) {
        open = readOne();
      }
    } catch (IOException e) {
      // Broken or too long: the client is gone or not one of ours.
    } finally {
      close();
    }
  }

  private boolean readOne() throws IOException {
    JsonObject message;
    try {
      message = frames.receive();
    } catch (JsonException e) {
      fail(null, RpcErrors.of(RpcErrors.PARSE_ERROR, String.valueOf(e.getMessage())));
      return true;
    }
    if (message == null) {
      return false;
    }
    Object id = message.fields().get("id");
    String method;
    JsonObject params;
    try {
      method = message.string("method");
      JsonObject given = message.optObject("params");
      params = given == null ? new JsonObject() : given;
    } catch (JsonException e) {
      fail(id, RpcErrors.of(RpcErrors.INVALID_REQUEST, String.valueOf(e.getMessage())));
      return true;
    }
    if (!methods.isLong(method)) {
      answer(id, method, params);
    } else if (begin()) {
      Thread thread =
          new Thread(
              () -> {
                answer(id, method, params);
                done();
              },
              "rpc-" + method);
      thread.setDaemon(true);
      thread.start();
    } else {
      fail(id, RpcErrors.of(RpcErrors.FAILED, "too many requests at once"));
    }
    return true;
  }

  private synchronized boolean begin() {
    if (requests >= MOST_REQUESTS) {
      return false;
    }
    requests++;
    return true;
  }

  private synchronized void done() {
    requests--;
    notifyAll();
  }

  private void answer(@Nullable Object id, String method, JsonObject params) {
    try {
      JsonObject result = methods.call(this, id, method, params);
      if (result == null) {
        fail(id, RpcErrors.of(RpcErrors.METHOD_NOT_FOUND, "there is no method '" + method + "'"));
      } else if (id != null) {
        send(new JsonObject().put("jsonrpc", "2.0").put("id", id).put("result", result));
      }
    } catch (JsonException e) {
      fail(id, RpcErrors.of(RpcErrors.INVALID_PARAMS, method + ": " + e.getMessage()));
    } catch (VivariumException e) {
      fail(id, RpcErrors.of(e));
    } catch (RuntimeException e) {
      EngineLog.say(method + " failed", e);
      fail(id, RpcErrors.of(RpcErrors.FAILED, method + " failed inside the engine: " + e));
    }
  }

  private void fail(@Nullable Object id, JsonObject error) {
    send(new JsonObject().put("jsonrpc", "2.0").put("id", id).put("error", error));
  }

  /** Sends an event. */
  void event(String method, JsonObject params) {
    send(new JsonObject().put("jsonrpc", "2.0").put("method", method).put("params", params));
  }

  private void send(JsonObject message) {
    byte[] line = Frames.encode(message);
    boolean dropped = false;
    synchronized (this) {
      if (closed || finishing) {
        return;
      }
      if (waitingBytes + line.length > MOST_WAITING) {
        dropped = true;
      } else {
        waiting.add(line);
        waitingBytes += line.length;
        notifyAll();
      }
    }
    if (dropped) {
      EngineLog.say("a client that does not read is dropped");
      close();
    }
  }

  private void write() {
    try {
      byte[] line = next();
      while (line != null) {
        frames.send(line);
        line = next();
      }
    } catch (IOException e) {
      // The client is gone.
    } finally {
      close();
    }
  }

  private synchronized byte @Nullable [] next() {
    while (waiting.isEmpty() && !closed && !finishing) {
      try {
        wait();
      } catch (InterruptedException e) {
        return null;
      }
    }
    byte[] line = closed ? null : waiting.poll();
    if (line != null) {
      waitingBytes -= line.length;
    }
    return line;
  }

  /** Lets requests end and delivers what waits, for a short time, then ends the connection. */
  void finish() {
    long until = System.nanoTime() + LAST_WORDS_MILLIS * 1_000_000;
    try {
      synchronized (this) {
        while (requests > 0 && !closed && System.nanoTime() < until) {
          wait(LAST_WORDS_MILLIS);
        }
        finishing = true;
        notifyAll();
      }
      writer.join(LAST_WORDS_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    close();
  }

  private void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      waiting.clear();
      notifyAll();
    }
    frames.close();
    for (Runnable action : List.copyOf(whenClosed)) {
      if (whenClosed.remove(action)) {
        action.run();
      }
    }
    whenOver.accept(this);
  }
}
