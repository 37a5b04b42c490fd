package io.vivarium.desktop.shell;

import io.vivarium.desktop.ui.Dialogs;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.util.function.Consumer;
import java.util.function.Function;
import javafx.beans.value.ObservableValue;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.RadioButton;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

/** Short questions and the palette, above everything else in the window. */
final class OverlayPane extends StackPane implements Dialogs {
  private final Texts texts;
  private @Nullable Node focusBefore;

  OverlayPane(Texts texts) {
    this.texts = texts;
    getStyleClass().add("overlay");
    setAlignment(Pos.TOP_CENTER);
    Nodes.visible(this, false);
    setOnMousePressed(
        e -> {
          if (e.getTarget() == this) {
            hide();
          }
        });
    addEventFilter(
        KeyEvent.KEY_PRESSED,
        e -> {
          if (e.getCode() == KeyCode.ESCAPE) {
            hide();
            e.consume();
          }
        });
  }

  @Override
  public void confirm(String title, String text, String yes, boolean danger, Runnable then) {
    Button doIt = Nodes.id(new Button(yes), "dialog-yes");
    doIt.getStyleClass().add(danger ? "danger" : "accent");
    doIt.setDefaultButton(true);
    doIt.setOnAction(
        e -> {
          hide();
          then.run();
        });
    show(card(title, Nodes.paragraph(text, "dialog-text"), doIt), doIt);
  }

  @Override
  public void ask(
      String title,
      String label,
      String first,
      String yes,
      Function<String, String> check,
      Consumer<String> then) {
    TextField field = Nodes.id(new TextField(first), "dialog-field");
    Label caption = Nodes.label(label, "field-label");
    caption.setLabelFor(field);
    Label problem = Nodes.id(Nodes.paragraph("", "field-problem"), "dialog-problem");
    Button doIt = Nodes.id(new Button(yes), "dialog-yes");
    doIt.getStyleClass().add("accent");
    doIt.setDefaultButton(true);
    doIt.setOnAction(
        e -> {
          hide();
          then.accept(field.getText());
        });
    field
        .textProperty()
        .subscribe(
            text -> {
              String why = check.apply(text);
              problem.setText(why);
              Nodes.visible(problem, !why.isEmpty());
              doIt.setDisable(!why.isEmpty());
            });
    field.selectAll();
    show(card(title, Nodes.column("field", caption, field, problem), doIt), field);
  }

  @Override
  public void form(
      String title,
      Node body,
      Node firstFocus,
      ObservableValue<String> problem,
      String yes,
      Runnable then) {
    Button doIt = Nodes.id(new Button(yes), "dialog-yes");
    doIt.getStyleClass().add("accent");
    doIt.setDefaultButton(true);
    doIt.setOnAction(
        e -> {
          hide();
          then.run();
        });
    Label why = Nodes.id(Nodes.paragraph("", "field-problem"), "dialog-problem");
    problem.subscribe(
        sentence -> {
          why.setText(sentence);
          Nodes.visible(why, !sentence.isEmpty());
          doIt.setDisable(!sentence.isEmpty());
        });
    // Choices and check boxes would take Enter for themselves, where the space bar is enough.
    body.addEventFilter(
        KeyEvent.KEY_PRESSED,
        e -> {
          if (e.getCode() == KeyCode.ENTER
              && (e.getTarget() instanceof RadioButton || e.getTarget() instanceof CheckBox)) {
            doIt.fire();
            e.consume();
          }
        });
    VBox card = card(title, Nodes.column("dialog-form", body, why), doIt);
    // A binding lives only as long as somebody holds it.
    card.setUserData(problem);
    show(card, firstFocus);
  }

  private VBox card(String title, Node body, Button doIt) {
    Button cancel = Nodes.id(Nodes.button(texts.get("verb.cancel"), this::hide), "dialog-no");
    HBox buttons = Nodes.row("dialog-buttons", Nodes.spacer(), cancel, doIt);
    VBox card = Nodes.column("dialog", Nodes.paragraph(title, "dialog-title"), body, buttons);
    card.setMaxSize(Region.USE_PREF_SIZE, Region.USE_PREF_SIZE);
    return card;
  }

  @Override
  public void show(Node content, Node firstFocus) {
    if (!isVisible() && getScene() != null) {
      focusBefore = getScene().getFocusOwner();
    }
    getChildren().setAll(content);
    Nodes.visible(this, true);
    toFront();
    firstFocus.requestFocus();
  }

  @Override
  public void hide() {
    if (!isVisible()) {
      return;
    }
    Nodes.visible(this, false);
    getChildren().clear();
    Node back = focusBefore;
    focusBefore = null;
    if (back != null && back.getScene() != null) {
      back.requestFocus();
    }
  }

  @Override
  public boolean showing() {
    return isVisible();
  }
}
