package io.vivarium.desktop.home;

import io.vivarium.client.VmInfo;
import io.vivarium.desktop.model.SnapshotSums;
import io.vivarium.desktop.model.StatsHistory.Point;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Graph;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.StateBadge;
import io.vivarium.desktop.ui.Texts;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import javafx.beans.property.SimpleObjectProperty;
import javafx.collections.ListChangeListener;
import javafx.scene.Node;
import javafx.scene.control.SelectionMode;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableRow;
import javafx.scene.control.TableView;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;

/** The VMs as a table, with one line each. */
final class VmTable extends TableView<VmItem> {
  private static final int SPARKS = 40;

  private final Desk desk;
  private final Texts texts;
  private final Selection selection;
  private final FittingColumns columns = new FittingColumns(this);
  private final TableColumn<VmItem, Long> space;
  private boolean following;

  VmTable(Desk desk, Selection selection) {
    this.desk = desk;
    this.texts = desk.texts();
    this.selection = selection;
    setId("vm-table");
    getStyleClass().add("vm-table");
    setColumnResizePolicy(CONSTRAINED_RESIZE_POLICY_SUBSEQUENT_COLUMNS);
    getSelectionModel().setSelectionMode(SelectionMode.MULTIPLE);
    column("table.name", 11, 0, VmItem::name, (cell, item) -> words(cell, item.name()));
    column(
        "table.state",
        10,
        1,
        VmItem::state,
        (cell, item) -> {
          StateBadge badge = new StateBadge(texts);
          badge.show(item.state());
          cell.setGraphic(badge);
        });
    column("table.cpu", 10, 2, this::busy, (cell, item) -> spark(cell, item, true));
    column("table.memory", 12, 5, VmTable::memory, (cell, item) -> spark(cell, item, false));
    column("table.up", 8, 4, this::upSeconds, (cell, item) -> words(cell, up(item)));
    space =
        column(
            "table.snapshots",
            24,
            6,
            this::snapshotBytes,
            (cell, item) ->
                words(cell, VmFacts.snapshots(desk.sums().of(item, this::summed), texts)));
    column(
        "table.ports",
        9,
        3,
        item -> VmFacts.ports(item.info().spec()),
        (cell, item) -> words(cell, VmFacts.ports(item.info().spec())));
    column(
        "table.image",
        9,
        7,
        item -> VmFacts.source(item.info().spec(), texts),
        (cell, item) -> words(cell, VmFacts.source(item.info().spec(), texts)));
    setRowFactory(table -> row());
    setOnKeyPressed(
        e -> {
          VmItem item = getSelectionModel().getSelectedItem();
          if (e.getCode() == KeyCode.ENTER && item != null) {
            desk.navigator().openVm(item.name());
            e.consume();
          }
        });
    getSelectionModel()
        .getSelectedItems()
        .addListener((ListChangeListener<VmItem>) change -> tellSelection());
  }

  private interface Show {
    void show(TableCell<VmItem, ?> cell, VmItem item);
  }

  /** Words that may be longer than their column: the whole is in the tooltip then. */
  private static void words(TableCell<VmItem, ?> cell, String words) {
    cell.setText(words);
    cell.setTooltip(words.isEmpty() ? null : new Tooltip(words));
  }

  /**
   * A column that is sorted by a key and drawn by a view of the item.
   *
   * @param ems width that its words need
   * @param rank how soon it is left out where there is no room; see {@link FittingColumns#add}
   */
  private <K> TableColumn<VmItem, K> column(
      String key, double ems, int rank, Function<VmItem, K> sortKey, Show show) {
    TableColumn<VmItem, K> column = new TableColumn<>(texts.get(key));
    column.setId(key);
    column.setCellValueFactory(
        data -> {
          SimpleObjectProperty<K> value = new SimpleObjectProperty<>();
          value.bind(data.getValue().infoProperty().map(info -> sortKey.apply(data.getValue())));
          return value;
        });
    column.setCellFactory(
        any ->
            new TableCell<>() {
              @Override
              protected void updateItem(K value, boolean empty) {
                super.updateItem(value, empty);
                setText(null);
                setGraphic(null);
                setTooltip(null);
                VmItem item = getTableRow() == null ? null : getTableRow().getItem();
                if (!empty && item != null) {
                  show.show(this, item);
                }
              }
            });
    getColumns().add(column);
    columns.add(column, ems, rank);
    return column;
  }

