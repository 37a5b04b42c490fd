package io.vivarium.desktop.timeline;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Texts;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import javafx.scene.control.MenuItem;
import javafx.scene.control.SeparatorMenuItem;

/** The verbs of one snapshot: for its menu, its panel and the palette alike. */
public final class SnapshotMenu {
  private final Texts texts;
  private final SnapshotVerbs verbs;
  private final ForkForm fork;
  private final Supplier<String> vm;
  private final Supplier<List<SnapshotInfo>> known;

  /**
   * @param vm the VM's name of the moment
   * @param known its snapshots
   */
  public SnapshotMenu(
      Desk desk, SnapshotVerbs verbs, Supplier<String> vm, Supplier<List<SnapshotInfo>> known) {
    this.texts = desk.texts();
    this.verbs = verbs;
    this.fork = new ForkForm(desk);
    this.vm = vm;
    this.known = known;
  }

  /** All verbs, the most used first. */
  public List<Command> commands(SnapshotInfo of) {
    String name = of.name();
    List<Command> all = new ArrayList<>();
    all.add(
        Command.of(
            texts.get("snapshots.restore"),
            name,
            Icons.RESTORE,
            () -> verbs.restore(vm.get(), of)));
    all.add(
        Command.of(
            texts.get("snapshots.switch"),
            name,
            Icons.SWITCH,
            () -> verbs.switchTo(vm.get(), of, known.get())));
    if (of.live()) {
      all.add(
          Command.of(texts.get("snapshots.fork"), name, Icons.FORK, () -> fork.open(vm.get(), of)));
    }
    all.add(
        Command.of(
            texts.get("snapshots.discard"),
            name,
            Icons.DISCARD,
            () -> verbs.restoreDiscarding(vm.get(), of)));
    all.add(
        Command.of(
            texts.get("snapshots.rename"),
            name,
            Icons.RENAME,
            "F2",
            () -> verbs.rename(vm.get(), of, known.get())));
    all.add(
        Command.of(
            texts.get(of.pinned() ? "snapshots.unpin" : "snapshots.pin"),
            name,
            Icons.PIN,
            () -> verbs.pin(vm.get(), of, !of.pinned())));
    all.add(
        Command.of(
            texts.get("snapshots.export"), name, Icons.EXPORT, () -> verbs.export(vm.get(), of)));
    all.add(
        Command.of(
            texts.get("snapshots.delete"),
            name,
            Icons.DELETE,
            "Delete",
            () -> verbs.delete(vm.get(), of)));
    return all;
  }

  /** The same as entries of a menu. */
  List<MenuItem> items(SnapshotInfo of) {
    List<MenuItem> items = new ArrayList<>();
    for (Command command : commands(of)) {
      if (command.icon().equals(Icons.RENAME) || command.icon().equals(Icons.DELETE)) {
        items.add(new SeparatorMenuItem());
      }
      MenuItem item = new MenuItem(command.title(), Icons.of(command.icon()));
      item.setAccelerator(command.key());
      item.setOnAction(e -> command.action().run());
      items.add(item);
    }
    return items;
  }
}
