package io.vivarium.desktop;

import io.vivarium.desktop.model.DesktopState;
import io.vivarium.desktop.model.DesktopState.Closing;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.util.function.Consumer;
import javafx.beans.property.SimpleStringProperty;
import javafx.scene.control.RadioButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.layout.VBox;

/** Asks once what becomes of running VMs when the window closes, and remembers it. */
final class ClosingQuestion {
  private final Desk desk;
  private final DesktopState state;
  private final Texts texts;
  private final ToggleGroup group = new ToggleGroup();

  ClosingQuestion(Desk desk, DesktopState state) {
    this.desk = desk;
    this.state = state;
    this.texts = desk.texts();
  }

  /**
   * @param running VMs that this is about
   */
  void ask(long running, Consumer<Closing> then) {
    RadioButton keep = choice(Closing.KEEP_RUNNING, "closing-keep");
    RadioButton save = choice(Closing.SAVE, "closing-save");
    keep.setSelected(true);
    VBox body =
        Nodes.column(
            "choices",
            Nodes.paragraph(texts.get("close.text", running), "dialog-text"),
            keep,
            Nodes.paragraph(texts.get("close.keep.text"), "muted", "small-text", "choice-text"),
            save,
            Nodes.paragraph(texts.get("close.save.text"), "muted", "small-text", "choice-text"),
            Nodes.paragraph(texts.get("close.remember"), "muted", "small-text"));
    desk.dialogs()
        .form(
            texts.get("close.title"),
            body,
            keep,
            new SimpleStringProperty(""),
            texts.get("close.yes"),
            () -> {
              Closing chosen = save.isSelected() ? Closing.SAVE : Closing.KEEP_RUNNING;
              state.setClosing(chosen);
              then.accept(chosen);
            });
  }

  private RadioButton choice(Closing closing, String id) {
    RadioButton button = Nodes.id(new RadioButton(texts.get("close." + closing)), id);
    button.setToggleGroup(group);
    return button;
  }
}
