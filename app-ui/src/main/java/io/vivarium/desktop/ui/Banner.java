package io.vivarium.desktop.ui;

import java.util.ArrayList;
import java.util.List;

/**
 * A message above the page: what happened, and what to do next.
 *
 * @param text one sentence
 * @param cure one sentence, or empty
 * @param actions buttons beside it, the first one first
 */
public record Banner(Tone tone, String text, String cure, List<Action> actions) {
  /** How it looks. */
  public enum Tone {
    INFO,
    SUCCESS,
    WARNING,
    ERROR
  }

  /**
   * What a button does.
   *
   * @param ends whether the message goes then
   */
  public record Action(String label, boolean ends, Runnable run) {}

  public static Banner error(String text, String cure) {
    return new Banner(Tone.ERROR, text, cure, List.of());
  }

  /** Something that goes on, and may become worse. */
  public static Banner warning(String text, String cure) {
    return new Banner(Tone.WARNING, text, cure, List.of());
  }

  public static Banner info(String text) {
    return new Banner(Tone.INFO, text, "", List.of());
  }

  /** A button beside the message, which goes with it. */
  public Banner with(String label, Runnable then) {
    return with(new Action(label, true, then));
  }

  /** A button beside the message, which stays. */
  public Banner withStep(String label, Runnable then) {
    return with(new Action(label, false, then));
  }

  private Banner with(Action action) {
    List<Action> all = new ArrayList<>(actions);
    all.add(action);
    return new Banner(tone, text, cure, List.copyOf(all));
  }
}
