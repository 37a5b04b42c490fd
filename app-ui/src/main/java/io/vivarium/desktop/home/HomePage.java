package io.vivarium.desktop.home;

import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Narrow;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Page;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.vm.VmVerbs;
import io.vivarium.desktop.wizard.WizardStart;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javafx.beans.InvalidationListener;
import javafx.collections.SetChangeListener;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ContentDisplay;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;

/** The VMs as cards or as a table, or the ways to the first one. */
public final class HomePage implements Page {
  /** Beats between two readings of what the VMs use. */
  private static final int SAMPLE_BEATS = 5;

  private final Desk desk;
  private final Texts texts;
  private final Place place;
  private final VmVerbs verbs;
  private final Selection selection = new Selection();
  private final CardGrid grid;
  private final VmTable table;
  private final BulkBar bulk;
  private final TextField search = new TextField();
  private final Label nothing = Nodes.label("", "muted");
  private final StackPane body = new StackPane();
  private final HomeTiles tiles;
  private final Button add;

  /** Width in em below which the button for a new machine is its icon. */
  private static final double ROOM_FOR_WORDS = 34;

  private final Button view;
  private final VBox node;
  private boolean wantsFocus;
  private int beats;
  private final InvalidationListener follow = observable -> refresh();
  private final Runnable tick = this::tick;

  public HomePage(Desk desk, Place place) {
    this.desk = desk;
    this.texts = desk.texts();
    this.place = place;
    this.verbs = new VmVerbs(desk);
    this.tiles = new HomeTiles(desk);
    grid = new CardGrid(item -> new VmCard(item, desk, verbs, new Choosing()));
    grid.onSeen(this::showSelection);
    table = new VmTable(desk, selection);
    bulk = new BulkBar(desk, selection, verbs);
    selection.chosen().addListener((SetChangeListener<VmItem>) change -> showSelection());
    search.setPromptText(texts.get("home.search"));
    search.setId("home-search");
    search.getStyleClass().add("search");
    search.textProperty().subscribe(text -> refresh());
    view = Nodes.id(Nodes.iconButton("", Icons.LIST, this::toggleView), "home-view");
    add =
        Nodes.id(
            Nodes.button(texts.get("verb.new"), Icons.NEW, this::openWizard, "accent"), "home-new");
    add.setTooltip(new Tooltip(texts.get("verb.new")));
    search.setMinWidth(0);
    HBox head =
        Nodes.row(
            "page-head",
            Nodes.whole(Nodes.label(texts.get("home.title." + place), "page-title")),
            Nodes.spacer(),
            search,
            view,
            add);
    Narrow.watch(
        head,
        ROOM_FOR_WORDS,
        narrow ->
            add.setContentDisplay(narrow ? ContentDisplay.GRAPHIC_ONLY : ContentDisplay.LEFT));
    node = Nodes.column("page", head, bulk, body);
    VBox.setVgrow(body, Priority.ALWAYS);
    showView();
    showSelection();
  }

  private final class Choosing implements VmCard.Choice {
    @Override
    public boolean active() {
      return !selection.isEmpty();
    }

    @Override
    public void toggle(VmItem item) {
      selection.toggle(item);
    }

    @Override
    public void extend(VmItem item) {
      selection.extend(item, shown());
    }
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
    refresh();
  }

  @Override
  public void takeFocus() {
    wantsFocus = true;
    refresh();
  }

  @Override
  public void closed() {
    desk.vms().items().removeListener(follow);
    desk.vms().loadedProperty().removeListener(follow);
    desk.ticker().remove(tick);
    grid.close();
    table.getItems().clear();
  }

