package io.vivarium.desktop.wizard;

import io.vivarium.desktop.ui.Nodes;
import javafx.css.PseudoClass;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.layout.VBox;

/** A field with its name above and, while something is wrong, a sentence below. */
final class FieldBox extends VBox {
  private static final PseudoClass INVALID = PseudoClass.getPseudoClass("invalid");

  private final Label problem = Nodes.paragraph("", "field-problem");

  FieldBox(String id, String caption, Node field) {
    getStyleClass().addAll("column", "field");
    Label label = Nodes.label(caption, "field-label");
    label.setLabelFor(field);
    problem.setId(id + "-problem");
    getChildren().addAll(label, field, problem);
    show("");
  }

  /** Shows what is wrong; empty for nothing. */
  void show(String sentence) {
    problem.setText(sentence);
    Nodes.visible(problem, !sentence.isEmpty());
    pseudoClassStateChanged(INVALID, !sentence.isEmpty());
  }
}
