package io.vivarium.desktop.shell;

import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.Texts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import javafx.css.PseudoClass;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;
import org.kordamp.ikonli.Ikon;

/** The places of the window, at its left. */
final class Rail extends VBox {
  private static final PseudoClass COMPACT = PseudoClass.getPseudoClass("compact");

  private final List<Node> words = new ArrayList<>();
  private final Map<Place, ToggleButton> buttons = new LinkedHashMap<>();
  private final Map<Place, Label> counts = new LinkedHashMap<>();
  private final ToggleGroup group = new ToggleGroup();
  private boolean walking;

  Rail(Texts texts, Consumer<Place> go, Runnable toggleActivity) {
    getStyleClass().add("rail");
    HBox mark =
        Nodes.row("mark", Icons.of(Icons.READY, "mark-icon"), word("Vivarium", "mark-name"));
    getChildren().add(mark);
    add(Place.ALL, Icons.MACHINES, texts, go);
    add(Place.RUNNING, Icons.RUNNING, texts, go);
    add(Place.DISPOSABLE, Icons.DISPOSABLE, texts, go);
    getChildren().add(word(texts.get("rail.library"), "rail-heading"));
    add(Place.IMAGES, Icons.IMAGES, texts, go);
    add(Place.TRASH, Icons.TRASH, texts, go);
    getChildren().add(word(texts.get("rail.host"), "rail-heading"));
    add(Place.HOST, Icons.HOST, texts, go);
    Button activity = new Button();
    activity.setGraphic(
        Nodes.row(
            "rail-line", Icons.of(Icons.ACTIVITY), word(texts.get("activity.title"), "rail-name")));
    activity.setAccessibleText(texts.get("activity.title"));
    activity.getStyleClass().add("rail-entry");
    activity.setOnAction(e -> toggleActivity.run());
    activity.setMaxWidth(Double.MAX_VALUE);
    getChildren().add(Nodes.id(activity, "rail-activity"));
    getChildren().add(Nodes.spacer());
    addEventFilter(KeyEvent.KEY_PRESSED, this::walk);
  }

  /** Arrow keys go to the next place, as in the sidebars of file managers. */
  private void walk(KeyEvent event) {
    List<ToggleButton> all = List.copyOf(buttons.values());
    int at = all.indexOf(getScene().getFocusOwner());
    int next =
        switch (event.getCode()) {
          case UP -> at - 1;
          case DOWN -> at + 1;
          case HOME -> 0;
          case END -> all.size() - 1;
          default -> -1;
        };
    boolean arrow = event.getCode().isArrowKey() || event.getCode().isNavigationKey();
    if (at < 0 || !arrow) {
      return;
    }
    event.consume();
    if (next >= 0 && next < all.size()) {
      walking = true;
      all.get(next).requestFocus();
      all.get(next).fire();
      walking = false;
    }
  }

  boolean walking() {
    return walking;
  }

  /** Icons only, where the window has little room. */
  void compact(boolean compact) {
    pseudoClassStateChanged(COMPACT, compact);
    words.forEach(word -> Nodes.visible(word, !compact));
  }

  private void add(Place place, Ikon icon, Texts texts, Consumer<Place> go) {
    Label name = word(texts.get("rail." + place), "rail-name");
    Label count = word("", "rail-count");
    name.setMaxWidth(Double.MAX_VALUE);
    HBox.setHgrow(name, Priority.ALWAYS);
    ToggleButton button = new ToggleButton();
    button.setGraphic(Nodes.row("rail-line", Icons.of(icon), name, count));
    button.setAccessibleText(name.getText());
    button.setTooltip(new Tooltip(name.getText()));
    button.setId("rail-" + place.name().toLowerCase(Locale.ROOT));
    button.getStyleClass().add("rail-entry");
    button.setMaxWidth(Double.MAX_VALUE);
    button.setToggleGroup(group);
    button.setOnAction(
        e -> {
          button.setSelected(true);
          go.accept(place);
        });
    buttons.put(place, button);
    counts.put(place, count);
    getChildren().add(button);
  }

  private Label word(String text, String styleClass) {
    Label label = Nodes.label(text, styleClass);
    words.add(label);
    return label;
  }

  /** Marks where the user is. */
  void show(Place place) {
    ToggleButton button = buttons.get(place);
    if (button != null) {
      group.selectToggle(button);
    }
  }

  /** Writes how many VMs stand behind each entry. */
  void count(VmModel vms) {
    write(Place.ALL, vms.items().size());
    write(Place.RUNNING, vms.running());
    write(Place.DISPOSABLE, vms.items().stream().filter(Rail::isDisposable).count());
  }

  private static boolean isDisposable(VmItem item) {
    return item.info().spec().disposable();
  }

  private void write(Place place, long count) {
    @Nullable Label label = counts.get(place);
    if (label != null) {
      label.setText(count == 0 ? "" : Long.toString(count));
    }
  }
}
