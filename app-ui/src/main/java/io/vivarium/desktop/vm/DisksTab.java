package io.vivarium.desktop.vm;

import io.vivarium.client.Disks;
import io.vivarium.client.Sizes;
import io.vivarium.client.SpecRules;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Narrow;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Sentences;
import io.vivarium.desktop.ui.Shell;
import io.vivarium.desktop.ui.Texts;
import java.io.File;
import java.util.List;
import java.util.Objects;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;

/** The disks of a VM: attach and detach while it is stopped, grow at any time. */
final class DisksTab extends ScrollPane implements VmTab {
  /** Width of a row in em below which its verbs have no room beside its words. */
  private static final double ROOM_FOR_VERBS = 34;

  private final VmItem item;
  private final Desk desk;
  private final Texts texts;
  private final VBox rows = Nodes.column("device-rows");
  private final Button add;
  private final Button file;
  private final Label hint;
  private List<DiskSpec> shown = List.of();
  private boolean shownStopped;

  DisksTab(VmItem item, Desk desk) {
    this.item = item;
    this.desk = desk;
    this.texts = desk.texts();
    add = Nodes.id(Nodes.button(texts.get("disks.new"), Icons.NEW, this::addNew), "disk-new");
    file =
        Nodes.id(Nodes.button(texts.get("disks.file"), Icons.FOLDER, this::addFile), "disk-file");
    hint = Nodes.paragraph(texts.get("disks.stop"), "muted");
    setContent(Nodes.column("tab-page", Nodes.flow(add, file), hint, rows));
    setFitToWidth(true);
    getStyleClass().add("edge-to-edge");
  }

  @Override
  public void follow(VmInfo info) {
    boolean stopped = !VmModel.isAlive(info.state());
    if (Objects.equals(shown, info.spec().disks())
        && stopped == shownStopped
        && !rows.getChildren().isEmpty()) {
      return;
    }
    shown = info.spec().disks();
    shownStopped = stopped;
    add.setDisable(!stopped);
    file.setDisable(!stopped);
    Nodes.visible(hint, !stopped);
    rows.getChildren().clear();
    for (int place = 0; place < shown.size(); place++) {
      rows.getChildren().add(row(place, shown.get(place), stopped));
    }
    if (shown.isEmpty()) {
      rows.getChildren().add(Nodes.paragraph(texts.get("disks.none"), "muted"));
    }
  }

  private Node row(int place, DiskSpec disk, boolean stopped) {
    String name = Disks.guestName(place);
    boolean inPlace = Disks.inPlace(disk);
    FlowPane title =
        Nodes.flow(
            Nodes.label(name, "image-name"),
            Nodes.label(Format.bytes(disk.sizeBytes())),
            Nodes.label(disk.format(), "chip"));
    if (disk.readOnly()) {
      title.getChildren().add(Nodes.label(texts.get("disks.readOnly"), "chip"));
    }
    VBox words =
        Nodes.column(
            "",
            title,
            Nodes.paragraph(
                inPlace ? texts.get("disks.inPlace", disk.file()) : texts.get("disks.own"),
                "muted"));
    HBox.setHgrow(words, Priority.ALWAYS);
    Button grow =
        Nodes.id(
            Nodes.button(texts.get("disks.grow"), Icons.GROW, () -> grow(place, disk)),
            "disk-grow-" + name);
    grow.setDisable(disk.readOnly());
    Button detach =
        Nodes.id(
            Nodes.button(texts.get("disks.detach"), Icons.DETACH, () -> detach(place, disk)),
            "disk-detach-" + name);
    detach.setDisable(!stopped);
    FlowPane verbs = Nodes.flow(grow, detach);
    HBox row = Nodes.row("image-row", Icons.of(Icons.DISK, "image-icon"), words);
    // With little room the verbs stand below the words.
    Narrow.watch(
        row,
        ROOM_FOR_VERBS,
        narrow -> {
          words.getChildren().remove(verbs);
          row.getChildren().remove(verbs);
          (narrow ? words : row).getChildren().add(verbs);
        });
    return row;
  }

  private void addNew() {
    String vm = item.name();
    desk.dialogs()
        .ask(
            texts.get("disks.new.title", vm),
            texts.get("disks.new.label"),
            "10G",
            texts.get("disks.new.yes"),
            typed -> sizeProblem(typed, 0),
            typed -> attach(vm, typed));
  }

  private void addFile() {
    FileChooser chooser = new FileChooser();
    chooser.setTitle(texts.get("disks.file"));
    File chosen = chooser.showOpenDialog(getScene().getWindow());
    if (chosen != null) {
      attach(item.name(), chosen.getAbsolutePath());
    }
  }

  private void attach(String vm, String typed) {
    desk.jobs()
        .call(
            texts.get("job.attach", typed, vm),
            "viv disk attach " + vm + " " + Shell.quoted(typed),
            progress -> desk.vivarium().attachDisk(vm, Disks.parse(typed)),
            info -> desk.vms().refresh());
  }

  private void grow(int place, DiskSpec disk) {
    String vm = item.name();
    String name = Disks.guestName(place);
    desk.dialogs()
        .ask(
            texts.get("disks.grow.title", name, vm),
            texts.get("disks.grow.label", Format.bytes(disk.sizeBytes())),
            Sizes.typed(disk.sizeBytes() * 2),
            texts.get("disks.grow"),
            typed -> sizeProblem(typed, disk.sizeBytes()),
            typed ->
                desk.jobs()
                    .call(
                        texts.get("job.grow", name, vm),
                        "viv disk grow " + vm + " " + name + " " + typed,
                        progress -> desk.vivarium().growDisk(vm, place, Sizes.parse(typed)),
                        info -> {
                          desk.vms().refresh();
                          desk.toasts().show(texts.get("disks.grow.done", name));
                        }));
  }

  private String sizeProblem(String typed, long atLeast) {
    try {
      long bytes = Sizes.parse(typed);
      String wrong = SpecRules.diskSize(bytes);
      if (wrong != null) {
        return Sentences.of(wrong);
      }
      return bytes <= atLeast ? texts.get("disks.grow.small", Format.bytes(atLeast)) : "";
    } catch (VivariumException e) {
      return Sentences.of(e);
    }
  }

  private void detach(int place, DiskSpec disk) {
    String vm = item.name();
    String name = Disks.guestName(place);
    desk.dialogs()
        .confirm(
            texts.get("disks.detach.title", name, vm),
            texts.get(Disks.inPlace(disk) ? "disks.detach.inPlace" : "disks.detach.own"),
            texts.get("disks.detach"),
            !Disks.inPlace(disk),
            () ->
                desk.jobs()
                    .call(
                        texts.get("job.detach", name, vm),
                        "viv disk detach " + vm + " " + name,
                        progress -> desk.vivarium().detachDisk(vm, place),
                        info -> desk.vms().refresh()));
  }
}
