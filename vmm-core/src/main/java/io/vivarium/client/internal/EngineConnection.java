package io.vivarium.client.internal;

import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.engine.protocol.Frames;
import io.vivarium.engine.protocol.RpcErrors;
import io.vivarium.engine.protocol.SocketPaths;
import io.vivarium.library.MachineFolder;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * One connection to an engine, for one caller: a call sends its request and hears events until the
 * answer is there.
 */
final class EngineConnection implements AutoCloseable {
  /** Hears of what the engine sends beside answers. */
  interface Events {
    void event(String method, JsonObject params) throws JsonException;

    Events IGNORE = (method, params) -> {};
  }

  private final String name;
  private final Frames frames;
  private long lastId;

  private EngineConnection(String name, Frames frames) {
    this.name = name;
    this.frames = frames;
  }

  /** Connects, or tells that the VM does not run. */
  static EngineConnection open(MachineFolder folder) throws VivariumException {
    EngineConnection connection = tryOpen(folder);
    if (connection == null) {
      throw new VivariumException(
          Kind.WRONG_STATE,
          "VM '" + folder.name() + "' is not running",
          "Start it: viv start " + folder.name());
    }
    return connection;
  }

  /** Connects, or returns null when no engine listens. */
  static @Nullable EngineConnection tryOpen(MachineFolder folder) {
    try {
      SocketChannel channel =
          SocketChannel.open(UnixDomainSocketAddress.of(SocketPaths.resolve(folder.socket())));
      return new EngineConnection(folder.name(), new Frames(channel));
    } catch (IOException e) {
      return null;
    }
  }

  /** The id that the next call's request will have. */
  long nextId() {
    return lastId + 1;
  }

  JsonObject call(String method, JsonObject params) throws VivariumException {
    return call(method, params, Events.IGNORE);
  }

  JsonObject call(String method, JsonObject params, Events events) throws VivariumException {
    long id = ++lastId;
    try {
      frames.send(message(method, params).put("id", id));
      while (true) {
        JsonObject answer = frames.receive();
        if (answer == null) {
          throw new IOException("it closed the connection");
        }
        String event = answer.optString("method");
        if (event != null) {
          events.event(event, answer.object("params"));
        } else if (answer.optNumber("id", 0, Long.MAX_VALUE, 0) == id
            || answer.fields().get("id") == null) {
          JsonObject error = answer.optObject("error");
          if (error != null) {
            throw RpcErrors.read(error);
          }
          return answer.object("result");
        }
      }
    } catch (JsonException | IOException e) {
      throw new VivariumException(
          Kind.INTERNAL,
          "the engine of VM '" + name + "' broke off: " + e.getMessage(),
          "See what it said last: viv logs " + name,
          e);
    }
  }

  /** Sends a request that has no answer. */
  void tell(String method, JsonObject params) throws IOException {
    frames.send(message(method, params));
  }

  /** Hears events until the connection ends. */
  void listen(Events events) {
    try {
      JsonObject message = frames.receive();
      while (message != null) {
        String event = message.optString("method");
        if (event != null) {
          events.event(event, message.object("params"));
        }
        message = frames.receive();
      }
    } catch (IOException | JsonException e) {
      // Over, as when the peer closed.
    }
  }

  private static JsonObject message(String method, JsonObject params) {
    return new JsonObject().put("jsonrpc", "2.0").put("method", method).put("params", params);
  }

  @Override
  public void close() {
    frames.close();
  }
}
