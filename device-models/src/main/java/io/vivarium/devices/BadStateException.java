package io.vivarium.devices;

/** A saved device state that cannot be loaded; the message names the device, the field and why. */
public final class BadStateException extends Exception {
  public BadStateException(String message) {
    super(message);
  }
}
