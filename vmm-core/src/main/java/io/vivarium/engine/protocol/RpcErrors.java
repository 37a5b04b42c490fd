package io.vivarium.engine.protocol;

import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;

/** Failures as JSON-RPC error objects and back. */
public final class RpcErrors {
  /** JSON-RPC 2.0, 5.1: codes reserved for the protocol itself. */
  public static final int PARSE_ERROR = -32700;

  public static final int INVALID_REQUEST = -32600;
  public static final int METHOD_NOT_FOUND = -32601;
  public static final int INVALID_PARAMS = -32602;

  /** Ours: {@code data} holds {@code kind} and {@code cure}. */
  public static final int FAILED = -32000;

  private RpcErrors() {}

  public static JsonObject of(int code, String message) {
    return new JsonObject().put("code", code).put("message", message);
  }

  public static JsonObject of(VivariumException failure) {
    return of(FAILED, String.valueOf(failure.getMessage()))
        .put("data", new JsonObject().put("kind", failure.kind()).put("cure", failure.cure()));
  }

  public static VivariumException read(JsonObject error) {
    try {
      String message = error.string("message");
      JsonObject data = error.optObject("data");
      if (data == null) {
        return new VivariumException(Kind.INTERNAL, "the engine refused: " + message, "");
      }
      return new VivariumException(Kind.valueOf(data.string("kind")), message, data.string("cure"));
    } catch (JsonException | IllegalArgumentException e) {
      return new VivariumException(
          Kind.INTERNAL, "the engine's error cannot be read: " + e.getMessage(), "");
    }
  }
}
