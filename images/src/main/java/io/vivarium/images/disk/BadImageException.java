package io.vivarium.images.disk;

import java.io.IOException;

/** A disk image that is damaged, hostile, or of a kind that is not supported; says which. */
public final class BadImageException extends IOException {
  public BadImageException(String message) {
    super(message);
  }

  public BadImageException(String message, Throwable cause) {
    super(message, cause);
  }
}
