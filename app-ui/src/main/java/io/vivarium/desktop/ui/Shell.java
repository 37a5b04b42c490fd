package io.vivarium.desktop.ui;

/** Words as a shell takes them. */
public final class Shell {
  private Shell() {}

  /** As a shell takes it for one word. */
  public static String quoted(String word) {
    return word.matches("[A-Za-z0-9_./=:,-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
