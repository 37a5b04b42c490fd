package io.vivarium.desktop.ui;

import java.util.List;
import javafx.scene.Node;

/** What fills the window beside the rail. */
public interface Page {
  /** The content; the same node at each call. */
  Node node();

  /** Which entry of the rail it belongs to. */
  Place place();

  /** The verbs that make sense while it is shown. */
  default List<Command> commands() {
    return List.of();
  }

  /** It is now shown: begin to follow. */
  default void opened() {}

  /**
   * It is where the user wants to work: after {@link #opened}, but while walking along the rail.
   */
  default void takeFocus() {}

  /** It is no longer shown and will not be again: let go of connections and listeners. */
  default void closed() {}
}
