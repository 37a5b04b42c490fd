package io.vivarium.desktop.vm;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.VmInfo;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.ui.Banner;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javafx.scene.control.ListView;
import javafx.scene.input.KeyCode;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

/** The snapshot tree of a VM, with the present state in it. */
final class SnapshotsTab extends VBox {
  private final VmItem item;
  private final Desk desk;
  private final Texts texts;
  private final Runnable onRestored;
  private final ListView<SnapshotTree.Line> list = new ListView<>();
  private final SnapshotDetail detail;
  private List<SnapshotInfo> snapshots = List.of();

  SnapshotsTab(VmItem item, Desk desk, Runnable onRestored) {
    this.item = item;
    this.desk = desk;
    this.texts = desk.texts();
    this.onRestored = onRestored;
    detail = new SnapshotDetail(texts, this::restore, this::delete);
    list.setId("snapshot-list");
    list.getStyleClass().add("snapshot-list");
    list.setCellFactory(view -> new SnapshotCell(texts, desk.clock()));
    list.getSelectionModel()
        .selectedItemProperty()
        .subscribe(line -> detail.show(line == null ? null : line.snapshot()));
    list.setOnKeyPressed(
        e -> {
          SnapshotTree.Line line = list.getSelectionModel().getSelectedItem();
          SnapshotInfo chosen = line == null ? null : line.snapshot();
          if (chosen != null && e.getCode() == KeyCode.ENTER) {
            restore(chosen);
            e.consume();
          } else if (chosen != null && e.getCode() == KeyCode.DELETE) {
            delete(chosen);
            e.consume();
          }
        });
    HBox.setHgrow(list, Priority.ALWAYS);
    HBox columns = Nodes.row("snapshot-columns", list, detail);
    VBox.setVgrow(columns, Priority.ALWAYS);
    getStyleClass().addAll("column", "tab-page");
    getChildren()
        .addAll(
            Nodes.row(
                "",
                Nodes.paragraph(texts.get("snapshots.text"), "muted"),
                Nodes.spacer(),
                Nodes.id(
                    Nodes.button(texts.get("snapshots.take"), Icons.SNAPSHOT, this::take),
                    "snapshot-take")),
            columns);
  }

  /** Reads the tree again. */
  void refresh() {
    String name = item.name();
    desk.jobs()
        .read(
            () -> desk.vivarium().snapshots(name),
            this::show,
            why -> desk.banners().add(Banner.error(String.valueOf(why.getMessage()), why.cure())));
  }

  private void show(List<SnapshotInfo> now) {
    snapshots = now;
    VmInfo info = item.info();
    SnapshotTree.Line chosen = list.getSelectionModel().getSelectedItem();
    SnapshotInfo chosenSnapshot = chosen == null ? null : chosen.snapshot();
    List<SnapshotTree.Line> lines = SnapshotTree.lines(now, info.snapshot());
    list.getItems().setAll(lines);
    for (SnapshotTree.Line line : lines) {
      SnapshotInfo snapshot = line.snapshot();
      if (snapshot != null && chosenSnapshot != null && snapshot.id().equals(chosenSnapshot.id())) {
        list.getSelectionModel().select(line);
      }
    }
  }

  /** Takes a snapshot under a name that the user may change. */
  void take() {
    String vm = item.name();
    desk.dialogs()
        .ask(
            texts.get("take.title", vm),
            texts.get("take.label"),
            suggestedName(),
            texts.get("take.yes"),
            this::nameProblem,
            name ->
                desk.jobs()
                    .call(
                        texts.get("job.snapshot", name, vm),
                        "viv snapshot take " + vm + " " + name,
                        progress -> desk.vivarium().takeSnapshot(vm, name, "", progress),
                        this::taken));
  }

  private void taken(SnapshotInfo made) {
    desk.banners()
        .add(
            new Banner(
                Banner.Tone.SUCCESS, texts.get("take.done", made.name()), "", null, () -> {}));
    desk.vms().refresh();
    refresh();
  }

  private String suggestedName() {
    Set<String> names = new HashSet<>();
    for (SnapshotInfo snapshot : snapshots) {
      names.add(snapshot.name());
    }
    int number = snapshots.size() + 1;
    while (names.contains("snapshot-" + number)) {
      number++;
    }
    return "snapshot-" + number;
  }

  private String nameProblem(String name) {
    return io.vivarium.desktop.wizard.NameRule.problem(
        name,
        taken -> snapshots.stream().anyMatch(snapshot -> snapshot.name().equals(taken)),
        texts);
  }

  /** Goes back, after a question: what happened since is lost, unless it is kept first. */
  private void restore(SnapshotInfo snapshot) {
    String vm = item.name();
    desk.dialogs()
        .confirm(
            texts.get("restore.title", vm, snapshot.name()),
            texts.get("restore.text"),
            texts.get("restore.yes"),
            true,
            () ->
                desk.jobs()
                    .call(
                        texts.get("job.restore", vm, snapshot.name()),
                        "viv snapshot restore " + vm + " " + snapshot.name(),
                        progress ->
                            desk.vivarium().restoreSnapshot(vm, snapshot.id(), false, progress),
                        info -> restored()));
  }

  private void restored() {
    desk.vms().refresh();
    refresh();
    onRestored.run();
  }

  private void delete(SnapshotInfo snapshot) {
    String vm = item.name();
    desk.dialogs()
        .confirm(
            texts.get("snapshots.delete.title", snapshot.name()),
            texts.get(
                "snapshots.delete.text", io.vivarium.desktop.ui.Format.bytes(snapshot.ownBytes())),
            texts.get("snapshots.delete"),
            true,
            () ->
                desk.jobs()
                    .run(
                        texts.get("job.deleteSnapshot", snapshot.name(), vm),
                        "viv snapshot rm " + vm + " " + snapshot.name(),
                        progress -> desk.vivarium().removeSnapshot(vm, snapshot.id()),
                        this::refresh));
  }
}
