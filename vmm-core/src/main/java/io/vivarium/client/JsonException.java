package io.vivarium.client;

/** Text that is not the JSON that was expected; the message names the field or the place. */
public final class JsonException extends Exception {
  public JsonException(String message) {
    super(message);
  }
}
