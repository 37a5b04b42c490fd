package io.vivarium.desktop.vm;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.desktop.ui.Console;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.function.Consumer;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

/** What is known of the chosen snapshot, what deleting it would free, and its verbs. */
final class SnapshotDetail extends VBox {
  private static final int LINES = 12;

  private final Texts texts;
  private final Consumer<SnapshotInfo> onRestore;
  private final Consumer<SnapshotInfo> onDelete;

  SnapshotDetail(Texts texts, Consumer<SnapshotInfo> onRestore, Consumer<SnapshotInfo> onDelete) {
    this.texts = texts;
    this.onRestore = onRestore;
    this.onDelete = onDelete;
    getStyleClass().addAll("column", "snapshot-detail");
    show(null);
  }

  void show(@Nullable SnapshotInfo snapshot) {
    if (snapshot == null) {
      getChildren().setAll(Nodes.paragraph(texts.get("snapshots.choose"), "muted"));
      return;
    }
    String when =
        DateTimeFormatter.ofLocalizedDateTime(FormatStyle.MEDIUM)
            .withLocale(texts.locale())
            .withZone(ZoneId.systemDefault())
            .format(snapshot.takenAt());
    GridPane facts = Nodes.facts();
    facts.addRow(0, Nodes.label(texts.get("snapshots.taken"), "muted"), Nodes.label(when));
    facts.addRow(
        1,
        Nodes.label(texts.get("snapshots.kind"), "muted"),
        Nodes.label(texts.get(snapshot.live() ? "snapshots.live" : "snapshots.disk")));
    facts.addRow(
        2,
        Nodes.label(texts.get("snapshots.frees"), "muted"),
        Nodes.label(Format.bytes(snapshot.ownBytes())));
    facts.addRow(
        3,
        Nodes.label(texts.get("snapshots.total"), "muted"),
        Nodes.label(Format.bytes(snapshot.totalBytes())));
    Button restore =
        Nodes.id(
            Nodes.button(
                texts.get("snapshots.restore"),
                Icons.RESTORE,
                () -> onRestore.accept(snapshot),
                "accent"),
            "snapshot-restore");
    Button delete =
        Nodes.id(
            Nodes.button(
                texts.get("snapshots.delete"), Icons.DELETE, () -> onDelete.accept(snapshot)),
            "snapshot-delete");
    getChildren().setAll(Nodes.paragraph(snapshot.name(), "section-title"));
    if (!snapshot.note().isBlank()) {
      getChildren().add(Nodes.paragraph(snapshot.note()));
    }
    getChildren().addAll(facts);
    String console = Console.plain(snapshot.lastConsoleLines(), LINES);
    if (!console.isBlank()) {
      Label lines = Nodes.label(console, "card-console");
      VBox screen = Nodes.column("card-screen", lines);
      screen.getStyleClass().add("snapshot-screen");
      getChildren().add(screen);
    }
    getChildren().add(Nodes.row("", restore, delete));
  }
}
