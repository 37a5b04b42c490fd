package io.vivarium.library;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Turns a failure of the host's file system into a sentence with a cure. */
public final class Failures {
  private Failures() {}

  /**
   * @param what what could not be done, with the object's name ("cannot create VM 'web'")
   */
  public static VivariumException explain(String what, IOException cause) {
    if (full(cause)) {
      return new VivariumException(
          Kind.HOST,
          what + ": the disk is full (ENOSPC)",
          "Free some space ('viv rm' and emptying the trash help), then try again.",
          cause);
    }
    if (cause instanceof AccessDeniedException denied) {
      return new VivariumException(
          Kind.HOST,
          what + ": no permission for " + denied.getFile() + " (EACCES)",
          "Give yourself access to it, or set VIVARIUM_HOME to a folder of your own.",
          cause);
    }
    return new VivariumException(Kind.HOST, what + ": " + reason(cause), "", cause);
  }

  /** Whether the host's disk or quota is full. */
  public static boolean full(@Nullable Throwable cause) {
    for (Throwable at = cause; at != null; at = at.getCause()) {
      String text = String.valueOf(at.getMessage()).toLowerCase(Locale.ROOT);
      if (text.contains("no space left") || text.contains("enospc") || text.contains("quota")) {
        return true;
      }
    }
    return false;
  }

  private static String reason(IOException cause) {
    if (cause instanceof FileSystemException failure && failure.getReason() == null) {
      return failure.getClass().getSimpleName().replace("Exception", "") + " " + failure.getFile();
    }
    return String.valueOf(cause.getMessage());
  }
}
