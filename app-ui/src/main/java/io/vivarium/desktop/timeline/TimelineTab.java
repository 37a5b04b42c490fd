package io.vivarium.desktop.timeline;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.ui.Banner;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Narrow;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.ListView;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

/** The snapshots of a VM in time, as a tree with "you are here" on top. */
public final class TimelineTab extends VBox implements TimelineCell.Tree {
  /** Width in em below which the rows have no room for bytes. */
  private static final double ROOM_FOR_BYTES = 27;

  private final VmItem item;
  private final Desk desk;
  private final Texts texts;
  private final SnapshotVerbs verbs;
  private final SnapshotMenu menu;
  private final ListView<Lanes.Row> list = new ListView<>();
  private final TextField search = Nodes.id(new TextField(), "timeline-search");
  private final CheckBox automatic;
  private final SnapshotPanel panel;
  private final HerePanel here;
  private final Button undo;
  private final Tooltip undoTip = new Tooltip();
  private final ScheduleBar schedule;
  private final StackPane side = new StackPane();
  private List<SnapshotInfo> snapshots = List.of();
  private int lanes = 1;
  private boolean narrow;
  private boolean arranging;
  private long largest = 1;
  private @Nullable String undoable;
  private @Nullable String wanted;

  /**
   * @param onGuestReplaced the guest is another one now
   */
  public TimelineTab(VmItem item, Desk desk, Runnable onGuestReplaced) {
    this.item = item;
    this.desk = desk;
    this.texts = desk.texts();
    verbs = new SnapshotVerbs(desk, this::refresh, onGuestReplaced);
    menu = new SnapshotMenu(desk, verbs, item::name, () -> snapshots);
    panel =
        new SnapshotPanel(
            texts, desk.clock(), menu, (which, note) -> verbs.note(item.name(), which, note));
    here = new HerePanel(texts, this::take);
    undo = Nodes.id(Nodes.button(texts.get("verb.undo"), Icons.UNDO, this::undo), "timeline-undo");
    schedule = new ScheduleBar(desk, item::name);
    automatic = Nodes.id(new CheckBox(texts.get("timeline.showAutomatic")), "timeline-automatic");
    automatic.setMinWidth(Region.USE_PREF_SIZE);
    automatic.setSelected(true);
    automatic.setOnAction(e -> arrange());
    search.setPromptText(texts.get("timeline.search"));
    search.getStyleClass().add("search");
    search.textProperty().subscribe(this::arrange);
    list.setId("timeline");
    list.getStyleClass().add("timeline");
    list.setAccessibleText(texts.get("tab.timeline"));
    list.setCellFactory(
        view ->
            new TimelineCell(
                texts, desk.clock(), this, this::contextMenu, () -> this::restoreChosen));
    list.getSelectionModel().selectedItemProperty().subscribe(row -> chosenByUser());
    list.setOnKeyPressed(this::key);
    HBox.setHgrow(list, Priority.ALWAYS);
    side.getStyleClass().add("timeline-side");
    HBox columns = Nodes.row("timeline-columns", list, side);
    Narrow.watch(list, ROOM_FOR_BYTES, this::narrow);
    VBox.setVgrow(columns, Priority.ALWAYS);
    getStyleClass().addAll("column", "tab-page", "timeline-tab");
    getChildren().addAll(head(), columns, schedule);
  }

  private void narrow(boolean now) {
    narrow = now;
    list.refresh();
  }

  @Override
  public boolean narrow() {
    return narrow;
  }

  private Node head() {
    undo.setTooltip(undoTip);
    return Nodes.flow(search, automatic, undo);
  }

  @Override
  public int lanes() {
    return lanes;
  }

  @Override
  public long largest() {
    return largest;
  }

  @Override
  public String hereText() {
    String base = item.info().snapshot();
    String state = texts.get("state." + item.state());
    return snapshots.stream()
        .filter(one -> one.id().equals(base))
        .findFirst()
        .map(
            one ->
                texts.get(
                    "timeline.here.since",
                    state,
                    Format.span(Duration.between(one.takenAt(), desk.clock().instant()))))
        .orElse(texts.get("timeline.here.never", state));
  }

  /** Reads the tree again. */
  public void refresh() {
    String name = item.name();
    desk.jobs()
        .read(
            () -> desk.vivarium().snapshots(name),
            this::show,
            why -> desk.banners().add(Banner.error(String.valueOf(why.getMessage()), why.cure())));
    schedule.refresh();
    verbs.readUndoable(
        name,
        what -> {
          undoable = what;
          undo.setDisable(what == null);
          undoTip.setText(what == null ? "" : texts.get("timeline.undoable", what));
          showChosen();
        });
  }

