package io.vivarium.desktop.vm;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.time.Duration;
import java.time.InstantSource;
import javafx.geometry.Insets;
import javafx.scene.control.ListCell;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

/** A line of the snapshot tree. */
final class SnapshotCell extends ListCell<SnapshotTree.Line> {
  private static final double INDENT = 24;

  private final Texts texts;
  private final InstantSource clock;

  SnapshotCell(Texts texts, InstantSource clock) {
    this.texts = texts;
    this.clock = clock;
    getStyleClass().add("snapshot-cell");
  }

  @Override
  protected void updateItem(SnapshotTree.@Nullable Line line, boolean empty) {
    super.updateItem(line, empty);
    if (empty || line == null) {
      setGraphic(null);
      setText(null);
      return;
    }
    SnapshotInfo snapshot = line.snapshot();
    HBox row = snapshot == null ? hereRow() : row(snapshot);
    row.setPadding(new Insets(0, 0, 0, line.depth() * INDENT));
    setGraphic(row);
  }

  private HBox hereRow() {
    return Nodes.row(
        "here-row",
        Icons.of(Icons.HERE, "here-icon"),
        Nodes.label(texts.get("snapshots.here"), "here-text"));
  }

  private HBox row(SnapshotInfo snapshot) {
    String age = Format.age(Duration.between(snapshot.takenAt(), clock.instant()), texts);
    String kind = texts.get(snapshot.live() ? "snapshots.live" : "snapshots.disk");
    VBox words =
        Nodes.column(
            "snapshot-words",
            Nodes.label(snapshot.name(), "snapshot-name"),
            Nodes.label(
                age + " · " + kind + " · " + Format.bytes(snapshot.ownBytes()),
                "muted",
                "small-text"));
    return Nodes.row(
        "snapshot-row",
        Icons.of(
            snapshot.live() ? Icons.LIVE : Icons.DISK, snapshot.live() ? "live-icon" : "disk-icon"),
        words);
  }
}