  /** What takes most space comes first. */
  void sortBySpace() {
    columns.show(space);
    space.setSortType(TableColumn.SortType.DESCENDING);
    getSortOrder().setAll(List.of(space));
    sort();
  }

  private void summed() {
    refresh();
    if (getSortOrder().contains(space)) {
      sort();
    }
  }

  private TableRow<VmItem> row() {
    TableRow<VmItem> row = new TableRow<>();
    row.itemProperty().subscribe(item -> row.setId(item == null ? null : "row-" + item.name()));
    row.setOnMouseClicked(
        e -> {
          if (e.getClickCount() == 2 && row.getItem() != null) {
            desk.navigator().openVm(row.getItem().name());
          }
        });
    return row;
  }

  private double busy(VmItem item) {
    Point newest = desk.stats().of(item.name()).newest();
    return newest == null || !VmModel.isAlive(item.state()) ? 0 : newest.cpus();
  }

  private static long memory(VmItem item) {
    return item.info().spec().memoryBytes();
  }

  private long upSeconds(VmItem item) {
    Instant started = item.info().startedAt();
    return started == null ? 0 : Duration.between(started, desk.clock().instant()).toSeconds();
  }

  private String up(VmItem item) {
    VmInfo info = item.info();
    Instant started = info.startedAt();
    return started == null ? "" : Format.uptime(Duration.between(started, desk.clock().instant()));
  }

  private long snapshotBytes(VmItem item) {
    SnapshotSums.Sum sum = desk.sums().of(item, () -> {});
    return sum == null ? 0 : sum.ownBytes();
  }

  private void spark(TableCell<VmItem, ?> cell, VmItem item, boolean cpu) {
    if (!VmModel.isAlive(item.state())) {
      cell.setText(cpu ? "" : Format.bytes(memory(item)));
      return;
    }
    var history = desk.stats().of(item.name());
    Graph graph = new Graph(SPARKS);
    graph.getStyleClass().add("spark");
    if (cpu) {
      graph.show(item.info().spec().cpus(), List.of(history.values(Point::cpus)));
      cell.setText(texts.get("stats.percent", Math.round(100 * busy(item))));
    } else {
      graph.getStyleClass().add("spark-memory");
      graph.show((double) memory(item), List.of(history.values(Point::residentBytes)));
      cell.setText(Format.bytes(memory(item)));
    }
    cell.setGraphic(graph);
  }

  void show(List<VmItem> items) {
    if (!getItems().equals(items)) {
      List<VmItem> chosen = List.copyOf(selection.chosen());
      following = true;
      getItems().setAll(items);
      sort();
      getSelectionModel().clearSelection();
      chosen.forEach(item -> getSelectionModel().select(item));
      following = false;
    }
  }

  /** One chosen row is only where the keyboard is; several are a selection. */
  private void tellSelection() {
    if (!following) {
      List<VmItem> items = List.copyOf(getSelectionModel().getSelectedItems());
      selection.set(items.size() > 1 ? items : List.of());
    }
  }

  /** Reads what the VMs use, and draws them anew. */
  void tick() {
    for (Node node : lookupAll(".table-row-cell")) {
      if (node instanceof TableRow<?> row && row.getItem() instanceof VmItem item) {
        desk.stats().sample(item, () -> {});
      }
    }
    refresh();
  }

  void focusFirst() {
    if (!getItems().isEmpty() && getSelectionModel().isEmpty()) {
      following = true;
      getSelectionModel().select(0);
      following = false;
    }
    Nodes.focus(this);
  }
}
