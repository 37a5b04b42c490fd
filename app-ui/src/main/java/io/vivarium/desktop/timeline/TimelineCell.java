package io.vivarium.desktop.timeline;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Function;
import java.util.function.Supplier;
import javafx.css.PseudoClass;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

/** A row of the timeline: its part of the tree, name, marks, note, own bytes and age. */
final class TimelineCell extends ListCell<Lanes.Row> {
  private static final PseudoClass HERE = PseudoClass.getPseudoClass("here");
  private static final PseudoClass DAMAGED = PseudoClass.getPseudoClass("damaged");
  private static final double BAR_WIDTH = 56;

  /** What all rows share. */
  interface Tree {
    int lanes();

    /** Whether there is no room for bytes and ages. */
    boolean narrow();

    /** Own bytes of the largest snapshot, at least 1. */
    long largest();

    /** What stands in the row of the present. */
    String hereText();
  }

  private final Texts texts;
  private final InstantSource clock;
  private final Tree tree;
  private final LaneGraphic graphic = new LaneGraphic();
  private final Label name = Nodes.label("", "snapshot-name");
  private final Label automatic;
  private final Label damaged;
  private final HBox marks;
  private final Label second = Nodes.label("", "snapshot-second");
  private final Label bytes = Nodes.label("", "snapshot-bytes");
  private final Region bar = new Region();
  private final Label age = Nodes.label("", "snapshot-age");
  private final VBox size;
  private final HBox line;

  TimelineCell(
      Texts texts,
      InstantSource clock,
      Tree tree,
      Function<SnapshotInfo, ContextMenu> menu,
      Supplier<Runnable> onDoubleClick) {
    this.texts = texts;
    this.clock = clock;
    this.tree = tree;
    getStyleClass().add("timeline-cell");
    automatic = Nodes.label(texts.get("timeline.automatic"), "chip");
    damaged = Nodes.label(texts.get("timeline.damaged"), "chip", "chip-danger");
    marks = Nodes.row("snapshot-marks", name, Icons.of(Icons.PIN, "pin-icon"), automatic, damaged);
    VBox words = Nodes.column("snapshot-words", marks, second);
    words.setMinWidth(0);
    HBox.setHgrow(words, Priority.ALWAYS);
    bar.getStyleClass().add("bytes-bar");
    bar.setMaxWidth(Region.USE_PREF_SIZE);
    size = Nodes.column("snapshot-size", bytes, bar);
    line = Nodes.row("timeline-line", graphic, words, size, age);
    line.setFillHeight(true);
    setOnContextMenuRequested(
        e -> {
          Lanes.Row row = getItem();
          SnapshotInfo snapshot = row == null ? null : row.snapshot();
          if (snapshot != null) {
            menu.apply(snapshot).show(this, e.getScreenX(), e.getScreenY());
            e.consume();
          }
        });
    setOnMouseClicked(
        e -> {
          if (e.getClickCount() == 2 && getItem() != null && getItem().snapshot() != null) {
            onDoubleClick.get().run();
          }
        });
  }

  @Override
  protected void updateItem(Lanes.@Nullable Row row, boolean empty) {
    super.updateItem(row, empty);
    if (empty || row == null) {
      setGraphic(null);
      name.setId(null);
      pseudoClassStateChanged(HERE, false);
      pseudoClassStateChanged(DAMAGED, false);
      return;
    }
    graphic.show(row, tree.lanes());
    Nodes.visible(size, !tree.narrow());
    Nodes.visible(age, !tree.narrow());
    SnapshotInfo snapshot = row.snapshot();
    pseudoClassStateChanged(HERE, snapshot == null);
    pseudoClassStateChanged(DAMAGED, snapshot != null && snapshot.damage() != null);
    if (snapshot == null) {
      showHere();
    } else {
      show(snapshot);
    }
    tick();
    if (getGraphic() == null) {
      setGraphic(line);
    }
  }

  private void showHere() {
    // The id is the label's: that of the cell would have all of it styled anew.
    name.setId("timeline-here");
    name.setText(texts.get("timeline.here"));
    second.setText(tree.hereText());
    marks.getChildren().forEach(mark -> Nodes.visible(mark, mark.equals(name)));
    bytes.setText("");
    bar.setPrefWidth(0);
    setAccessibleText(name.getText() + ", " + second.getText());
  }

  private void show(SnapshotInfo snapshot) {
    name.setId("snapshot-" + snapshot.name());
    name.setText(snapshot.name());
    Nodes.visible(marks.getChildren().get(1), snapshot.pinned());
    Nodes.visible(automatic, snapshot.automatic());
    Nodes.visible(damaged, snapshot.damage() != null);
    String kind = texts.get(snapshot.live() ? "snapshots.live" : "snapshots.disk");
    second.setText(
        tree.narrow()
            ? Format.age(Duration.between(snapshot.takenAt(), clock.instant()), texts)
                + " · "
                + bytesOf(snapshot)
            : snapshot.note().isBlank()
                ? kind
                : snapshot.note().strip().lines().findFirst().orElse(""));
    bytes.setText(Format.bytes(snapshot.ownBytes()));
    bar.setPrefWidth(
        Math.max(2, Math.rint(BAR_WIDTH * (double) snapshot.ownBytes() / tree.largest())));
    setAccessibleText(snapshot.name() + ", " + kind + ", " + bytes.getText());
  }

  private static String bytesOf(SnapshotInfo snapshot) {
    return Format.bytes(snapshot.ownBytes());
  }

  /** Writes the age anew. */
  void tick() {
    Lanes.Row row = getItem();
    SnapshotInfo snapshot = row == null ? null : row.snapshot();
    if (row != null && snapshot == null) {
      age.setText(texts.get("timeline.now"));
      second.setText(tree.hereText());
    } else if (snapshot != null) {
      age.setText(Format.age(Duration.between(snapshot.takenAt(), clock.instant()), texts));
    }
  }
}
