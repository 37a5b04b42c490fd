package io.vivarium.desktop.vm;

import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Console;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import javafx.collections.FXCollections;
import javafx.collections.transformation.FilteredList;
import javafx.scene.control.ListView;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

/** The console's log since the last start, as lines that can be searched. */
final class LogTab extends VBox implements VmTab {
  private final VmItem item;
  private final Desk desk;
  private final Texts texts;
  private final javafx.collections.ObservableList<String> lines =
      FXCollections.observableArrayList();
  private final FilteredList<String> shown = new FilteredList<>(lines);
  private final ListView<String> list = new ListView<>(shown);
  private final TextField search = new TextField();

  LogTab(VmItem item, Desk desk) {
    this.item = item;
    this.desk = desk;
    this.texts = desk.texts();
    search.setPromptText(texts.get("log.search"));
    search.setId("log-search");
    search.getStyleClass().add("search");
    search.textProperty().subscribe(this::filter);
    list.getStyleClass().addAll("log-list");
    list.setId("log-list");
    list.setPlaceholder(Nodes.label(texts.get("log.empty"), "muted"));
    VBox.setVgrow(list, Priority.ALWAYS);
    HBox head =
        Nodes.row(
            "",
            search,
            Nodes.spacer(),
            Nodes.button(
                texts.get("log.copy"), Icons.COPY, () -> Desk.copy(String.join("\n", lines))),
            Nodes.button(texts.get("log.refresh"), Icons.REFRESH, this::refresh));
    getStyleClass().addAll("column", "tab-page");
    getChildren().addAll(head, list);
  }

  @Override
  public void shown() {
    refresh();
  }

  @Override
  public List<Command> commands() {
    return List.of(
        Command.of(texts.get("verb.find"), "", Icons.SEARCH, "Ctrl+F", search::requestFocus),
        Command.of(texts.get("log.refresh"), item.name(), Icons.REFRESH, "F5", this::refresh));
  }

  void refresh() {
    String name = item.name();
    desk.jobs()
        .read(
            () ->
                Console.plain(new String(desk.vivarium().logs(name), StandardCharsets.UTF_8))
                    .lines()
                    .toList(),
            this::show,
            why -> show(List.of()));
  }

  private void show(List<String> now) {
    lines.setAll(now);
    if (!shown.isEmpty()) {
      list.scrollTo(shown.size() - 1);
    }
  }

  private void filter(String text) {
    String wanted = text.strip().toLowerCase(Locale.ROOT);
    shown.setPredicate(line -> wanted.isEmpty() || line.toLowerCase(Locale.ROOT).contains(wanted));
  }
}
