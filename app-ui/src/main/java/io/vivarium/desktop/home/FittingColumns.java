package io.vivarium.desktop.home;

import io.vivarium.desktop.ui.Narrow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;

/**
 * Shows as many columns of a table as fit with their words whole, the more important ones first.
 * The others wait in the table's menu of columns; what is chosen there comes before all but the
 * first column, and what is taken away there stays away.
 */
final class FittingColumns {
  /** Room for the scroll bar and the button of the menu. */
  private static final double MARGIN_EMS = 2;

  private record Fit(TableColumn<?, ?> column, double ems, int rank) {}

  private final TableView<?> table;
  private final List<Fit> columns = new ArrayList<>();
  private final Map<TableColumn<?, ?>, Boolean> chosen = new HashMap<>();
  private boolean fitting;

  FittingColumns(TableView<?> table) {
    this.table = table;
    table.setTableMenuButtonVisible(true);
    table.widthProperty().subscribe(this::fit);
    table.sceneProperty().subscribe(this::fit);
  }

  /**
   * Takes a column.
   *
   * @param ems the width that its words need
   * @param rank 0 for the most important; that one is always shown
   */
  void add(TableColumn<?, ?> column, double ems, int rank) {
    columns.add(new Fit(column, ems, rank));
    column
        .visibleProperty()
        .subscribe(
            (before, now) -> {
              if (!fitting) {
                chosen.put(column, now);
                fit();
              }
            });
  }

  /** Shows a column, whatever else then has no room. */
  void show(TableColumn<?, ?> column) {
    chosen.put(column, true);
    fit();
  }

  private int order(Fit fit) {
    return fit.rank == 0 ? -1 : chosen.getOrDefault(fit.column, false) ? 0 : fit.rank;
  }

  /** Looks again, also when the size of the text has changed. */
  void fit() {
    if (table.getScene() == null || table.getWidth() <= 0 || fitting) {
      return;
    }
    fitting = true;
    double em = Narrow.em(table.getScene());
    double room = table.getWidth() / em - MARGIN_EMS;
    List<Fit> byImportance = columns.stream().sorted(Comparator.comparingInt(this::order)).toList();
    for (Fit fit : byImportance) {
      boolean wanted = chosen.getOrDefault(fit.column, true);
      boolean shown = wanted && (fit.rank == 0 || fit.ems <= room);
      if (shown) {
        room -= fit.ems;
        fit.column.setMinWidth(Math.min(fit.ems * em, table.getWidth()));
        fit.column.setPrefWidth(fit.ems * em);
      }
      fit.column.setVisible(shown);
    }
    fitting = false;
  }
}
