package io.vivarium.desktop.home;

import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Page;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.vm.VmVerbs;
import io.vivarium.desktop.wizard.WizardStart;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javafx.beans.InvalidationListener;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;

/** The VMs as cards, or the ways to the first one. */
public final class HomePage implements Page {
  private final Desk desk;
  private final Texts texts;
  private final Place place;
  private final VmVerbs verbs;
  private final Map<VmItem, VmCard> cards = new HashMap<>();
  private final FlowPane flow = new FlowPane();
  private final TextField search = new TextField();
  private final Label nothing = Nodes.label("", "muted");
  private final StackPane body = new StackPane();
  private final ScrollPane scroll = new ScrollPane(flow);
  private final HomeTiles tiles;
  private final Button add;
  private final VBox node;
  private boolean wantsFocus;
  private final InvalidationListener follow = observable -> refresh();
  private final Runnable tick = this::tick;

  public HomePage(Desk desk, Place place) {
    this.desk = desk;
    this.texts = desk.texts();
    this.place = place;
    this.verbs = new VmVerbs(desk);
    this.tiles = new HomeTiles(desk);
    flow.getStyleClass().add("cards");
    scroll.setFitToWidth(true);
    scroll.getStyleClass().add("edge-to-edge");
    search.setPromptText(texts.get("home.search"));
    search.setId("home-search");
    search.getStyleClass().add("search");
    search.textProperty().subscribe(text -> refresh());
    add =
        Nodes.id(
            Nodes.button(texts.get("verb.new"), Icons.NEW, this::openWizard, "accent"), "home-new");
    node =
        Nodes.column(
            "page",
            Nodes.row(
                "page-head",
                Nodes.label(texts.get("home.title." + place), "page-title"),
                Nodes.spacer(),
                search,
                add),
            body);
    VBox.setVgrow(body, Priority.ALWAYS);
    body.addEventFilter(KeyEvent.KEY_PRESSED, this::moveFocus);
  }

  @Override
  public Node node() {
    return node;
  }

  @Override
  public Place place() {
    return place;
  }

  @Override
  public void opened() {
    desk.vms().items().addListener(follow);
    desk.vms().loadedProperty().addListener(follow);
    desk.ticker().add(tick);
    wantsFocus = true;
    refresh();
  }

  @Override
  public void closed() {
    desk.vms().items().removeListener(follow);
    desk.vms().loadedProperty().removeListener(follow);
    desk.ticker().remove(tick);
    cards.clear();
    flow.getChildren().clear();
  }

  @Override
  public List<Command> commands() {
    return List.of(
        Command.of(texts.get("verb.find"), "", Icons.SEARCH, "Ctrl+F", search::requestFocus),
        Command.of(
            texts.get("verb.rename"),
            texts.get("verb.subject.focused"),
            Icons.RENAME,
            "F2",
            () -> focused().ifPresent(item -> verbs.rename(item.name(), () -> {}))),
        Command.of(
            texts.get("verb.delete"),
            texts.get("verb.subject.focused"),
            Icons.DELETE,
            "Delete",
            () -> focused().ifPresent(verbs::delete)));
  }

  private void openWizard() {
    desk.navigator().openWizard(WizardStart.GALLERY);
  }

  private Optional<VmItem> focused() {
    return flow.getChildren().stream()
        .filter(Node::isFocusWithin)
        .filter(VmCard.class::isInstance)
        .map(child -> ((VmCard) child).item())
        .findFirst();
  }

  private void refresh() {
    List<VmItem> shown = desk.vms().items().stream().filter(this::isShown).toList();
    cards.keySet().retainAll(List.copyOf(desk.vms().items()));
    List<VmCard> wanted =
        shown.stream()
            .map(item -> cards.computeIfAbsent(item, i -> new VmCard(i, desk, verbs)))
            .toList();
    if (!flow.getChildren().equals(wanted)) {
      flow.getChildren().setAll(wanted);
    }
    Node content = bodyFor(shown);
    if (body.getChildren().isEmpty() || !content.equals(body.getChildren().getFirst())) {
      body.getChildren().setAll(content);
    }
    if (wantsFocus && desk.vms().loadedProperty().get()) {
      wantsFocus = false;
      Nodes.focus(wanted.isEmpty() ? add : wanted.getFirst());
    }
  }

  private Node bodyFor(List<VmItem> shown) {
    if (!shown.isEmpty()) {
      return scroll;
    }
    if (!desk.vms().loadedProperty().get()) {
      nothing.setText(texts.get("home.loading"));
      return nothing;
    }
    if (desk.vms().items().isEmpty() && place == Place.ALL) {
      return tiles;
    }
    nothing.setText(
        search.getText().isBlank()
            ? texts.get("home.none." + place)
            : texts.get("home.notFound", search.getText().strip()));
    return nothing;
  }

  private boolean isShown(VmItem item) {
    boolean here =
        switch (place) {
          case RUNNING -> VmModel.isAlive(item.state());
          case DISPOSABLE -> item.info().spec().disposable();
          case ALL, IMAGES, HOST -> true;
        };
    String wanted = search.getText().strip().toLowerCase(Locale.ROOT);
    String image = item.info().spec().image();
    return here
        && (wanted.isEmpty()
            || item.name().contains(wanted)
            || (image != null && image.contains(wanted)));
  }

  private void tick() {
    if (place == Place.RUNNING) {
      refresh();
    }
    for (Node child : flow.getChildren()) {
      ((VmCard) child).tick();
    }
  }

  /** Arrow keys lead from card to card, in rows as they stand. */
  private void moveFocus(KeyEvent event) {
    List<Node> all = flow.getChildren();
    int at = -1;
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).isFocused()) {
        at = i;
      }
    }
    if (at < 0) {
      return;
    }
    double rowY = all.getFirst().getLayoutY();
    int perRow = (int) all.stream().filter(card -> card.getLayoutY() == rowY).count();
    int to =
        switch (event.getCode()) {
          case LEFT -> at - 1;
          case RIGHT -> at + 1;
          case UP -> at - perRow;
          case DOWN -> at + perRow;
          case HOME -> 0;
          case END -> all.size() - 1;
          default -> at;
        };
    if (to != at && to >= 0 && to < all.size()) {
      all.get(to).requestFocus();
    }
    if (to != at) {
      event.consume();
    }
  }
}
