package io.vivarium.machine;

/** A saved machine that cannot be restored; the message names the file and what is wrong. */
public final class BadSnapshotException extends Exception {
  public BadSnapshotException(String message) {
    super(message);
  }

  public BadSnapshotException(String message, Throwable cause) {
    super(message, cause);
  }
}
