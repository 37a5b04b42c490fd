package io.vivarium.desktop.timeline;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.VmInfo;
import io.vivarium.desktop.ui.Console;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.StateBadge;
import io.vivarium.desktop.ui.Texts;
import java.util.List;
import javafx.scene.control.Label;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

/** What the VM is now, in the timeline: not kept yet, and how to keep it. */
final class HerePanel extends VBox {
  private static final int LINES = 14;

  private final Texts texts;
  private final StateBadge badge;
  private final Label since = Nodes.paragraph("");
  private final Label console = Nodes.label("", "card-console");
  private final Label undo = Nodes.id(Nodes.paragraph("", "muted", "small-text"), "undo-what");

  HerePanel(Texts texts, Runnable onTake) {
    this.texts = texts;
    badge = new StateBadge(texts);
    getStyleClass().addAll("column", "snapshot-panel");
    VBox screen = Nodes.column("card-screen", console);
    screen.getStyleClass().addAll("snapshot-screen", "snapshot-screen-live");
    VBox.setVgrow(screen, Priority.ALWAYS);
    getChildren()
        .addAll(
            Nodes.row(
                "",
                Nodes.label(texts.get("timeline.here"), "section-title"),
                Nodes.spacer(),
                badge),
            since,
            screen,
            Nodes.id(
                Nodes.button(texts.get("snapshots.take"), Icons.SNAPSHOT, onTake, "accent"),
                "here-take"),
            undo);
  }

  /**
   * @param undoable what undo would take back, or null
   */
  void show(VmInfo info, List<SnapshotInfo> known, @Nullable String undoable) {
    badge.show(info.state());
    String base = info.snapshot();
    String name =
        known.stream()
            .filter(one -> one.id().equals(base))
            .map(SnapshotInfo::name)
            .findFirst()
            .orElse("");
    since.setText(
        name.isEmpty() ? texts.get("timeline.unsaved.all") : texts.get("timeline.unsaved", name));
    console.setText(Console.plain(info.lastConsoleLines(), LINES));
    undo.setText(undoable == null ? "" : texts.get("timeline.undoable", undoable));
    Nodes.visible(undo, undoable != null);
  }
}
