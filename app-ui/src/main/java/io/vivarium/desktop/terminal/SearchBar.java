package io.vivarium.desktop.terminal;

import com.techsenger.jeditermfx.ui.SearchComponent;
import com.techsenger.jeditermfx.ui.SearchComponentListener;
import com.techsenger.jeditermfx.ui.SubstringFinder.FindResult;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import javafx.event.EventHandler;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Region;
import org.jspecify.annotations.Nullable;

/** Finds text in the scrollback of a terminal. */
final class SearchBar implements SearchComponent {
  private final Texts texts;
  private final GuestPanel panel;
  private final List<SearchComponentListener> listeners = new CopyOnWriteArrayList<>();
  private final TextField field = Nodes.id(new TextField(), "terminal-find");
  private final CheckBox anyCase;
  private final Label count = Nodes.whole(Nodes.id(Nodes.label("", "muted"), "terminal-found"));
  private final HBox pane;

  SearchBar(Texts texts, GuestPanel panel) {
    this.texts = texts;
    this.panel = panel;
    field.setPromptText(texts.get("terminal.find.prompt"));
    anyCase = new CheckBox(texts.get("terminal.find.anyCase"));
    anyCase.setSelected(true);
    anyCase.setMinWidth(Region.USE_PREF_SIZE);
    pane =
        Nodes.row(
            "terminal-search",
            field,
            anyCase,
            count,
            Nodes.iconButton(
                texts.get("terminal.find.previous"),
                Icons.UP,
                () -> tell(SearchComponentListener::selectPrevFindResult)),
            Nodes.iconButton(
                texts.get("terminal.find.next"),
                Icons.DOWN,
                () -> tell(SearchComponentListener::selectNextFindResult)),
            Nodes.iconButton(
                texts.get("banner.close"),
                Icons.CLOSE,
                () -> tell(SearchComponentListener::hideSearchComponent)));
    pane.setMaxSize(Region.USE_PREF_SIZE, Region.USE_PREF_SIZE);
    field.textProperty().subscribe((before, text) -> search());
    anyCase.selectedProperty().subscribe((before, any) -> search());
    pane.focusedProperty()
        .subscribe(
            focused -> {
              if (focused) {
                field.requestFocus();
              }
            });
  }

  private void tell(Consumer<SearchComponentListener> what) {
    listeners.forEach(what);
  }

  private void search() {
    panel.find(field.getText(), anyCase.isSelected());
    tell(listener -> listener.searchSettingsChanged(field.getText(), anyCase.isSelected()));
  }

  @Override
  public Pane getPane() {
    return pane;
  }

  @Override
  public void addListener(SearchComponentListener listener) {
    listeners.add(listener);
  }

  @Override
  public void addKeyPressedListener(EventHandler<KeyEvent> listener) {
    field.setOnKeyPressed(listener);
  }

  /** Says how many there are: by the panel's result, which is not the widget's own. */
  @Override
  public void onResultUpdated(@Nullable FindResult ignored) {
    FindResult result = panel.getFindResult();
    if (result == null) {
      count.setText("");
    } else if (result.getItems().isEmpty()) {
      count.setText(texts.get("terminal.find.none"));
    } else {
      count.setText(
          texts.get(
              "terminal.find.count", result.selectedItem().getIndex(), result.getItems().size()));
    }
  }
}
