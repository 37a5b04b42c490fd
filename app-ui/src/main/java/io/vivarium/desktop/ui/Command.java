package io.vivarium.desktop.ui;

import javafx.scene.input.KeyCombination;
import org.jspecify.annotations.Nullable;
import org.kordamp.ikonli.Ikon;

/**
 * A verb that the palette finds by its name and the keyboard by its key.
 *
 * @param title what the user searches for: "Take a snapshot"
 * @param subject what it acts on, empty when that is plain
 * @param key its shortcut, or null
 */
public record Command(
    String title, String subject, Ikon icon, @Nullable KeyCombination key, Runnable action) {

  /** A verb without a key of its own. */
  public static Command of(String title, String subject, Ikon icon, Runnable action) {
    return new Command(title, subject, icon, null, action);
  }

  /** A verb with a key, written as JavaFX writes it: "Ctrl+N", "F2". */
  public static Command of(String title, String subject, Ikon icon, String key, Runnable action) {
    return new Command(title, subject, icon, KeyCombination.valueOf(key), action);
  }
}
