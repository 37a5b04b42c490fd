package io.vivarium.desktop.terminal;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;

/**
 * Stands before the widget's keys: it types NUL for each pressed key without a character, such as
 * Shift alone, and relies on the platform for the characters of Ctrl.
 */
final class KeyFilter {
  /** With Ctrl+Shift these are the widget's own: select all, copy, find, paste. */
  private static final Set<KeyCode> OWN_LETTERS =
      Set.of(KeyCode.A, KeyCode.C, KeyCode.F, KeyCode.V);

  private final TerminalWidget widget;

  KeyFilter(TerminalWidget widget) {
    this.widget = widget;
  }

  /** The widget would type only the first unit of what an input method gives, or of an emoji. */
  void filterTyped(KeyEvent event) {
    String text = event.getCharacter();
    if (text.length() > 1) {
      widget.type(text.getBytes(StandardCharsets.UTF_8));
      event.consume();
    }
  }

  void filter(KeyEvent event) {
    KeyCode code = event.getCode();
    if (code.isModifierKey()) {
      event.consume();
      return;
    }
    if (event.isAltDown()) {
      return;
    }
    if (event.isControlDown() && code.isLetterKey()) {
      if (event.isShiftDown()) {
        if (!OWN_LETTERS.contains(code)) {
          event.consume();
        }
        return;
      }
      widget.type(new byte[] {(byte) (code.getChar().charAt(0) & 0x1f)});
      event.consume();
    } else if (event.getText().isEmpty()
        && (code.isLetterKey() || code.isDigitKey() || code == KeyCode.UNDEFINED)) {
      // Its character comes as KEY_TYPED.
      event.consume();
    }
  }
}
