package io.vivarium.devices;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Checks of saved states that an enemy may have written; one sentence for each refusal. */
public final class StateCheck {
  private final String device;

  /**
   * @param device the id, for messages
   */
  public StateCheck(String device) {
    this.device = device;
  }

  public void version(int got, int known) throws BadStateException {
    if (got != known) {
      throw new BadStateException(
          "%s: saved state has version %d, this build reads version %d"
              .formatted(device, got, known));
    }
  }

  /** {@code min <= value <= max}. */
  public void range(String field, long value, long min, long max) throws BadStateException {
    if (value < min || value > max) {
      throw new BadStateException(
          "%s: %s is %d, must be %d to %d".formatted(device, field, value, min, max));
    }
  }

  /** No bits beside {@code mask}. */
  public void bits(String field, long value, long mask) throws BadStateException {
    if ((value & ~mask) != 0) {
      throw new BadStateException(
          "%s: %s is 0x%x, which has bits outside 0x%x".formatted(device, field, value, mask));
    }
  }

  /** An array that is there and of this very length. */
  public void exactly(String field, byte @Nullable [] bytes, int length) throws BadStateException {
    atMost(field, bytes, length);
    if (bytes == null || bytes.length != length) {
      throw new BadStateException("%s: %s must have %d bytes".formatted(device, field, length));
    }
  }

  /** An array that is there and not longer than this. */
  public void atMost(String field, byte @Nullable [] bytes, int length) throws BadStateException {
    if (bytes == null || bytes.length > length) {
      throw new BadStateException(
          "%s: %s is missing or longer than %d bytes".formatted(device, field, length));
    }
  }

  /** A list that is there, without gaps, of this very length. */
  public void exactly(String field, @Nullable List<? extends @Nullable Object> list, int length)
      throws BadStateException {
    atMost(field, list, length);
    if (list == null || list.size() != length) {
      throw new BadStateException("%s: %s must have %d entries".formatted(device, field, length));
    }
  }

  /** A list that is there, without gaps, not longer than this. */
  public void atMost(String field, @Nullable List<? extends @Nullable Object> list, int length)
      throws BadStateException {
    if (list == null || list.size() > length) {
      throw new BadStateException(
          "%s: %s is missing or longer than %d entries".formatted(device, field, length));
    }
    for (Object entry : list) {
      if (entry == null) {
        throw new BadStateException("%s: %s has an empty entry".formatted(device, field));
      }
    }
  }

  /** A part that is there. */
  public void present(String field, @Nullable Object value) throws BadStateException {
    if (value == null) {
      throw new BadStateException("%s: %s is missing".formatted(device, field));
    }
  }

  /** A condition of more than one field; {@code sentence} says what must hold. */
  public void that(boolean holds, String sentence) throws BadStateException {
    if (!holds) {
      throw new BadStateException(device + ": " + sentence);
    }
  }
}
