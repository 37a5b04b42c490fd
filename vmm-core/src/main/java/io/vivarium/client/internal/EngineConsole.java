package io.vivarium.client.internal;

import io.vivarium.client.ConsoleConnection;
import io.vivarium.client.JsonObject;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import java.io.IOException;
import java.util.Base64;

/** A console over an engine's socket, with a thread that hears it. */
final class EngineConsole implements ConsoleConnection {
  /** Bytes of input in one message; its base64 stays far below the frame's limit. */
  private static final int BLOCK = 32 << 10;

  private final String name;
  private final EngineConnection connection;

  private EngineConsole(String name, EngineConnection connection) {
    this.name = name;
    this.connection = connection;
  }

  static EngineConsole attach(String name, EngineConnection connection, Listener listener)
      throws VivariumException {
    EngineConnection.Events events =
        (method, params) -> {
          if (method.equals("console.output")) {
            listener.output(decode(params.string("data")));
          }
        };
    connection.call("console.attach", new JsonObject(), events);
    Thread thread =
        new Thread(
            () -> {
              connection.listen(events);
              connection.close();
              listener.closed();
            },
            "console-" + name);
    thread.setDaemon(true);
    thread.start();
    return new EngineConsole(name, connection);
  }

  static byte[] decode(String base64) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  @Override
  public void send(byte[] data) throws VivariumException {
    try {
      for (int from = 0; from < data.length; from += BLOCK) {
        byte[] block =
            java.util.Arrays.copyOfRange(data, from, Math.min(data.length, from + BLOCK));
        connection.tell(
            "console.input",
            new JsonObject().put("data", Base64.getEncoder().encodeToString(block)));
      }
    } catch (IOException e) {
      throw new VivariumException(
          Kind.WRONG_STATE,
          "the console of VM '" + name + "' is closed",
          "See how it ended: viv inspect " + name,
          e);
    }
  }

  @Override
  public void resize(int columns, int rows) throws VivariumException {
    try {
      connection.tell("console.resize", new JsonObject().put("columns", columns).put("rows", rows));
    } catch (IOException e) {
      throw new VivariumException(
          Kind.WRONG_STATE, "the console of VM '" + name + "' is closed", "", e);
    }
  }

  @Override
  public void close() {
    connection.close();
  }
}
