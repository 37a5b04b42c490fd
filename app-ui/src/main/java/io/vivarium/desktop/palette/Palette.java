package io.vivarium.desktop.palette;

import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Dialogs;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

/** Finds any verb by a few letters of it, and does it on Enter. */
public final class Palette {
  private final List<Command> commands;
  private final Set<String> words = new HashSet<>();
  private final Dialogs dialogs;
  private final TextField search = new TextField();
  private final ListView<Command> list = new ListView<>();
  private final VBox card;

  public Palette(List<Command> commands, Dialogs dialogs, Texts texts) {
    this.commands = new ArrayList<>();
    this.dialogs = dialogs;
    add(commands);
    search.setId("palette-search");
    search.setPromptText(texts.get("palette.prompt"));
    list.setId("palette-list");
    list.setCellFactory(view -> new CommandCell());
    list.setPlaceholder(Nodes.label(texts.get("palette.nothing"), "muted"));
    list.setFocusTraversable(false);
    list.setOnMouseClicked(e -> runSelected());
    HBox line = Nodes.row("palette-line", Icons.of(Icons.SEARCH), search);
    HBox.setHgrow(search, Priority.ALWAYS);
    card = Nodes.column("palette", line, list);
    card.setMaxSize(Region.USE_PREF_SIZE, Region.USE_PREF_SIZE);
    search.textProperty().subscribe(this::filter);
    search.addEventFilter(KeyEvent.KEY_PRESSED, this::key);
  }

  /** More that it finds; what has the same words as another is left out. */
  public void add(List<Command> more) {
    for (Command command : more) {
      if (words.add(command.title() + "\n" + command.subject())) {
        commands.add(command);
      }
    }
    if (dialogs.showing()) {
      filter(search.getText());
    }
  }

  public void open() {
    dialogs.show(card, search);
  }

  private void filter(String text) {
    list.getItems().setAll(PaletteSearch.find(commands, text));
    list.getSelectionModel().selectFirst();
    list.scrollTo(0);
  }

  private void key(KeyEvent event) {
    int at = list.getSelectionModel().getSelectedIndex();
    int last = list.getItems().size() - 1;
    switch (event.getCode()) {
      case DOWN -> select(Math.min(last, at + 1));
      case UP -> select(Math.max(0, at - 1));
      case PAGE_DOWN -> select(Math.min(last, at + 8));
      case PAGE_UP -> select(Math.max(0, at - 8));
      case ENTER -> runSelected();
      default -> {
        return;
      }
    }
    event.consume();
  }

  private void select(int index) {
    list.getSelectionModel().select(index);
    list.scrollTo(Math.max(0, index - 4));
  }

  private void runSelected() {
    Command command = list.getSelectionModel().getSelectedItem();
    if (command != null) {
      dialogs.hide();
      command.action().run();
    }
  }

  private static final class CommandCell extends ListCell<Command> {
    @Override
    protected void updateItem(Command command, boolean empty) {
      super.updateItem(command, empty);
      if (empty || command == null) {
        setGraphic(null);
        return;
      }
      Label subject = Nodes.label(command.subject(), "muted");
      KeyCombination key = command.key();
      HBox line =
          Nodes.row(
              "palette-entry",
              Icons.of(command.icon()),
              Nodes.label(command.title()),
              subject,
              Nodes.spacer());
      if (key != null) {
        line.getChildren().add(Nodes.label(key.getDisplayText(), "key"));
      }
      setGraphic(line);
    }
  }
}