  @Override
  public List<Command> commands() {
    List<Command> all = new ArrayList<>();
    all.add(Command.of(texts.get("verb.find"), "", Icons.SEARCH, "Ctrl+F", search::requestFocus));
    all.add(
        Command.of(
            texts.get(desk.state().homeTable() ? "home.cards" : "home.table"),
            texts.get("palette.setting"),
            desk.state().homeTable() ? Icons.CARDS : Icons.LIST,
            "Ctrl+T",
            this::toggleView));
    all.add(
        Command.of(
            texts.get("home.selectAll"),
            "",
            Icons.SELECT_ALL,
            "Ctrl+A",
            () -> selection.set(shown())));
    if (!selection.isEmpty()) {
      all.add(Command.of(texts.get("bulk.clear"), "", Icons.CLOSE, "Esc", selection::clear));
      all.add(
          Command.of(
              texts.get("verb.delete"),
              texts.get("bulk.count", selection.chosen().size()),
              Icons.DELETE,
              "Delete",
              bulk::deleteAll));
      return all;
    }
    all.add(
        Command.of(
            texts.get("verb.rename"),
            texts.get("verb.subject.focused"),
            Icons.RENAME,
            "F2",
            () -> focused().ifPresent(item -> verbs.rename(item.name(), () -> {}))));
    all.add(
        Command.of(
            texts.get("verb.delete"),
            texts.get("verb.subject.focused"),
            Icons.DELETE,
            "Delete",
            () -> focused().ifPresent(verbs::delete)));
    return all;
  }

  private void openWizard() {
    desk.navigator().openWizard(WizardStart.GALLERY);
  }

  private void toggleView() {
    desk.state().setHomeTable(!desk.state().homeTable());
    showView();
    wantsFocus = true;
    refresh();
  }

  private void showView() {
    boolean asTable = desk.state().homeTable();
    String other = texts.get(asTable ? "home.cards" : "home.table");
    view.setGraphic(Icons.of(asTable ? Icons.CARDS : Icons.LIST));
    view.getTooltip().setText(other);
    view.setAccessibleText(other);
  }

  private Optional<VmItem> focused() {
    if (desk.state().homeTable()) {
      return Optional.ofNullable(table.getSelectionModel().getSelectedItem());
    }
    List<VmItem> found = new ArrayList<>();
    grid.eachSeen(
        card -> {
          if (card.isFocusWithin()) {
            found.add(card.item());
          }
        });
    return found.stream().findFirst();
  }

  private List<VmItem> shown() {
    return desk.vms().items().stream().filter(this::isShown).toList();
  }

  private void refresh() {
    List<VmItem> shown = shown();
    selection.chosen().retainAll(shown);
    if (desk.state().homeTable()) {
      table.show(shown);
    } else {
      grid.show(shown);
      showSelection();
    }
    Node content = bodyFor(shown);
    if (body.getChildren().isEmpty() || !content.equals(body.getChildren().getFirst())) {
      body.getChildren().setAll(content);
    }
    if (wantsFocus && desk.vms().loadedProperty().get()) {
      wantsFocus = false;
      if (shown.isEmpty()) {
        Nodes.focus(add);
      } else if (desk.state().homeTable()) {
        table.focusFirst();
      } else {
        grid.focusFirst();
      }
    }
  }

  private Node bodyFor(List<VmItem> shown) {
    if (!shown.isEmpty()) {
      return desk.state().homeTable() ? table : grid;
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
          case ALL, IMAGES, HOST, TRASH -> true;
        };
    String wanted = search.getText().strip().toLowerCase(Locale.ROOT);
    String image = item.info().spec().image();
    return here
        && (wanted.isEmpty()
            || item.name().contains(wanted)
            || (image != null && image.contains(wanted)));
  }

  private void showSelection() {
    Nodes.visible(bulk, !selection.isEmpty());
    bulk.refresh();
    grid.eachSeen(this::showSelection);
  }

  private void showSelection(VmCard card) {
    card.showChosen(selection.chosen().contains(card.item()), !selection.isEmpty());
  }

  private void tick() {
    if (place == Place.RUNNING) {
      refresh();
    }
    beats = (beats + 1) % SAMPLE_BEATS;
    if (desk.state().homeTable()) {
      if (beats == 0) {
        table.tick();
      }
      return;
    }
    grid.eachSeen(
        card -> {
          if (beats == 0 || card.young()) {
            card.tick();
          }
          if (beats == 0) {
            card.sample();
          }
        });
  }

  /** As a table, with what takes most space first. */
  public void sortBySpace() {
    table.sortBySpace();
  }
}
