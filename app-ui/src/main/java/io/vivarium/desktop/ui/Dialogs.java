package io.vivarium.desktop.ui;

import java.util.function.Consumer;
import java.util.function.Function;
import javafx.beans.value.ObservableValue;
import javafx.scene.Node;

/** Short questions inside the window. Escape answers no. */
public interface Dialogs {
  /**
   * Asks before something that costs.
   *
   * @param yes the words on the button that does it
   * @param danger whether something is lost
   */
  void confirm(String title, String text, String yes, boolean danger, Runnable then);

  /**
   * Asks for a line of text.
   *
   * @param check gives the sentence that stands beside the field, empty when the text will do
   */
  void ask(
      String title,
      String label,
      String first,
      String yes,
      Function<String, String> check,
      Consumer<String> then);

  /**
   * Asks by a form of the caller's own.
   *
   * @param problem the sentence that stands under the form while it cannot be; empty when it can
   */
  void form(
      String title,
      Node body,
      Node firstFocus,
      ObservableValue<String> problem,
      String yes,
      Runnable then);

  /** Shows a node above everything until {@link #hide}. */
  void show(Node content, Node firstFocus);

  void hide();

  boolean showing();
}
