package io.vivarium.memory;

import java.io.IOException;

/** A file of saved memory that is not what was written, in one sentence that names it. */
public final class DamagedMemoryException extends IOException {
  private static final long serialVersionUID = 1;

  DamagedMemoryException(String message) {
    super(message);
  }
}
