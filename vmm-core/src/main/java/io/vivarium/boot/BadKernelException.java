package io.vivarium.boot;

/** A kernel, initrd or command line that cannot be booted; the message is a sentence saying why. */
public final class BadKernelException extends Exception {
  public BadKernelException(String message) {
    super(message);
  }

  public BadKernelException(String message, Throwable cause) {
    super(message, cause);
  }
}
