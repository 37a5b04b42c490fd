package io.vivarium.desktop.ui;

import javafx.application.Platform;
import javafx.beans.value.ChangeListener;
import javafx.beans.value.ObservableValue;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.Ikon;

/** Builders for the nodes that views are made of. */
public final class Nodes {
  private Nodes() {}

  public static Label label(String text, String... styleClasses) {
    Label label = new Label(text);
    label.getStyleClass().addAll(styleClasses);
    return label;
  }

  /** A label whose words are never cut. */
  public static Label whole(Label label) {
    label.setMinWidth(Region.USE_PREF_SIZE);
    return label;
  }

  /** A label that breaks its lines. */
  public static Label paragraph(String text, String... styleClasses) {
    Label label = label(text, styleClasses);
    label.setWrapText(true);
    label.setMinHeight(Region.USE_PREF_SIZE);
    return label;
  }

  public static Button button(String text, Ikon icon, Runnable action, String... styleClasses) {
    Button button = new Button(text, Icons.of(icon));
    button.setOnAction(e -> action.run());
    button.getStyleClass().addAll(styleClasses);
    button.setMinWidth(Region.USE_PREF_SIZE);
    return button;
  }

  public static Button button(String text, Runnable action, String... styleClasses) {
    Button button = new Button(text);
    button.setOnAction(e -> action.run());
    button.getStyleClass().addAll(styleClasses);
    button.setMinWidth(Region.USE_PREF_SIZE);
    return button;
  }

  /** A button that shows only an icon; its name is in the tooltip and for assistive tools. */
  public static Button iconButton(String name, Ikon icon, Runnable action) {
    Button button = new Button("", Icons.of(icon));
    button.setOnAction(e -> action.run());
    button.setTooltip(new Tooltip(name));
    button.setAccessibleText(name);
    button.getStyleClass().addAll("button-icon", "flat");
    button.setMinWidth(Region.USE_PREF_SIZE);
    return button;
  }

  public static Region spacer() {
    Region region = new Region();
    HBox.setHgrow(region, Priority.ALWAYS);
    VBox.setVgrow(region, Priority.ALWAYS);
    return region;
  }

  public static HBox row(String styleClass, Node... children) {
    HBox box = new HBox(children);
    box.getStyleClass().addAll("row", styleClass);
    return box;
  }

  /** A row whose last ones go below where they have no room. */
  public static FlowPane flow(Node... children) {
    FlowPane box = new FlowPane(children);
    box.getStyleClass().add("flow");
    return box;
  }

  public static VBox column(String styleClass, Node... children) {
    VBox box = new VBox(children);
    box.getStyleClass().addAll("column", styleClass);
    return box;
  }

  /** A table of names and values; the names are never cut. */
  public static GridPane facts() {
    GridPane grid = new GridPane();
    grid.getStyleClass().add("facts");
    ColumnConstraints names = new ColumnConstraints();
    names.setMinWidth(Region.USE_PREF_SIZE);
    grid.getColumnConstraints().add(names);
    return grid;
  }

  /**
   * Gives a node the focus, at once or when it comes into a scene: what stands in a tab or a scroll
   * pane does so only with its first layout.
   */
  public static void focus(Node node) {
    if (node.getScene() != null) {
      node.requestFocus();
      return;
    }
    node.sceneProperty()
        .addListener(
            new ChangeListener<Scene>() {
              @Override
              public void changed(
                  ObservableValue<? extends Scene> property, Scene before, Scene now) {
                property.removeListener(this);
                Platform.runLater(node::requestFocus);
              }
            });
  }

  /** Shows or hides a node, taking no room while hidden. */
  public static void visible(Node node, boolean visible) {
    node.setVisible(visible);
    node.setManaged(visible);
  }

  /**
   * For a pane whose content changes by itself: it is drawn where it changes. JavaFX keeps a
   * picture of all that is seen in the pane, which would be made anew for each word.
   */
  public static void drawnLive(ScrollPane pane) {
    pane.skinProperty()
        .subscribe(
            skin -> {
              Node viewport = pane.lookup(".viewport");
              if (viewport != null) {
                viewport.setCache(false);
              }
            });
  }

  /** Gives a node an id that tests and style sheets find it by. */
  public static <N extends Node> N id(N node, String id) {
    node.setId(id);
    return node;
  }
}
