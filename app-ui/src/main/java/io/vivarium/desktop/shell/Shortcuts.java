package io.vivarium.desktop.shell;

import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Dialogs;
import java.util.List;
import java.util.function.Supplier;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.TextInputControl;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyCombination.ModifierValue;
import javafx.scene.input.KeyEvent;
import org.jspecify.annotations.Nullable;

/**
 * Leads keys to verbs. A terminal that has the focus gets every key but F6 and F11; there the verbs
 * with Ctrl answer to Ctrl+Shift, as in other terminals. A text field keeps the keys that edit it.
 */
final class Shortcuts {
  /** Style class of what takes all keys for a guest. */
  static final String TERMINAL = "terminal-host";

  private final Supplier<List<Command>> commands;
  private final Dialogs dialogs;
  private boolean swallowTyped;

  Shortcuts(Supplier<List<Command>> commands, Dialogs dialogs) {
    this.commands = commands;
    this.dialogs = dialogs;
  }

  void attach(Scene scene) {
    scene.addEventFilter(
        KeyEvent.KEY_PRESSED,
        e -> {
          swallowTyped = handle(e, scene.getFocusOwner());
          if (swallowTyped) {
            e.consume();
          }
        });
    scene.addEventFilter(KeyEvent.KEY_RELEASED, e -> swallowTyped = false);
    // The character of a key that was a verb is not typed into what the verb opened.
    scene.addEventFilter(
        KeyEvent.KEY_TYPED,
        e -> {
          if (swallowTyped) {
            e.consume();
          }
        });
  }

  private boolean handle(KeyEvent event, @Nullable Node focus) {
    if (dialogs.showing() && event.getCode() != KeyCode.F11) {
      return false;
    }
    boolean terminal = isTerminal(focus);
    for (Command command : commands.get()) {
      KeyCombination key = command.key();
      if (key != null && matches(key, event, terminal, focus)) {
        command.action().run();
        return true;
      }
    }
    return false;
  }

  private static boolean matches(
      KeyCombination key, KeyEvent event, boolean terminal, @Nullable Node focus) {
    if (event.isControlDown() && event.isShiftDown()) {
      return key instanceof KeyCodeCombination combination
          && combination.getControl() == ModifierValue.DOWN
          && combination.getCode() == event.getCode();
    }
    if (!key.match(event)) {
      return false;
    }
    if (terminal) {
      return event.getCode() == KeyCode.F11 || event.getCode() == KeyCode.F6;
    }
    return !(focus instanceof TextInputControl && isEditing(event));
  }

  /** What a text field does by itself. */
  private static boolean isEditing(KeyEvent event) {
    return switch (event.getCode()) {
      case DELETE -> true;
      case Z, A, LEFT, RIGHT -> event.isControlDown();
      default -> false;
    };
  }

  private static boolean isTerminal(@Nullable Node node) {
    for (Node at = node; at != null; at = at.getParent()) {
      if (at.getStyleClass().contains(TERMINAL)) {
        return true;
      }
    }
    return false;
  }
}
