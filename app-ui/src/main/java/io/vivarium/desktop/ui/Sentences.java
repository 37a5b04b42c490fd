package io.vivarium.desktop.ui;

import io.vivarium.client.VivariumException;

/** The library's phrases as sentences beside a field. */
public final class Sentences {
  private Sentences() {}

  /** "the size is wrong" becomes "The size is wrong." */
  public static String of(String phrase) {
    if (phrase.isEmpty()) {
      return "";
    }
    String text = Character.toUpperCase(phrase.charAt(0)) + phrase.substring(1);
    return text.endsWith(".") || text.endsWith("!") ? text : text + ".";
  }

  /** What failed, and the cure. */
  public static String of(VivariumException why) {
    return (of(String.valueOf(why.getMessage())) + " " + why.cure()).strip();
  }
}
