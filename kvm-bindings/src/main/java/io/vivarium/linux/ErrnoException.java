package io.vivarium.linux;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A Linux call failed. The message is a sentence: the call with its object, the error's name and
 * meaning, and what to do about it where that is known.
 */
public class ErrnoException extends IOException {
  private final String call;
  private final int errno;

  /**
   * @param call the call and the object it was about, "open /dev/kvm"
   * @param errno the error number that it set
   * @param hint what to do next, a sentence; null where nothing is known
   */
  public ErrnoException(String call, int errno, @Nullable String hint) {
    super(
        "%s failed: %s (%s)%s"
            .formatted(
                call, Errno.name(errno), Errno.meaning(errno), hint == null ? "" : ". " + hint));
    this.call = call;
    this.errno = errno;
  }

  /** The call that failed, with its object. */
  public String call() {
    return call;
  }

  /** The error number, one of {@link Errno}. */
  public int errno() {
    return errno;
  }

  /** The error's name, "EACCES". */
  public String errnoName() {
    return Errno.name(errno);
  }
}
