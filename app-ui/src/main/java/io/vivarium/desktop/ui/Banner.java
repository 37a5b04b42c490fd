package io.vivarium.desktop.ui;

import org.jspecify.annotations.Nullable;

/**
 * A message above the page: what happened, and what to do next.
 *
 * @param text one sentence
 * @param cure one sentence, or empty
 * @param action a button's words, or null without one
 */
public record Banner(
    Tone tone, String text, String cure, @Nullable String action, Runnable onAction) {
  /** How it looks. */
  public enum Tone {
    INFO,
    SUCCESS,
    ERROR
  }

  public static Banner error(String text, String cure) {
    return new Banner(Tone.ERROR, text, cure, null, () -> {});
  }

  public static Banner info(String text) {
    return new Banner(Tone.INFO, text, "", null, () -> {});
  }

  /** A button beside the message. */
  public Banner with(String label, Runnable then) {
    return new Banner(tone, text, cure, label, then);
  }
}