  private void show(List<SnapshotInfo> now) {
    snapshots = now;
    schedule.judgeBy(now);
    largest = Math.max(1, now.stream().mapToLong(SnapshotInfo::ownBytes).max().orElse(1));
    Nodes.visible(automatic, now.stream().anyMatch(SnapshotInfo::automatic));
    arrange();
    String chooseNow = wanted;
    if (chooseNow != null) {
      wanted = null;
      choose(chooseNow);
    }
  }

  /** Lays the rows out anew and keeps the choice. */
  private void arrange() {
    Lanes.Row before = list.getSelectionModel().getSelectedItem();
    String chosenId = before == null || before.snapshot() == null ? null : before.snapshot().id();
    List<Lanes.Row> rows = Lanes.of(snapshots, item.info().snapshot(), this::isShown);
    lanes = rows.stream().mapToInt(Lanes.Row::width).max().orElse(1);
    int at = 0;
    for (int i = 0; i < rows.size(); i++) {
      SnapshotInfo snapshot = rows.get(i).snapshot();
      if (snapshot != null && snapshot.id().equals(chosenId)) {
        at = i;
      }
    }
    arranging = true;
    list.getItems().setAll(rows);
    list.getSelectionModel().clearAndSelect(at);
    list.getFocusModel().focus(at);
    arranging = false;
    showChosen();
  }

  /** While the rows are laid out anew the choice comes and goes. */
  private void chosenByUser() {
    if (!arranging) {
      showChosen();
    }
  }

  private boolean isShown(SnapshotInfo snapshot) {
    String wanted = search.getText().strip().toLowerCase(Locale.ROOT);
    boolean found =
        wanted.isEmpty()
            || snapshot.name().contains(wanted)
            || snapshot.note().toLowerCase(Locale.ROOT).contains(wanted);
    boolean kind = automatic.isSelected() || !snapshot.automatic() || snapshot.pinned();
    return found && kind;
  }

  private void showChosen() {
    Optional<SnapshotInfo> chosen = chosen();
    if (chosen.isPresent()) {
      panel.show(chosen.get());
      showAside(panel);
    } else {
      here.show(item.info(), snapshots, undoable);
      showAside(here);
    }
  }

  /** A panel that is there stays there: taken out for a moment, it would lose a click. */
  private void showAside(Node wanted) {
    if (!side.getChildren().equals(List.of(wanted))) {
      side.getChildren().setAll(wanted);
    }
  }

  private Optional<SnapshotInfo> chosen() {
    Lanes.Row row = list.getSelectionModel().getSelectedItem();
    return row == null ? Optional.empty() : Optional.ofNullable(row.snapshot());
  }

  /** Chooses a snapshot by its id, and brings it into view. */
  public void choose(String id) {
    for (Lanes.Row row : list.getItems()) {
      if (row.snapshot() != null && row.snapshot().id().equals(id)) {
        list.getSelectionModel().select(row);
        list.scrollTo(row);
      }
    }
  }

  /** The same as soon as the tree is read. */
  public void chooseWhenRead(String id) {
    wanted = id;
    refresh();
  }

  private ContextMenu contextMenu(SnapshotInfo of) {
    ContextMenu context = new ContextMenu();
    context.getItems().setAll(menu.items(of));
    return context;
  }

  private void key(KeyEvent event) {
    if (event.getCode() == KeyCode.ENTER) {
      restoreChosen();
      event.consume();
    }
  }

  private void restoreChosen() {
    chosen().ifPresent(which -> verbs.restore(item.name(), which));
  }

  /** Takes a snapshot under a name that the user may change. */
  public void take() {
    verbs.take(item.name(), snapshots);
  }

  /** Takes back the newest change. */
  public void undo() {
    verbs.undo(item.name());
  }

  /** The VM is now so. */
  public void follow() {
    tick();
    if (chosen().isEmpty() && !list.getItems().isEmpty()) {
      here.show(item.info(), snapshots, undoable);
    }
  }

  /** Writes the ages anew. */
  public void tick() {
    for (Node cell : list.lookupAll(".timeline-cell")) {
      ((TimelineCell) cell).tick();
    }
  }

  /** Puts the keyboard into the tree. */
  public void focusList() {
    Nodes.focus(list);
  }

  public void focusSearch() {
    search.requestFocus();
  }

  /** The verbs of the chosen snapshot. */
  public List<Command> commands() {
    List<Command> all = new ArrayList<>();
    chosen().ifPresent(which -> all.addAll(menu.commands(which)));
    return all;
  }
}
