package io.vivarium.desktop.home;

import io.vivarium.client.VmState;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.vm.VmVerbs;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import org.kordamp.ikonli.Ikon;

/** The verbs for several VMs at once; each is for those of them that can take it. */
final class BulkBar extends HBox {
  private final Texts texts;
  private final Selection selection;
  private final VmVerbs verbs;
  private final Label count = Nodes.id(Nodes.label("", "bulk-count"), "bulk-count");

  BulkBar(Desk desk, Selection selection, VmVerbs verbs) {
    this.texts = desk.texts();
    this.selection = selection;
    this.verbs = verbs;
    getStyleClass().addAll("row", "bulk-bar");
    getChildren()
        .addAll(
            count,
            Nodes.spacer(),
            verb("bulk-start", "verb.start", Icons.START, BulkBar::isOff, this::start),
            verb("bulk-pause", "verb.pause", Icons.PAUSE, BulkBar::isRunning, this::pause),
            verb("bulk-save", "verb.save", Icons.KEEP, BulkBar::isOn, verbs::save),
            verb("bulk-stop", "verb.stop", Icons.STOP, BulkBar::isOn, this::stop),
            Nodes.id(
                Nodes.button(texts.get("verb.delete"), Icons.DELETE, this::deleteAll),
                "bulk-delete"),
            Nodes.iconButton(texts.get("bulk.clear"), Icons.CLOSE, selection::clear));
    refresh();
  }

  private Button verb(
      String id, String key, Ikon icon, Predicate<VmItem> can, Consumer<VmItem> action) {
    return Nodes.id(
        Nodes.button(
            texts.get(key),
            icon,
            () -> List.copyOf(selection.chosen()).stream().filter(can).forEach(action)),
        id);
  }

  private void start(VmItem item) {
    verbs.start(item.name());
  }

  private void pause(VmItem item) {
    verbs.pause(item.name());
  }

  private void stop(VmItem item) {
    verbs.stop(item.name());
  }

  void deleteAll() {
    verbs.deleteAll(List.copyOf(selection.chosen()));
  }

  void refresh() {
    count.setText(texts.get("bulk.count", selection.chosen().size()));
  }

  private static boolean isOff(VmItem item) {
    return !VmModel.isAlive(item.state());
  }

  private static boolean isRunning(VmItem item) {
    return item.state() == VmState.RUNNING;
  }

  private static boolean isOn(VmItem item) {
    return item.state() == VmState.RUNNING || item.state() == VmState.PAUSED;
  }
}
