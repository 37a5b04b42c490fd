package io.vivarium.desktop.timeline;

import io.vivarium.desktop.ui.Dialogs;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.util.function.BiConsumer;
import java.util.function.Function;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;

/** Asks for a snapshot's name and note; Enter takes what is suggested. */
final class TakeForm {
  private final Texts texts;
  private final TextField name = Nodes.id(new TextField(), "dialog-field");
  private final TextField note = Nodes.id(new TextField(), "dialog-note");
  private final Function<String, String> check;

  /**
   * @param check gives the sentence that stands below, empty when the name will do
   */
  TakeForm(Texts texts, String suggested, Function<String, String> check) {
    this.texts = texts;
    this.check = check;
    name.setText(suggested);
    name.selectAll();
    note.setPromptText(texts.get("take.note.prompt"));
  }

  void open(Dialogs dialogs, String title, BiConsumer<String, String> then) {
    dialogs.form(
        title,
        Nodes.column(
            "fields",
            Nodes.column("field", caption("take.label", name), name),
            Nodes.column("field", caption("take.note", note), note)),
        name,
        name.textProperty().map(check),
        texts.get("take.yes"),
        () -> then.accept(name.getText(), note.getText().strip()));
  }

  private Label caption(String key, TextField field) {
    Label label = Nodes.label(texts.get(key), "field-label");
    label.setLabelFor(field);
    return label;
  }
}
