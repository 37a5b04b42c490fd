package io.vivarium.desktop.ui;

import org.jspecify.annotations.Nullable;

/** Short words on what was done, at the window's foot: they go by themselves, and take no focus. */
public interface Toasts {
  /**
   * @param action the words of a button, or null without one
   */
  void show(String text, @Nullable String action, Runnable onAction);

  /** One without a button. */
  default void show(String text) {
    show(text, null, () -> {});
  }
}
