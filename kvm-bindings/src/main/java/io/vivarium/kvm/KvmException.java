package io.vivarium.kvm;

import io.vivarium.linux.ErrnoException;
import org.jspecify.annotations.Nullable;

/**
 * A KVM call failed. Carries the ioctl's name as in {@code linux/kvm.h}, the error's name, and a
 * hint what to do next where that is known.
 */
public final class KvmException extends ErrnoException {
  private final @Nullable String hint;

  public KvmException(String call, int errno, @Nullable String hint) {
    super(call, errno, hint);
    this.hint = hint;
  }

  /** What to do next, a sentence; null where nothing is known. */
  public @Nullable String hint() {
    return hint;
  }
}
